"""JSON as the API takes it: small, flat, without what a database cannot keep (S53, S56)."""

import json
import math
from collections import Counter

from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser

from supportdesk.lib.rest.errors import ApiError, shown

MOST_BYTES = 2_621_440  # 2.5 MB
MOST_DEPTH = 8
MOST_VALUES = 5_000


def too_large(limit: int = MOST_BYTES) -> ApiError:
    """413 with its limit in words."""
    return ApiError(413, "too_large", f"A request here holds at most {limit / 1024**2:g} MB.")


class JsonBody(BaseParser):
    """An object with names that stand once. Raises ParseError with a sentence, or 413."""

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None) -> dict:
        raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise too_large()
        value = _loaded(raw)
        if not isinstance(value, dict):
            raise ParseError("The body has to be a JSON object: {…}.")
        _check(value)
        return value


def _loaded(raw: bytes):
    try:
        return json.loads(raw.decode(), object_pairs_hook=_once_each, parse_constant=_no_number, parse_float=_finite)
    except UnicodeDecodeError:
        raise ParseError("The body is not UTF-8.") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        place = f": {error.msg}, line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ParseError(f"The body is not JSON{place}.") from None


def _once_each(pairs: list[tuple[str, object]]) -> dict:
    value = dict(pairs)
    if len(value) != len(pairs):
        double, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ParseError(f"The name {shown(double)} stands twice in one object.")
    return value


def _no_number(word: str):
    raise ParseError(f"The word {word} is not JSON.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ParseError("A number is too large.")
    return number


def _too_deep() -> ParseError:
    return ParseError(f"The body is nested deeper than {MOST_DEPTH} levels.")


def _check(body: dict) -> None:
    """Refuse depth, sheer number, NUL and half a surrogate pair. Walks without recursion."""
    waiting: list[tuple[object, int]] = [(body, 1)]
    count = 0
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, dict | list):
            if depth > MOST_DEPTH:
                raise _too_deep()
            count += len(value)
            if count > MOST_VALUES:
                raise ParseError(f"The body holds more than {MOST_VALUES} values.")
            if isinstance(value, dict):
                waiting += [(name, 0) for name in value]
            waiting += [(inner, depth + 1) for inner in (value.values() if isinstance(value, dict) else value)]


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise ParseError("Text may not hold the NUL sign.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ParseError("Text may not hold half of a surrogate pair.") from None


class AlwaysJson(BaseContentNegotiation):
    """Whatever is accepted, the answer is JSON; a body is what its Content-Type says."""

    def select_parser(self, request, parsers):
        sent = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == sent), None)

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type
