"""Files for programs: upload first, then name the handle with the words. A file is only ever a download (S2, S23)."""

from django.http import FileResponse, Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from accounts.rest.call import Call
from accounts.rest.rights import has_scope
from supportdesk.lib.rest.fields import Body
from supportdesk.lib.rest.schema import operation
from supportdesk.lib.rest.views import ApiView
from tickets.access import attachment_for
from tickets.actions.attach import LARGEST, NAME_LENGTH, store_upload
from tickets.api.refusals import SaysWhy
from tickets.api.shown import UploadShown
from tickets.api.uploads import handle_for
from tickets.api.views import SEE, WORK
from tickets.models import Attachment

SEALED = "sandbox; default-src 'none'"
ENVELOPE = 64 * 1024  # what multipart puts around a file


class UploadBody(Body):
    """One file."""

    file = serializers.FileField(max_length=NAME_LENGTH, allow_empty_file=True)


class Uploads(SaysWhy):
    tag = "Files"
    needs = {"POST": WORK}
    queryset = Attachment.objects.none()
    parser_classes = (MultiPartParser,)
    most_bytes = LARGEST + ENVELOPE

    @operation(
        "uploads_add",
        "Upload a file",
        body={"multipart/form-data": UploadBody},
        answer=UploadShown,
        status=201,
        refuses=True,
        description=f"Up to {LARGEST // 1024**2} MB. Name its `id` within a day in `attachments` of a ticket, reply or "
        "note. It is stored as it is, never opened or unpacked.",
    )
    def post(self, request: Call) -> Response:
        upload = store_upload(upload=self.read(UploadBody)["file"], now=timezone.now())
        said = {"name": upload.name, "content_type": upload.content_type, "size": upload.size}
        return Response(UploadShown({"id": handle_for(upload, request.user), **said}).data, status=201)


class OneAttachment(ApiView):
    tag = "Files"
    needs = {"GET": SEE}
    queryset = Attachment.objects.none()

    @operation(
        "attachments_read",
        "Download a file",
        answer=OpenApiTypes.BINARY,
        media="application/octet-stream",
        description="A file of a private note needs `notes:read` as well.",
    )
    def get(self, request: Call, pk: int) -> FileResponse:
        attachment = attachment_for(request.user, pk)
        if attachment.note_id and not has_scope(request, "notes:read"):
            raise Http404
        return as_download(attachment)


def as_download(attachment: Attachment) -> FileResponse:
    """The file as something to save. Raises Http404 when its bytes are gone."""
    try:
        content = attachment.file.open()
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(
        content,
        as_attachment=True,
        filename=attachment.name or "attachment",
        content_type="application/octet-stream",
    )
    response["Content-Security-Policy"] = SEALED
    response["X-Content-Type-Options"] = "nosniff"
    return response
