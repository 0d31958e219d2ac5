"""Content-Transfer-Encoding undone, whatever is wrong with it."""

import binascii
import re

_NO_LETTER = re.compile(rb"[^A-Za-z0-9+/=]+")
_IDENTITY = {"", "7bit", "8bit", "binary", "none", "7-bit", "8-bit", "7bits", "8bits", "utf-8", "us-ascii"}


def decode_transfer(data: bytes, encoding: str) -> tuple[bytes, str]:
    """The bytes behind the encoding and, where something was odd, a sentence about it (else "")."""
    name = encoding.strip().strip("\"';").lower().partition(" ")[0].partition(";")[0].rstrip(".")
    if name in _IDENTITY:
        return data, ""
    if name == "base64":
        return _base64(data)
    if name in ("quoted-printable", "quoted_printable", "qp"):
        return binascii.a2b_qp(data), ""
    if name in ("x-uuencode", "uuencode", "x-uue", "uue"):
        files = uuencoded_files(data)
        return (
            (files[0][1], "")
            if files
            else (data, "A part says that it is uuencoded, but it is not; it was taken as it is.")
        )
    return data, f"The transfer encoding {name[:40]!r} does not exist; the part was taken as it is."


def _base64(data: bytes) -> tuple[bytes, str]:
    """Every padded stretch decoded; a missing end is filled up, words that follow the code are kept as they are."""
    letters = _NO_LETTER.sub(b"", data) if _NO_LETTER.search(data) else data
    padding = letters.find(b"=")
    if padding < 0 or not letters[padding:].strip(b"="):
        return _stretch(letters.rstrip(b"=")), "" if len(
            letters
        ) % 4 == 0 else "A base64 part was cut off or badly padded."
    end = data.find(b"=")
    rest = data[end:].lstrip(b"=")
    if re.search(rb"[A-Za-z0-9] +[A-Za-z0-9]", rest):  # words: a footer that a relay put below
        return _stretch(letters[:padding]) + b"\r\n" + rest.lstrip(
            b"\r\n"
        ), "Plain text followed a base64 part; it was kept."
    return _stretches(letters), "A base64 part came in several pieces."


def _stretches(letters: bytes) -> bytes:
    """Stretches with padding between them; past the first thousand the padding is taken as damage."""
    pieces = re.split(rb"=+", letters, maxsplit=1000)
    pieces[-1] = pieces[-1].replace(b"=", b"")
    return b"".join(_stretch(piece) for piece in pieces)


def _stretch(letters: bytes) -> bytes:
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n", re.MULTILINE)


def uuencoded_files(data: bytes) -> list[tuple[str, bytes, int, int]]:
    """(name, bytes, start, end) of every uuencoded file in the bytes of a text. Linear: no line is tried twice."""
    files: list[tuple[str, bytes, int, int]] = []
    position = 0
    while match := _UU_BEGIN.search(data, position):
        content, position, complete = _uu_lines(data, match.end())
        if complete:
            files.append((match[1].decode("utf-8", "replace").strip(), content, match.start(), position))
    return files


def _uu_lines(data: bytes, position: int) -> tuple[bytes, int, bool]:
    """The decoded lines, where they stop, and whether they stop at the word `end` (else it was prose)."""
    out: list[bytes] = []
    while position < len(data):
        line_end = data.find(b"\n", position)
        following = len(data) if line_end < 0 else line_end + 1
        line = data[position:following].rstrip(b"\r\n")
        if line.strip() == b"end":
            return b"".join(out), position + len(line), True
        if line.startswith(b"begin "):
            return b"", position, False
        decoded = _uu_line(line)
        if decoded is None:
            return b"", following, False
        out.append(decoded)
        position = following
    return b"", position, False


def _uu_line(line: bytes) -> bytes | None:
    if not line.strip() or line == b"`":
        return b""
    wanted = (((line[0] - 32) & 63) * 4 + 5) // 3  # some encoders pad the last line with garbage
    try:
        return binascii.a2b_uu(line[:wanted] if len(line) > wanted else line)
    except binascii.Error:
        return None
