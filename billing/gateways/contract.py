"""Checks requests to Stripe against the types of the installed SDK, so that a wrong word fails here and not there.

The SDK's services name, for each verb and path, the TypedDict of its parameters. They are read from its source once;
nothing is copied, so the contract is always that of the pinned version. Two holes of the types are closed: enums there
are open (`Literal[...] | str`), and the options (`idempotency_key`) type-check inside the parameters, where they would
be sent as part of the body while a random key goes into the header (trap B11).
"""

import ast
import importlib
import re
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import stripe
import typing_extensions
from stripe._request_options import RequestOptions

ROOT = Path(stripe.__file__).parent
OPTIONS = frozenset(RequestOptions.__annotations__)
WRAPPERS = (typing.NotRequired, typing.Required, typing_extensions.NotRequired, typing_extensions.Required)
_NAME = re.compile(r"\w+Params")
_GAP = re.compile(r"\{\w+\}")
_WHOLE = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Problem:
    """One thing that Stripe would refuse. `param` is named as Stripe names it: `card[number]`."""

    param: str
    code: str
    words: str


@dataclass(frozen=True)
class Endpoint:
    """A verb and a path, and the class of its parameters; None takes none."""

    verb: str
    path: str
    module: str | None
    name: str | None

    @property
    def params(self) -> type | None:
        """The TypedDict of the parameters."""
        return getattr(importlib.import_module(self.module), self.name) if self.module and self.name else None


class _Untyped:
    """Stands for the SDK's `UntypedStripeObject[str]`: a hash of texts."""

    def __class_getitem__(cls, item: Any) -> Any:
        return dict[str, item]


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """Every endpoint of the installed SDK, those with fewer gaps first."""
    found = {}
    for file in sorted(ROOT.rglob("_*_service.py")):
        tree = ast.parse(file.read_text())
        modules = {
            alias.name: node.module
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            name = _params_of(function)
            for verb, path in _requests_of(function):
                found[verb, path] = Endpoint(verb, path, modules.get(name or ""), name)
    return tuple(sorted(found.values(), key=lambda each: (each.path.count("{"), each.path, each.verb)))


def endpoint_of(verb: str, path: str) -> Endpoint | None:
    """The endpoint that answers `verb` at `path`, or None where the SDK knows none."""
    for endpoint, pattern in _patterns(verb):
        if pattern.fullmatch(path):
            return endpoint
    return None


def problems(verb: str, path: str, params: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a request, as it goes over the wire or before; empty when the SDK's types allow it."""
    endpoint = endpoint_of(verb, path)
    if endpoint is None:
        return [Problem("", "url_invalid", f"Unrecognized request URL ({verb.upper()}: {path}).")]
    if endpoint.params is None:
        return [Problem(name, "parameter_unknown", f"Received unknown parameter: {name}") for name in params]
    return list(_check(params, endpoint.params, ""))


@cache
def _patterns(verb: str) -> tuple[tuple[Endpoint, re.Pattern[str]], ...]:
    def pattern(path: str) -> re.Pattern[str]:
        return re.compile("[^/]+".join(re.escape(part) for part in _GAP.split(path)))

    return tuple((each, pattern(each.path)) for each in endpoints() if each.verb == verb)


def _params_of(function: ast.FunctionDef) -> str | None:
    for argument in (*function.args.args, *function.args.kwonlyargs):
        if argument.arg == "params" and argument.annotation is not None:
            name = _NAME.search(ast.unparse(argument.annotation))
            return name[0] if name else None
    return None


def _requests_of(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    for node in ast.walk(function):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr not in ("_request", "_request_stream") or len(node.args) < 2:
            continue
        verb, path = node.args[:2]
        if isinstance(path, ast.Call) and isinstance(path.func, ast.Attribute):  # "/v1/refunds/{refund}".format(...)
            path = path.func.value
        if isinstance(verb, ast.Constant) and isinstance(path, ast.Constant):
            yield str(verb.value), str(path.value)


@cache
def _hints(params: type) -> dict[str, Any]:
    names = {**vars(typing), **vars(typing_extensions), **vars(importlib.import_module(params.__module__))}
    names |= {"UntypedStripeObject": _Untyped, "StripeContext": str}
    return typing_extensions.get_type_hints(params, globalns=names, localns=names, include_extras=True)


def _check(value: Any, kind: Any, name: str) -> Iterator[Problem]:
    origin = get_origin(kind)
    if origin in WRAPPERS:
        yield from _check(value, get_args(kind)[0], name)
    elif origin in (Union, UnionType):
        yield from _check_union(value, get_args(kind), name)
    elif origin is Literal:
        if value not in get_args(kind):
            words = f"Invalid {name}: must be one of {', '.join(map(str, get_args(kind)))}"
            yield Problem(name, "parameter_invalid_string_empty" if value == "" else "", words)
    elif typing_extensions.is_typeddict(kind):
        yield from _check_hash(value, kind, name)
    elif origin in (list, typing.List):  # noqa: UP006 - what the SDK's annotations may hold
        if not isinstance(value, list):
            yield Problem(name, "", f"Invalid array: {name}")
        else:
            for place, one in enumerate(value):
                yield from _check(one, get_args(kind)[0], f"{name}[{place}]")
    elif origin in (dict, Mapping):
        yield from _check_texts(value, name)
    else:
        yield from _check_plain(value, kind, name)


def _check_hash(value: Any, kind: Any, name: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(name, "", f"Invalid object: {name}")
        return
    hints = _hints(kind)
    for key, one in value.items():
        inner = f"{name}[{key}]" if name else key
        if key not in hints or key in OPTIONS:
            yield Problem(inner, "parameter_unknown", f"Received unknown parameter: {inner}")
        else:
            yield from _check(one, hints[key], inner)
    for key in sorted(kind.__required_keys__ - OPTIONS - set(value)):
        if get_origin(hints[key]) not in (typing.NotRequired, typing_extensions.NotRequired):
            inner = f"{name}[{key}]" if name else key
            yield Problem(inner, "parameter_missing", f"Missing required param: {inner}.")


def _check_union(value: Any, kinds: tuple[Any, ...], name: str) -> Iterator[Problem]:
    # An open enum is closed: `Literal["a", "b"] | str` takes "a" and "b" alone. `Literal[""] | str` empties a text.
    is_enum = any(get_origin(kind) is Literal and set(get_args(kind)) != {""} for kind in kinds)
    found = [list(_check(value, kind, name)) for kind in kinds if not (is_enum and kind is str)]
    if all(found):  # what went wrong deepest inside says most
        yield from max(found, key=lambda each: (each[0].param != name, -len(each), len(each[0].words)))


def _check_texts(value: Any, name: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(name, "", f"Invalid object: {name}")
        return
    for key, one in value.items():
        if not isinstance(one, str):
            yield Problem(f"{name}[{key}]", "", f"Invalid string: {name}[{key}]")


def _check_plain(value: Any, kind: Any, name: str) -> Iterator[Problem]:
    if kind is int:
        if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, str) and _is_whole(value))):
            yield Problem(name, "parameter_invalid_integer", f"Invalid integer: {value}")
    elif kind is bool:
        if not isinstance(value, bool) and value not in ("true", "false"):
            yield Problem(name, "", f"Invalid boolean: {value}")
    elif kind is str:
        if not isinstance(value, str):
            yield Problem(name, "", f"Invalid string: {value}")
    elif kind is NoneType and value is not None:
        yield Problem(name, "", f"Invalid value: {value}")


def _is_whole(text: str) -> bool:
    return _WHOLE.fullmatch(text) is not None and text.isascii()
