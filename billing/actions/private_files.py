"""Files that customers prove something with: looked at, encrypted, kept; and every look at one is written down (S19).

`check` says by a file's own bytes what it is, and asks the scanner where there is one. Call it before a transaction
begins, since the scanner takes its time; `keep_file` looks again at whatever was not checked before.
"""

import hashlib
from collections import OrderedDict
from datetime import datetime
from pathlib import PurePosixPath

from django.db import transaction

from accounts import journal
from accounts.models import Person
from billing import file_checks, pdf_checks
from billing.models import Certificate, CreditRequest, PrivateFile, PrivateFileLook, RefundRequest
from billing.refusals import Refused
from mail.files import store_file
from supportdesk.lib import vault, virus_scan

MOST_BYTES = 10 * 1024 * 1024
NAME_LENGTH = 120
_MOST_REMEMBERED = 32
# Digests and types of what this process checked and did not keep yet: each counts for one `keep_file`.
_checked: OrderedDict[str, str] = OrderedDict()


class CannotKeepFile(Refused):
    """The file is not kept; the sentence says what to send instead."""


class CannotOpenFile(Refused):
    """The file is there and cannot be read."""


def check(content: bytes, name: str) -> str:
    """The content type of a file that may be kept, by its own bytes. Raises CannotKeepFile."""
    called = clean_name(name) or "This file"
    digest = _digest(content)
    if digest in _checked:
        return _checked[digest]
    if not content:
        raise CannotKeepFile(f"{called} is empty. Choose a file with something in it.")
    if len(content) > MOST_BYTES:
        raise CannotKeepFile(f"{called} is larger than 10 MB. Save it in a smaller size, or send a photo of it.")
    kind = file_checks.type_of(content)
    if not kind:
        raise CannotKeepFile(f"{called} is not a whole PDF, PNG, JPEG or HEIC file. Choose one of these.")
    if file_checks.is_flood(content, kind):
        raise CannotKeepFile(f"{called} is too large a picture to be opened safely. Send a smaller one.")
    if kind == file_checks.PDF and pdf_checks.is_locked(content):
        raise CannotKeepFile(f"{called} is protected, so it cannot be checked. Print it to a new PDF and choose that.")
    if kind == file_checks.PDF and pdf_checks.is_active(content):
        raise CannotKeepFile(
            f"{called} holds a script or another file. Print it to a new PDF, or send a photo of it instead."
        )
    _scan(content, called)
    _checked[digest] = kind
    while len(_checked) > _MOST_REMEMBERED:
        _checked.popitem(last=False)
    return kind


def keep_file(
    content: bytes,
    name: str,
    by: Person | None,
    now: datetime,
    *,
    certificate: Certificate | None = None,
    credit_request: CreditRequest | None = None,
    refund_request: RefundRequest | None = None,
) -> PrivateFile:
    """Encrypt and keep a file of one request, synced before its row exists. Raises CannotKeepFile.

    Belongs inside the transaction of its request. What is rolled back leaves ciphertext without a row, which the daily
    sweep of orphans removes.
    """
    digest = _digest(content)
    kind = _checked.pop(digest, "") or check(content, name)
    _checked.pop(digest, None)
    sealed = store_file(content=vault.seal_bytes(content), content_type="application/octet-stream", now=now)
    return PrivateFile.objects.create(
        file=sealed,
        certificate=certificate,
        credit_request=credit_request,
        refund_request=refund_request,
        name=_named(name, kind),
        content_type=kind,
        size=len(content),
        sha256=digest,
        uploaded_by=by,
        uploaded_at=now,
    )


def open_file(private_file: PrivateFile, by: Person, now: datetime) -> bytes:
    """The plain content, for somebody whom `access.private_file_for` let in. The look is written down first.

    Raises CannotOpenFile when the storage lost it or no key of ours opens it.
    """
    with transaction.atomic():
        PrivateFileLook.objects.create(file=private_file, by=by, at=now)
        journal.record(by=by, action="billing.open_private_file", subject=private_file, now=now)
    try:
        content = vault.unseal_bytes(private_file.file.read())
    except (FileNotFoundError, vault.SealedTooWell) as error:
        raise CannotOpenFile("This file cannot be read any more. Ask its sender for it again.") from error
    if _digest(content) != private_file.sha256:
        raise CannotOpenFile("This file is not the one that was sent. Ask its sender for it again.")
    return content


def clean_name(name: str) -> str:
    """What a browser calls a file, without folders and without signs that cannot be seen."""
    flat = "".join(sign for sign in name.replace("\\", "/").rpartition("/")[2] if sign.isprintable())
    return flat.strip(" .")[:NAME_LENGTH]


def _named(name: str, kind: str) -> str:
    """With the ending of what it is, so that no program takes it for something else."""
    stem = PurePosixPath(clean_name(name)).stem.strip(" .") or "file"
    return f"{stem}{file_checks.ENDINGS[kind]}"


def _scan(content: bytes, called: str) -> None:
    try:
        harm = virus_scan.harm_in(content)
    except virus_scan.CannotScan as error:
        raise CannotKeepFile(
            "Files cannot be checked just now, so none is kept. Nothing is lost: try again in some minutes."
        ) from error
    if harm:
        raise CannotKeepFile(f"{called} carries something harmful, so it was not kept. Send it from another computer.")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
