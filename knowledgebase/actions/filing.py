"""Files of articles: pictures are drawn anew, everything else is kept as it came and only ever downloaded (S17–S20)."""

import io
import struct
import unicodedata
import warnings
import zlib
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Sum
from PIL import Image, ImageOps, ImageSequence

from accounts.access import NotAllowed
from accounts.models import Person
from knowledgebase.access import reads_space
from knowledgebase.actions.keeping import locked, note
from knowledgebase.models import Article, ArticleFile
from knowledgebase.refusals import Refused
from mail.files import store_file
from supportdesk.lib import virus_scan

MOST_BYTES = 10 * 1024 * 1024
MOST_OF_ARTICLE = 100 * 1024 * 1024
MOST_FILES = 100
MOST_PIXELS = 40_000_000
MOST_FRAMES = 200
WIDEST = 2_400
FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
SIGNS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
LONGEST_NAME = 120
# What Pillow raises, here and there, for bytes that are no whole picture.
BROKEN = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError, SyntaxError, TypeError,
    ValueError, struct.error, zlib.error,
)  # fmt: skip


class CannotKeepFile(Refused):
    """The file is not kept; the sentence says what to do instead."""


class Drawn(NamedTuple):
    """A picture of our own making: nothing in it but what one sees."""

    content: bytes
    type: str
    width: int
    height: int


def add_file(*, article: Article, content: bytes, name: str, by: Person, now: datetime) -> ArticleFile:
    """Keep a file for `article`. Whoever may suggest a change may add one; readers get it once a published text names
    it. Raises CannotKeepFile and NotAllowed.
    """
    if not reads_space(by, article.space):
        raise NotAllowed("You do not read this space.")
    called = clean_name(name)
    if not content:
        raise CannotKeepFile(f"{called} is empty. Choose a file with something in it.")
    if len(content) > MOST_BYTES:
        raise CannotKeepFile(f"{called} is larger than 10 MB. Save it in a smaller size.")
    _scan(content, called)
    shown = draw(content, called) or Drawn(content, "", 0, 0)
    with transaction.atomic():
        row = locked(article)
        known = ArticleFile.objects.filter(article=row).aggregate(size=Sum("file__size"))["size"] or 0
        if known + len(content) > MOST_OF_ARTICLE or row.files.count() >= MOST_FILES:
            raise CannotKeepFile(f"This page has as many files as it may: {MOST_FILES}, or 100 MB together.")
        kept = store_file(content=shown.content, content_type=shown.type, now=now)
        file = ArticleFile.objects.create(
            article=row, file=kept, name=called, picture_type=shown.type, width=shown.width, height=shown.height,
            by=by, created_at=now,
        )  # fmt: skip
        note(row, "file_added", by=by, now=now, file=file.pk, size=kept.size)
    return file


def draw(content: bytes, called: str) -> Drawn | None:
    """The picture drawn anew: no place, no date, no hidden part, at most WIDEST wide. None for what is no picture.

    Raises CannotKeepFile for one that is too large to open or broken.
    """
    if not (content.startswith(SIGNS) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=list(FORMATS))
        width, height = picture.size
        if width * height > MOST_PIXELS:
            raise CannotKeepFile(
                f"{called} is {width:,} by {height:,} pixels. A picture has at most {MOST_PIXELS // 10**6} million."
            )
        return _drawn(picture)
    except Image.DecompressionBombError:
        raise CannotKeepFile(f"{called} has more pixels than a screen can show. Save it smaller.") from None
    except BROKEN:
        raise CannotKeepFile(f"{called} is not a whole picture. Save it again as PNG or JPEG.") from None


def clean_name(name: str) -> str:
    """A name without folders, and without signs that cannot be seen or that turn the others around."""
    last = name.replace("\\", "/").rpartition("/")[2]
    seen = "".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in last)
    words = " ".join(seen.split()).lstrip(". ")
    if len(words) > LONGEST_NAME:
        stem, dot, end = words.rpartition(".")
        words = f"{stem[: LONGEST_NAME - len(end) - 1]}.{end}" if dot and len(end) < 12 else words[:LONGEST_NAME]
    return words or "file"


def _drawn(picture: Image.Image) -> Drawn:
    # Cameras put a second view into the same JPEG, which Pillow calls MPO. The first is the picture.
    kind = "JPEG" if picture.format == "MPO" else picture.format or "PNG"
    size, frames = picture.size, getattr(picture, "n_frames", 1)
    _need_size(picture, size)
    if kind == "GIF" and 1 < frames <= MOST_FRAMES and frames * picture.width * picture.height <= MOST_PIXELS * 2:
        return _moving(picture)
    if kind == "JPEG":
        picture.draft("RGB", (WIDEST, WIDEST))
    one = ImageOps.exif_transpose(picture)
    one = one.convert("RGB" if kind == "JPEG" else "RGBA")
    one.thumbnail((WIDEST, WIDEST * 4))
    one.info = {}
    kind = "PNG" if kind == "GIF" else kind
    out = io.BytesIO()
    one.save(out, kind, **({"quality": 88} if kind in ("JPEG", "WEBP") else {"optimize": False}))
    return Drawn(out.getvalue(), FORMATS[kind], *one.size)


def _moving(picture: Image.Image) -> Drawn:
    """A GIF with all its frames."""
    pause, size = picture.info.get("duration", 100), picture.size
    frames = []
    for frame in ImageSequence.Iterator(picture):
        _need_size(frame, size)
        frames.append(frame.convert("RGBA"))
    for frame in frames:
        frame.info = {}
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], loop=0, duration=pause, disposal=2)
    return Drawn(out.getvalue(), "image/gif", *frames[0].size)


def _need_size(frame: Image.Image, size: tuple[int, int]) -> None:
    """A later frame may not make the picture larger than it said it was: nobody counted those pixels."""
    if frame.size != size:
        raise ValueError("a frame is larger than its picture")


def _scan(content: bytes, called: str) -> None:
    try:
        harm = virus_scan.harm_in(content)
    except virus_scan.CannotScan:
        raise CannotKeepFile(f"{called} could not be looked at for harm just now. Try again in a minute.") from None
    if harm:
        raise CannotKeepFile(f"{called} holds something harmful ({harm[:60]}), so it is not kept.")
