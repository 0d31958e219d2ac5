"""Files of articles: staff add them, and whoever reads the article gets what its text names."""

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import quote_etag
from django.views.decorators.http import condition, require_http_methods, require_safe

from accounts.requests import PersonRequest
from knowledgebase.access import file_for
from knowledgebase.actions import filing
from knowledgebase.forms.files import FileForm
from knowledgebase.models import ArticleFile
from knowledgebase.views.wiki import page, readable_or_404
from supportdesk.lib.audience import public, staff_only

SEALED = "sandbox; default-src 'none'"


@require_safe
@public
def file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file. Pictures that we drew ourselves are shown, everything else is a download whatever it says it is."""
    found = file_for(request.user, pk)
    if found is None:
        raise Http404
    answer = condition(etag_func=lambda *_: quote_etag(found.file.sha256[:32]))(_sent)(request, found)
    if not request.user.is_authenticated:
        patch_cache_control(answer, no_cache=True)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = SEALED
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _sent(request: HttpRequest, found: ArticleFile) -> HttpResponseBase:
    try:
        content = found.file.open()
    except FileNotFoundError:
        raise Http404 from None
    if found.picture_type:
        return FileResponse(content, content_type=found.picture_type, filename=found.name)
    return FileResponse(content, as_attachment=True, filename=found.name, content_type="application/octet-stream")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def files(request: PersonRequest, slug: str) -> HttpResponse:
    """The files of a page, and one more. For htmx, beside the editor, the list alone."""
    found = readable_or_404(request, slug)
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    added = None
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            content = sent.read(filing.MOST_BYTES + 1)
            added = filing.add_file(article=found, content=content, name=sent.name, by=request.user, now=timezone.now())
        except filing.Refused as refusal:
            form.add_error("file", str(refusal))
    status = 422 if form.errors else 200
    context = {"article": found, "form": FileForm() if added else form, "added": added}
    context["files"] = ArticleFile.objects.filter(article=found).select_related("file").order_by("-pk")
    if request.headers.get("HX-Request") == "true":
        return render(request, "knowledgebase/wiki/_files.html", context, status=status)
    if added:
        messages.success(request, f"{added.name} is here. Put its line where the page shall show it.")
        return redirect("wiki:files", found.slug)
    return page(request, "files", status=status, **context)
