"""The PDF of an issued document: made once, kept with its hash, and served again and again."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from billing import documents, paper_words
from billing.models import CreditNote, Document, Invoice, Receipt
from mail.files import store_file
from mail.models import StoredFile

PDF = "application/pdf"
PATIENCE = timedelta(seconds=30)

Paper = Invoice | CreditNote | Receipt
KINDS: dict[str, type[Invoice] | type[CreditNote] | type[Receipt]] = {
    "invoice": Invoice,
    "credit_note": CreditNote,
    "receipt": Receipt,
}


def pdf_of(*, kind: str, paper: Paper, now: datetime) -> StoredFile:
    """The stored PDF of an issued document; made now where no worker has been there yet. Two at once keep one."""
    document = _kept(kind, paper)
    if document is None:
        document = _make(kind, paper, now)
    return document.file


def make_document(*, kind: str, pk: int, now: datetime) -> bool:
    """Make the PDF of a document that has none; True when this call made it."""
    paper = KINDS[kind].objects.filter(pk=pk, number__isnull=False).first()
    if paper is None or _kept(kind, paper):
        return False
    _make(kind, paper, now)
    return True


def without_pdf(*, now: datetime, limit: int) -> list[tuple[str, int]]:
    """Documents whose wake-up was lost, oldest first: (kind, pk)."""
    found = []
    for kind, model in KINDS.items():
        rows: QuerySet = model.objects.filter(document__isnull=True, issued_at__lt=now - PATIENCE)
        found += [(kind, pk) for pk in rows.order_by("issued_at", "pk").values_list("pk", flat=True)[:limit]]
    return found[:limit]


def _kept(kind: str, paper: Paper) -> Document | None:
    return Document.objects.select_related("file").filter(**{kind: paper}).first()


def _make(kind: str, paper: Paper, now: datetime) -> Document:
    content = documents.render(kind, paper_words.values_of(paper))
    try:
        with transaction.atomic():
            file = store_file(content=content, content_type=PDF, now=now)
            return Document.objects.create(**{kind: paper}, file=file, made_at=now)
    except IntegrityError:
        kept = _kept(kind, paper)  # somebody else was quicker; the file without a row is tidied away
        if kept is None:
            raise
        return kept
