"""A stored PDF as an answer."""

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response

from mail.models import StoredFile


def pdf(request: HttpRequest, file: StoredFile, name: str, *, as_attachment: bool = True) -> HttpResponseBase:
    """A stored PDF under its own hash as ETag: who has it is told so. It is never taken for something else."""
    etag = f'"{file.sha256}"'
    unchanged = get_conditional_response(request, etag=etag, response=HttpResponse())
    if unchanged is not None and unchanged.status_code == 304:
        return unchanged
    response = FileResponse(file.open(), as_attachment=as_attachment, filename=name, content_type="application/pdf")
    response["ETag"] = etag
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
