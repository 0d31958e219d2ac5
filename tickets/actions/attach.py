"""Files that belong to words: stored before the words commit, flat names, never unpacked, never trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile

from mail.files import store_file
from mail.models import StoredFile
from tickets.models import Attachment, Message, Note
from tickets.refusals import Refused

LARGEST = 25 * 1024 * 1024
NAME_LENGTH = 255


class CannotAttach(Refused):
    """The file is too large or empty of everything."""


@dataclass(frozen=True)
class Upload:
    """A stored file, and what its sender calls it. `name` is for people to read, never a path."""

    file: StoredFile
    name: str
    content_type: str
    size: int
    content_id: str = ""
    is_inline: bool = False


def store_upload(*, upload: UploadedFile, now: datetime) -> Upload:
    """Keep a file that a browser sent, before the words it belongs to. Raises CannotAttach.

    Its name loses folders and signs that cannot be seen: a name is for people to read (S17, S18).
    """
    name = "".join(sign for sign in (upload.name or "").replace("\\", "/").rpartition("/")[2] if sign.isprintable())
    size = upload.size or 0
    if size > LARGEST:
        raise CannotAttach(f"{name} is larger than {LARGEST // 1024**2} MB. Send a smaller file")
    if size == 0:
        raise CannotAttach(f"{name} is empty. Choose a file with something in it")
    content_type = upload.content_type or "application/octet-stream"
    file = store_file(content=upload.read(), content_type=content_type, now=now)
    return Upload(file=file, name=name[:NAME_LENGTH], content_type=content_type[:127], size=file.size)


def attach_to_message(message: Message, uploads: Sequence[Upload]) -> None:
    """Hang `uploads` on a message in their order."""
    Attachment.objects.bulk_create(_row(upload, position, message=message) for position, upload in enumerate(uploads))


def attach_to_note(note: Note, uploads: Sequence[Upload]) -> None:
    """Hang `uploads` on a note in their order."""
    Attachment.objects.bulk_create(_row(upload, position, note=note) for position, upload in enumerate(uploads))


def _row(upload: Upload, position: int, **owner) -> Attachment:
    return Attachment(
        file=upload.file,
        name=upload.name[:NAME_LENGTH] or "attachment",
        content_type=upload.content_type[:127] or "application/octet-stream",
        size=upload.size,
        content_id=upload.content_id[:255],
        is_inline=upload.is_inline,
        position=position,
        **owner,
    )
