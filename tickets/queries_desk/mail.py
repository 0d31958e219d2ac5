"""Mail that needs a person: set aside on its way in, or not delivered on its way out."""

from dataclasses import dataclass

from mail.models import OutgoingMail, RawMail

PAGE_SIZE = 50
HEADERS_SHOWN = 16_000
BODY_SHOWN = 4_000


@dataclass(frozen=True)
class Page:
    """Some rows, newest first, and the key below which the next ones lie (0 at the end)."""

    rows: list
    below: int


def set_aside(*, below: int = 0, dismissed: bool = False) -> Page:
    """Mail in quarantine, or dismissed from it. One query."""
    state = "dismissed" if dismissed else "quarantined"
    return _page(RawMail.objects.filter(state=state).select_related("mailbox", "file"), below)


def undelivered(*, below: int = 0) -> Page:
    """Mail of ours that did not arrive, or that waits since a restore. One query."""
    return _page(OutgoingMail.objects.to_look_at().defer("text", "html"), below)


def _page(rows, below: int) -> Page:
    if below:
        rows = rows.filter(pk__lt=below)
    found = list(rows.order_by("-pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return Page(shown, shown[-1].pk if len(found) > PAGE_SIZE else 0)


def preview(raw: RawMail) -> tuple[str, str]:
    """The header and the beginning of the body, as text and nothing else. ("", "") when the storage lost the file."""
    try:
        with raw.file.open() as file:
            start = file.read(HEADERS_SHOWN + BODY_SHOWN)
    except FileNotFoundError:
        return "", ""
    start = start.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    header, _, body = start.partition(b"\n\n")
    return _shown(header[:HEADERS_SHOWN]), _shown(body[:BODY_SHOWN])


def _shown(piece: bytes) -> str:
    text = piece.decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}" for sign in text)
