"""Whether a PDF only wants to be read (S19). Nothing is opened or drawn: its words are looked at, packed ones too.

A reader takes a comment for a comment and a stream for a stream; we cannot know which it is, so whatever stands
between `stream` and `endstream` is looked at both as it stands and unpacked.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from itertools import islice

HEAD = b"%PDF-"
END = b"%%EOF"
MOST_UNPACKED = 20 * 1024 * 1024
MOST_AS_TEXT = 1024 * 1024
MOST_ESCAPED = 20_000
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"(?<!end)stream\r?\n?")
# What it could do beyond being read: run, start, carry or fetch something. Where it opens ("[3 0 R /Fit]") is harmless.
# The long names do not stand in a packed picture by chance; the short ones do, once in a few megabytes.
_LONG = rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|Rendition|SubmitForm|ImportData|GoToR|GoToE)(?![A-Za-z])"
_ALWAYS = re.compile(_LONG)
_ACTIVE = re.compile(_LONG + rb"|/(?:JS|XFA|AA)(?![A-Za-z])|/OpenAction(?!\s*\[)")
_LOCKED = re.compile(rb"/Encrypt(?![A-Za-z])")
# Ways to pack that we do not unpack. Fine for pictures and words to draw, not for objects.
_UNKNOWN_PACKING = re.compile(rb"/(?:LZWDecode|RunLengthDecode|Crypt)(?![A-Za-z])")
_OBJECTS = re.compile(rb"/ObjStm(?![A-Za-z])|/First(?![A-Za-z])")


def is_pdf(content: bytes) -> bool:
    """By its own bytes: it begins as a PDF at the first byte, and ends as one. A file that is two things is none."""
    return content.startswith(HEAD) and END in content[-2048:]


def is_locked(content: bytes) -> bool:
    """Whether some of it is encrypted, so that nobody can say what it does."""
    return not _is_scrambled(content) and _finds(_LOCKED, content)


def is_active(content: bytes) -> bool:
    """Whether it could do something by itself. Packed lists of objects are unpacked first, with a limit; what cannot
    be unpacked counts as active."""
    if _is_scrambled(content) or _finds(_ALWAYS, content) or is_locked(content):
        return True
    left = MOST_UNPACKED
    for head, stream in _parts(content):
        if _finds(_ACTIVE, head):
            return True
        plain = _plain(head)
        if not stream or not _OBJECTS.search(plain):
            continue  # a picture, a font or words to draw
        if _UNKNOWN_PACKING.search(plain):
            return True
        unpacked = _unpacked(stream, plain, left)
        if unpacked is None or _is_scrambled(unpacked) or _finds(_ACTIVE, unpacked):
            return True
        left -= len(unpacked)
    return False


def _parts(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """What stands outside of streams, each piece with the stream that follows it; the last one has none."""
    place = 0
    while found := _STREAM.search(content, place):
        end = content.find(b"endstream", found.end())
        if end < 0:
            break
        yield content[place : found.start()], content[found.end() : end]
        place = end + len(b"endstream")
    yield content[place:], b""


def _unpacked(stream: bytes, head: bytes, most: int) -> bytes | None:
    """Its objects; None when they are more than `most` bytes, or packed in a way that is not ours."""
    is_text = b"ASCII85Decode" in head or b"ASCIIHexDecode" in head
    if is_text and len(stream) > MOST_AS_TEXT:
        return None  # nobody writes so many objects that way, and it takes long to read
    try:
        if b"ASCII85Decode" in head:
            stream = base64.a85decode(stream.strip().removesuffix(b"~>"))
        elif b"ASCIIHexDecode" in head:
            stream = binascii.unhexlify(b"".join(stream.split()).removesuffix(b">"))
        if b"FlateDecode" not in head:
            return stream if len(stream) < most else None
        packer = zlib.decompressobj()
        unpacked = packer.decompress(stream, most)
    except (ValueError, zlib.error):
        return None
    return None if len(unpacked) >= most or packer.unconsumed_tail else unpacked


def _is_scrambled(part: bytes) -> bool:
    """Whether more of it is escaped than any program writes; each escape costs time."""
    return next(islice(_ESCAPED.finditer(part), MOST_ESCAPED, None), None) is not None


def _finds(what: re.Pattern[bytes], part: bytes) -> bool:
    return what.search(_plain(part)) is not None


def _plain(part: bytes) -> bytes:
    """Names as they are meant: `/J#61vaScript` is /JavaScript."""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), part)
