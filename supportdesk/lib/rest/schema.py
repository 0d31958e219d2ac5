"""How operations describe themselves in OpenAPI, errors included."""

from collections.abc import Callable, Sequence
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from supportdesk.lib.rest.fields import Body


class ErrorWords(serializers.Serializer):
    """What went wrong: a fixed code for programs, a sentence for people."""

    code = serializers.CharField(help_text="Fixed, for programs.")
    message = serializers.CharField(help_text="A sentence, for people.")
    fields = serializers.DictField(  # type: ignore[assignment]  # the name is part of the API
        child=serializers.ListField(child=serializers.CharField()),
        help_text="Sentences by field or parameter; empty when the error belongs to none.",
    )


class ErrorAnswer(serializers.Serializer):
    error = ErrorWords()


ALWAYS = {
    400: "The request cannot be read, or a parameter is unknown.",
    401: "No token, or one that does not work.",
    403: "The token lacks a scope, or its person a right.",
    404: "There is nothing here that this person may see.",
    429: "Too many requests; Retry-After says when to go on.",
}
WITH_BODY = {413: "The body is too large.", 415: "The body is of another type."}
IDEMPOTENCY_KEY = OpenApiParameter(
    name="Idempotency-Key",
    location=OpenApiParameter.HEADER,
    description="1 to 255 visible ASCII signs that you make up. Sent again within a day, the request has no second "
    "effect and gets the first answer.",
    type={"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
)
NEEDED_KEY = OpenApiParameter(
    name="Idempotency-Key",
    location=OpenApiParameter.HEADER,
    required=True,
    description="1 to 255 visible ASCII signs that you make up. Sent again, the request moves no money a second time. "
    "Without one nothing is done.",
    type={"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
)


def operation(
    name: str,
    summary: str,
    *,
    answer=None,
    status: int = 200,
    media: str = "application/json",
    body=None,
    description: str = "",
    conflict=None,
    refuses: bool = False,
    once: bool = False,
    keyed: bool = False,
    parameters: Sequence[OpenApiParameter] = (),
) -> Callable:
    """Describe a method of a view. `conflict` is the serializer of 409, `refuses` says that 422 is possible.

    `once` may carry an Idempotency-Key, `keyed` has to.
    """
    errors = ALWAYS | (WITH_BODY if body else {})
    responses: dict = {
        (status, media): answer,
        **{code: OpenApiResponse(ErrorAnswer, words) for code, words in errors.items()},
    }
    if conflict:
        responses[409] = OpenApiResponse(conflict, "It changed meanwhile.")
    if refuses or once or keyed:
        responses[422] = OpenApiResponse(ErrorAnswer, "The desk refuses; the message says why. Nothing was changed.")
    return extend_schema(
        operation_id=name,
        summary=summary,
        description=description,
        request=body,
        responses=responses,
        parameters=[*parameters, *([IDEMPOTENCY_KEY] if once else []), *([NEEDED_KEY] if keyed else [])],
    )


class Described(AutoSchema):
    """Names the scope that each operation needs, and groups operations by the view's `tag`."""

    def get_tags(self) -> list[str]:
        return [self.view.tag]

    view: Any

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular takes no arguments
        return ""

    def get_operation(self, *args, **options) -> dict | None:
        found = super().get_operation(*args, **options)
        if found:
            scope, _ = self.view.needs.get(self.method, ("", ""))
            needs = f"Needs the scope `{scope}`." if scope else "Any token may."
            found["description"] = "\n\n".join(part for part in (found.get("description"), needs) if part)
        return found


class BodyExtension(OpenApiSerializerExtension):
    """A body takes no name that is not declared, and the schema says so."""

    target_class = Body
    match_subclasses = True

    def map_serializer(self, auto_schema, direction):
        return {
            **auto_schema._map_serializer(self.target, direction, bypass_extensions=True),
            "additionalProperties": False,
        }


class TokenExtension(OpenApiAuthenticationExtension):
    target_class = "accounts.rest.doors.BearerToken"
    name = "token"

    def get_security_definition(self, auto_schema):
        return {"type": "http", "scheme": "bearer", "description": "A token from /me/tokens/, `sd_…`."}


class SessionExtension(OpenApiAuthenticationExtension):
    target_class = "accounts.rest.doors.OwnSession"
    name = "session"

    def get_security_definition(self, auto_schema):
        return {
            "type": "apiKey", "in": "cookie", "name": "session",
            "description": "The browser's own session; writing needs X-CSRFToken as well.",
        }  # fmt: skip
