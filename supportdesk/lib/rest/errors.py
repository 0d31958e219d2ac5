"""Every error of the API has one shape: {"error": {"code", "message", "fields"}}. The message is a sentence."""

import logging
from collections.abc import Iterator, Mapping
from math import ceil

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions as drf
from rest_framework.response import Response

logger = logging.getLogger("django.request")

MOST_NAMED = 20
LONGEST_NAME = 100


class ApiError(drf.APIException):
    """An answer that is an error. `more` goes beside code, message and fields."""

    def __init__(self, status: int, code: str, message: str, *, fields: dict | None = None, **more) -> None:
        super().__init__(detail=message, code=code)
        self.status_code, self.code, self.fields, self.more = status, code, fields or {}, more


def answer(error: Exception, context: dict) -> Response:
    """The response for whatever a view raised. What nobody foresaw is logged once and says nothing of itself (S57)."""
    known = _known(error)
    if known is None:
        request = context["request"]._request
        got_request_exception.send(sender=None, request=request)
        logger.error("API request failed: %s %s", request.method, request.resolver_match, exc_info=error)
        known = ApiError(500, "server_error", "Something went wrong here. Nothing was changed; please try again.")
    elif known.status_code == 503:
        logger.error("API request failed: the database does not answer", exc_info=error)
    body = {"code": known.code, "message": str(known.detail), "fields": known.fields, **known.more}
    response = Response({"error": body}, status=known.status_code, headers=_headers(error, known))
    response.exception = True
    return response


def _known(error: Exception) -> ApiError | None:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, drf.ValidationError):
        return _invalid(error.detail)
    if isinstance(error, Http404 | drf.NotFound):
        return ApiError(404, "not_found", "There is nothing here that you may see.")
    if isinstance(error, PermissionDenied):
        return ApiError(403, "not_allowed", str(error) or "You may not do this.")
    if isinstance(error, RequestDataTooBig):
        return ApiError(413, "too_large", "This is too much in one request.")
    if isinstance(error, SuspiciousOperation | UnreadablePostError | MultiPartParserError):
        return ApiError(400, "malformed", "The request cannot be read.")
    if isinstance(error, OperationalError | InterfaceError):
        return ApiError(503, "unavailable", "The desk does not answer at the moment. Please try again.")
    return _of_the_framework(error) if isinstance(error, drf.APIException) else None


def _of_the_framework(error: drf.APIException) -> ApiError:
    match error:
        case drf.Throttled():
            words = f"Too many requests. Please try again in {_wait(error)} seconds."
            return ApiError(429, "too_many_requests", words)
        case drf.NotAuthenticated():
            return ApiError(401, "not_signed_in", "Send a token: Authorization: Bearer sd_…")
        case drf.AuthenticationFailed():
            return ApiError(401, "not_signed_in", str(error.detail))
        case drf.PermissionDenied():
            return ApiError(403, "not_allowed", str(error.detail))
        case drf.MethodNotAllowed():
            return ApiError(405, "method_not_allowed", "This address does not take this method.")
        case drf.UnsupportedMediaType():
            return ApiError(415, "unsupported_media_type", "Send JSON, with Content-Type: application/json.")
        case drf.ParseError():
            return ApiError(400, "malformed", str(error.detail))
    return ApiError(error.status_code, "refused", str(error.detail))


def _invalid(detail) -> ApiError:
    fields: dict[str, list[str]] = {}
    for path, words in _flat(detail, ""):
        if path in fields or len(fields) < MOST_NAMED:
            fields.setdefault(path, []).append(words)
    names = ", ".join(fields)
    only = next(iter(fields.values()))[0] if len(fields) == 1 else "See fields."
    return ApiError(400, "invalid", f"This cannot be taken as it is: {names}. {only}", fields=fields)


def _flat(detail, path: str) -> Iterator[tuple[str, str]]:
    """(path of the field, sentence), as in ("requester.email", "…")."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            name = "" if name in ("non_field_errors", "__all__") else shown(name)
            yield from _flat(inner, ".".join(part for part in (path, name) if part))
    elif isinstance(detail, list | tuple):
        for inner in detail:
            yield from _flat(inner, path)
    else:
        yield path or "body", str(detail)


def shown(name: object) -> str:
    """A name that somebody sent, short and on one line."""
    return "".join(sign if sign.isprintable() else "�" for sign in str(name))[:LONGEST_NAME]


def _wait(error: Exception) -> int:
    return ceil(getattr(error, "wait", None) or 1)


def _headers(error: Exception, known: ApiError) -> dict[str, str]:
    headers = {}
    if known.status_code == 429:
        headers["Retry-After"] = str(_wait(error))
    if known.status_code == 503:
        headers["Retry-After"] = "5"
    if known.status_code == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return headers
