"""Files that customers prove something with: for their own people and reviewers, never shown in the page (S19)."""

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from accounts.requests import PersonRequest
from billing import access
from billing.actions import private_files
from supportdesk.lib.audience import signed_in
from supportdesk.lib.private_pages import private


@signed_in
@private
@require_GET
def private_file(request: PersonRequest, pk: int) -> HttpResponse:
    """One file as a download. The look is written down; whoever may not look gets 404."""
    found = access.private_file_for(request.user, pk)
    if found is None:
        raise Http404
    try:
        content = private_files.open_file(found, request.user, timezone.now())
    except private_files.CannotOpenFile as refusal:
        return HttpResponse(f"{refusal}\n", status=410, content_type="text/plain; charset=utf-8")
    response = HttpResponse(content, content_type=found.content_type)
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=found.name) or "attachment"
    )
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
