"""`Content-Type` and `Content-Disposition`: a value and its parameters, RFC 2231 and its misuse included."""

import re
from urllib.parse import unquote_to_bytes

from mail.parsing import charsets
from mail.parsing.words import decode_words

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,99}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,60}(?:\*[0-9]{1,4})?\*?")
_MOST = 500  # parameters; the rest of a bomb is not read


def parse_parameters(text: str) -> tuple[str, dict[str, str]]:
    """("text/plain", {"charset": "utf-8"}) from a field's undecoded text. Never raises; linear."""
    value, _, rest = text.partition(";")
    return value.strip().strip('"').lower(), _joined(_pairs(rest))


def content_type(text: str) -> tuple[str, dict[str, str]]:
    """Like `parse_parameters`, the type checked: "" when the field names none that exists."""
    value, parameters = parse_parameters(_without_comments(text))
    value = value.split(" ")[0].split(",")[0] if value else ""
    if value == "text":
        return "text/plain", parameters
    return (value if len(value) <= 120 and _TYPE.fullmatch(value) else ""), parameters


def _without_comments(text: str) -> str:
    return re.sub(r"\([^()\"=;]*\)", "", text) if "(" in text and '"' not in text else text


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    position, length = 0, len(text)
    while position < length and len(pairs) < _MOST:
        while position < length and text[position] in " \t;":
            position += 1
        match = _NAME.match(text, position)
        equals = match.end() if match else position
        while equals < length and text[equals] in " \t":
            equals += 1
        if not match or equals >= length or text[equals] != "=":
            position = _stray(text, position, pairs)
            continue
        value, position = _value(text, equals + 1)
        pairs.append((match[0].lower(), value))
    return pairs


def _stray(text: str, position: int, pairs: list[tuple[str, str]]) -> int:
    """A piece without `=`: the rest of an unquoted file name that itself holds semicolons."""
    end = text.find(";", position)
    end = len(text) if end < 0 else end
    if pairs and pairs[-1][0] in ("filename", "name") and text[position:end].strip():
        name, value = pairs[-1]
        pairs[-1] = (name, f"{value};{text[position:end].strip()}")
    return end + 1


def _value(text: str, position: int) -> tuple[str, int]:
    while position < len(text) and text[position] in " \t":
        position += 1
    if position < len(text) and text[position] == '"':
        return _quoted(text, position + 1)
    end = text.find(";", position)
    end = len(text) if end < 0 else end
    return text[position:end].strip(), end + 1


def _quoted(text: str, position: int) -> tuple[str, int]:
    pieces: list[str] = []
    while position < len(text):
        character = text[position]
        if character == '"':
            end = text.find(";", position)
            return "".join(pieces), (len(text) if end < 0 else end + 1)
        if character == "\\" and position + 1 < len(text) and text[position + 1] in '"\\':
            position += 1
            character = text[position]
        pieces.append(character)
        position += 1
    return "".join(pieces), position


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Continuations (`name*0*=`) put together; of two forms of a name the RFC 2231 one wins, else the first."""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for name, value in pairs:
        base, star, tail = name.partition("*")
        if not star:
            plain.setdefault(base, value)
        elif tail == "":
            pieces.setdefault(base, {}).setdefault(-1, (True, value))
        elif tail.rstrip("*").isdigit():
            pieces.setdefault(base, {}).setdefault(int(tail.rstrip("*")), (tail.endswith("*"), value))
    found = {name: decode_words(value) for name, value in plain.items()}
    found.update({name: _continued(parts) for name, parts in pieces.items()})
    return found


def _continued(parts: dict[int, tuple[bool, str]]) -> str:
    if -1 in parts:
        parts = {0: parts[-1]}
    charset, data = "utf-8", bytearray()
    for number in sorted(parts):
        encoded, value = parts[number]
        if encoded and value.count("'") >= 2 and number == min(parts):
            charset, _, value = value.split("'", 2)
        data += unquote_to_bytes(value) if encoded else value.encode("utf-8", "replace")
    text = charsets.decode(bytes(data), charset or "utf-8")[0]
    return decode_words(text)
