"""Bytes to text: the declared charset first, its superset where senders mean that, detection last."""

import codecs
import re
from functools import lru_cache

# Senders name the old standard and use its successor.
_SUPERSETS = {
    "gb2312": ("gb18030",),
    "gbk": ("gb18030",),
    "x-gbk": ("gb18030",),
    "cp936": ("gb18030",),
    "iso-gb2312": ("gb18030",),
    "hz-gb-2312": ("hz", "gb18030"),
    "iso-2022-jp": ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_3", "iso2022_jp_2004", "iso2022_jp_2"),
    "shift_jis": ("cp932", "shift_jis_2004", "shift_jisx0213"),
    "euc-jp": ("euc_jp", "euc_jis_2004", "euc_jisx0213"),
    "ks_c_5601-1987": ("cp949",),
    "euc-kr": ("cp949",),
    "big5": ("cp950", "big5hkscs"),
    "iso-8859-1": ("cp1252",),
    "iso-8859-9": ("cp1254",),
    "iso-8859-11": ("cp874",),
    "tis-620": ("cp874",),
    "us-ascii": ("ascii",),
}
_ALIASES = {
    "iso-2022-jp-ms": "iso-2022-jp",
    "cp50220": "iso-2022-jp",
    "cp50221": "iso-2022-jp",
    "cp50222": "iso-2022-jp",
    "csiso2022jp": "iso-2022-jp",
    "sjis": "shift_jis",
    "x-sjis": "shift_jis",
    "shift-jis": "shift_jis",
    "ms_kanji": "shift_jis",
    "windows-31j": "shift_jis",
    "x-euc-jp": "euc-jp",
    "eucjp-ms": "euc-jp",
    "ks_c_5601": "ks_c_5601-1987",
    "ks_c_5601-1989": "ks_c_5601-1987",
    "ksc5601": "ks_c_5601-1987",
    "ks-c-5601-1987": "ks_c_5601-1987",
    "x-windows-949": "ks_c_5601-1987",
    "gb_2312-80": "gb2312",
    "gb2312-80": "gb2312",
    "x-gb2312": "gb2312",
    "gb-2312": "gb2312",
    "latin1": "iso-8859-1",
    "latin-1": "iso-8859-1",
    "iso8859-1": "iso-8859-1",
    "iso_8859-1": "iso-8859-1",
    "8859-1": "iso-8859-1",
    "ascii": "us-ascii",
    "ansi_x3.4-1968": "us-ascii",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "x-unicode-2-0-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-big5": "big5",
    "big5-eten": "big5",
    "dos-850": "cp850",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "ansi": "windows-1252",
}
_SAYS_NOTHING = {
    "",
    "us-ascii",
    "x-unknown",
    "unknown",
    "unknown-8bit",
    "x-user-defined",
    "binary",
    "8bit",
    "7bit",
    "default",
    "_autodetect_all",
    "none",
    "iso-8859-0",
}
_CANDIDATES = [
    "utf_8",
    "cp1252",
    "cp1250",
    "cp1251",
    "koi8_r",
    "cp932",
    "euc_jp",
    "gb18030",
    "cp950",
    "cp949",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp874",
]
_SAMPLE = 8192
_NEC_KDDI = re.compile(rb"\x1b\$[@B]")


def decode(data: bytes, declared: str = "") -> tuple[str, str]:
    """The text of `data` and, where the declared charset was wrong, a sentence that says so (else "")."""
    label = _label(declared)
    if data.startswith(codecs.BOM_UTF8):
        return data[3:].decode("utf-8", "replace"), ""
    if data.isascii() and not _stateful(label, data):
        return data.decode("ascii"), ""
    for codec in _codecs_of(label):
        text = _strictly(data, codec)
        if text is not None:
            return text, ""
    return _detected(data, declared, label)


def _stateful(label: str, data: bytes) -> bool:
    """Seven-bit bytes that are more than ASCII: escape sequences, UTF-7, HZ, UTF-16."""
    return b"\x1b" in data or label.startswith(("utf-16", "utf-32", "utf16", "utf-7", "hz")) or b"\x00" in data


@lru_cache(maxsize=512)
def _label(declared: str) -> str:
    label = declared.strip().strip("\"'").lower().replace(" ", "-")[:60]
    label = label.partition("*")[0]  # RFC 2231 lets a language follow
    label = _ALIASES.get(label, label)
    match = re.fullmatch(r"(?:x-)?(?:cp|windows|win|ibm|x-cp)[-_]?(\d{3,5})(?:-.*)?", label)
    if match:
        return _ALIASES.get("cp" + match[1], "cp" + match[1])
    return label


@lru_cache(maxsize=512)
def _codecs_of(label: str) -> tuple[str, ...]:
    if label in _SAYS_NOTHING:
        return ("iso2022_jp", "iso2022_jp_ext", "iso2022_kr") if label in ("", "us-ascii") else ()
    names = _SUPERSETS.get(label, (label,))
    return tuple(name for name in names if _is_text_codec(name))


def _is_text_codec(name: str) -> bool:
    """False for unknown names, and for Python's codecs that are no charsets (rot13, zlib, unicode_escape, idna …)."""
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return False
    forbidden = {"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "mbcs", "oem"}
    return info._is_text_encoding and info.name.replace("-", "_") not in forbidden


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return _latin_rest(data) if codec == "cp1252" else None


def _latin_rest(data: bytes) -> str:
    """windows-1252 as browsers read it: its five empty places are C1 controls."""
    return data.decode("cp1252", "surrogateescape").translate({0xDC00 + byte: byte for byte in range(0x80, 0x100)})


def _detected(data: bytes, declared: str, label: str) -> tuple[str, str]:
    note = (
        f"The mail names the charset {declared[:40]!r}, but its bytes are not in it."
        if label not in _SAYS_NOTHING
        else ""
    )
    if b"\x1b" in data and (label in ("iso-2022-jp", "", "us-ascii") or _NEC_KDDI.search(data)):
        text = _japanese(data)
        if text is not None:
            return text, note
    for codec in ("utf-8",):
        text = _strictly(data, codec)
        if text is not None:
            return text, note
    if label in ("iso-2022-jp", "shift_jis", "euc-jp"):
        for codec in ("cp932", "euc_jp", "euc_jis_2004", "shift_jis_2004"):
            text = _strictly(data, codec)
            if text is not None:
                return text, note
    mostly = _mostly(data, label)
    if mostly is not None:
        return mostly, note
    return _guessed(data), note or "The mail does not say its charset; it was guessed."


def _mostly(data: bytes, label: str) -> str | None:
    """The declared charset after all, when only a few of its characters are broken (a cut or damaged mail)."""
    for codec in () if label == "utf-8" else _codecs_of(label):
        text = data.decode(codec, "replace")
        wanted = sum(character > "\x7f" for character in text)
        if wanted and text.count("\ufffd") * 10 <= wanted:
            return text
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    sound = sum(character > "\x7f" for character in text) - broken
    return text if sound >= 2 * broken else None  # chance hardly ever makes a sound sequence


def _japanese(data: bytes) -> str | None:
    """ISO-2022-JP with the vendor rows of NEC and KDDI, which no codec of that name knows: read through cp932."""
    pieces, double, kana = [], False, False
    for number, piece in enumerate(re.split(rb"(\x1b\$[@B]|\x1b\([BJIH])", data)):
        if number % 2:
            double = piece.startswith(b"\x1b$")
            kana = piece == b"\x1b(I"
            continue
        if double:
            pieces.append(_jis_to_sjis(piece).decode("cp932", "replace"))
        elif kana:
            pieces.append(
                bytes(byte | 0x80 if 0x21 <= byte <= 0x5F else byte for byte in piece).decode("cp932", "replace")
            )
        else:
            pieces.append(piece.decode("cp932", "replace"))
    text = "".join(pieces)
    return text if text.count("\ufffd") * 5 <= len(text) else None


def _jis_to_sjis(piece: bytes) -> bytes:
    """The two-byte rows of JIS X 0208 at their places in Shift JIS."""
    out = bytearray()
    position = 0
    while position < len(piece):
        first = piece[position]
        second = piece[position + 1] if position + 1 < len(piece) else 0
        if not (0x21 <= first <= 0x7E and 0x21 <= second <= 0x7E):
            out.append(first)
            position += 1
            continue
        lead = (first + 1) // 2 + (0x70 if first <= 0x5E else 0xB0)
        trail = second + (0x1F + (second >= 0x60) if first % 2 else 0x7E)
        out += bytes((lead, trail))
        position += 2
    return bytes(out)


def _guessed(data: bytes) -> str:
    high = sum(byte > 0x7F for byte in data[:_SAMPLE])
    if high >= 6:
        from charset_normalizer import from_bytes  # noqa: PLC0415 (takes 40 ms to load, and one mail in a hundred needs it)

        best = from_bytes(
            data[:_SAMPLE], cp_isolation=_CANDIDATES, steps=4, chunk_size=512, preemptive_behaviour=False
        ).best()
        if best is not None:
            return data.decode(best.encoding, "replace")
    return _latin_rest(data)
