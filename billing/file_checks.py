"""What a file is, by its own bytes, and whether it is only that (S19). A file that is two things is none."""

from itertools import pairwise

from billing import pdf_checks

PDF, PNG, JPEG, HEIC = "application/pdf", "image/png", "image/jpeg", "image/heic"
ENDINGS = {PDF: ".pdf", PNG: ".png", JPEG: ".jpg", HEIC: ".heic"}
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
# What another program would take the same file for. Long enough not to stand in a picture by chance.
_OTHERS = (b"%pdf-", b"<script", b"<html", b"<!doctype")
_ARCHIVE, _ARCHIVE_TAIL = b"PK\x05\x06", 66_000
_BOXES_AT_MOST = 10_000
MOST_PIXELS = 250_000_000  # the largest cameras of telephones have 200 million
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def type_of(content: bytes) -> str:
    """`application/pdf`, `image/png`, `image/jpeg` or `image/heic`; "" for all others, and for what is broken off."""
    if content.startswith(pdf_checks.HEAD):
        return PDF if _is_one_pdf(content) else ""
    kinds = {PNG: _is_png, JPEG: _is_jpeg, HEIC: _is_heic}
    found = next((kind for kind, fits in kinds.items() if fits(content)), "")
    return "" if found and _is_something_else(content) else found


def _is_one_pdf(content: bytes) -> bool:
    """Nothing follows its end, and no archive hides behind it."""
    ends = content.rstrip(b"\0\t\n\f\r \x1a").endswith(pdf_checks.END)
    return ends and pdf_checks.is_pdf(content) and _ARCHIVE not in content[-_ARCHIVE_TAIL:]


def _is_png(content: bytes) -> bool:
    """A head, pieces of the lengths that they claim, and nothing after the last."""
    if not content.startswith(_PNG_HEAD) or content[12:16] != b"IHDR":
        return False
    place, name = len(_PNG_HEAD), b""
    while place + 12 <= len(content) and name != b"IEND":
        length, name = int.from_bytes(content[place : place + 4]), content[place + 4 : place + 8]
        place += 12 + length
    return name == b"IEND" and place == len(content)


def _is_jpeg(content: bytes) -> bool:
    """From its first mark to its last. Phones put a second picture behind the first, so what is between is theirs."""
    return content.startswith(b"\xff\xd8\xff") and content.rstrip(b"\0").endswith(b"\xff\xd9") and len(content) > 100


def _is_heic(content: bytes) -> bool:
    """Boxes of the lengths that they claim, the first of which names a kind of HEIC."""
    if content[4:8] != b"ftyp":
        return False
    size = int.from_bytes(content[:4])
    brands = {content[start:end] for start, end in pairwise(range(8, min(size, 256) + 1, 4))}
    place = 0
    for _ in range(_BOXES_AT_MOST):
        length = int.from_bytes(content[place : place + 4])
        head = 8
        if length == 1:
            length, head = int.from_bytes(content[place + 8 : place + 16]), 16
        if length < head or place + length > len(content):
            return False
        place += length
        if place == len(content):
            return not brands.isdisjoint(_HEIC_BRANDS)
    return False


def _is_something_else(content: bytes) -> bool:
    """A page, a PDF or an archive, to whoever opens it as one."""
    lowered = content.lower()
    return _ARCHIVE in content[-_ARCHIVE_TAIL:] or any(one in lowered for one in _OTHERS)


def is_flood(content: bytes, kind: str) -> bool:
    """Whether a picture claims more pixels than any camera has, so that whoever opens it runs out of memory (S20)."""
    sizes = {PNG: _png_size, JPEG: _jpeg_size, HEIC: _heic_size}
    width, height = sizes[kind](content) if kind in sizes else (0, 0)
    return width * height > MOST_PIXELS


def _png_size(content: bytes) -> tuple[int, int]:
    return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """What the first frame says; nothing where the marks before it are broken."""
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:
        if content[place + 1] in _FRAMES:
            return int.from_bytes(content[place + 7 : place + 9]), int.from_bytes(content[place + 5 : place + 7])
        place += 2 + int.from_bytes(content[place + 2 : place + 4])
    return 0, 0


def _heic_size(content: bytes) -> tuple[int, int]:
    """The largest of what its pictures say."""
    found, place = (0, 0), content.find(b"ispe")
    for _ in range(_BOXES_AT_MOST):
        if place < 0:
            break
        size = (int.from_bytes(content[place + 8 : place + 12]), int.from_bytes(content[place + 12 : place + 16]))
        found = max(found, size, key=lambda one: one[0] * one[1])
        place = content.find(b"ispe", place + 4)
    return found
