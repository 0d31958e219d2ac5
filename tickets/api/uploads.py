"""Files that wait for their words. The handle is signed and names who uploaded it; no row knows of it."""

from datetime import timedelta

from django.core import signing

from mail.models import StoredFile
from tickets.actions.attach import Upload

SALT = "api.upload"
LASTS = timedelta(hours=24)


def handle_for(upload: Upload, person) -> str:
    """What the uploader names the file by, for a day."""
    said = [upload.file.pk, upload.name, upload.content_type, upload.size, person.pk]
    return signing.dumps(said, salt=SALT, compress=True)


def upload_for(handle: str, person) -> Upload | None:
    """The file, None for a handle that is too old, of somebody else, or made up."""
    try:
        pk, name, content_type, size, owner = signing.loads(handle, salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return None
    file = StoredFile.objects.filter(pk=pk).first() if owner == person.pk else None
    return Upload(file=file, name=name, content_type=content_type, size=size) if file else None
