"""Our W-8BEN-E at an address that never changes, for everybody (R23, U20)."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing import snapshots
from billing.actions import numbering
from billing.actions import w8 as forms
from billing.pdf_answers import pdf
from supportdesk.lib.audience import public
from supportdesk.lib.private_pages import is_a_look


@public
@require_safe
def w8(request: HttpRequest) -> HttpResponseBase:
    """The form that counts today, as PDF. Where there is none, a page that leads to a person."""
    now = timezone.now()
    form = forms.current_form(on=numbering.local_day(now))
    if form is None:
        return render(request, "selfservice/w8.html", {"seller": snapshots.seller_now()}, status=404)
    response = pdf(request, form.file, f"{form.name}.pdf", as_attachment=False)
    response["Cache-Control"] = "public, max-age=0, must-revalidate"
    if is_a_look(request):
        forms.note_download(form=form, place=request.GET.get("from", ""), now=now)
    return response


@public
@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What the form is, until when it is good, and why there is no W-9."""
    form = forms.current_form(on=numbering.local_day(timezone.now()))
    return render(request, "selfservice/w8.html", {"seller": snapshots.seller_now(), "tax_form": form})
