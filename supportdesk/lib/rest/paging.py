"""Pages by key: the place in a list is the last row that was read, so new rows neither repeat nor hide any."""

from collections.abc import Mapping
from datetime import datetime

from django.core.signing import BadSignature, Signer
from django.db.models import Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

USUAL, MOST = 50, 100
PARAMETERS = ("limit", "cursor", "sort")


class Keyset(BasePagination):
    """`?limit=&cursor=&sort=`. A view's `sorts` names the fields that a list may be sorted by, the usual one first.

    A field that may be empty leaves out the rows in which it is.
    """

    def paginate_queryset(self, queryset: QuerySet, request: Request, view=None) -> list:  # type: ignore[override]
        self.request = request
        limit = limit_of(request.query_params)
        sort = _sort(request.query_params, view.sorts)
        name, falling = sort.removeprefix("-"), sort.startswith("-")
        if name != "id" and queryset.model._meta.get_field(name).null:
            queryset = queryset.filter(**{f"{name}__isnull": False})
        if cursor := request.query_params.get("cursor"):
            queryset = queryset.filter(_after(_opened(cursor, sort), name, falling))
        sign = "-" if falling else ""
        order = [f"{sign}id"] if name == "id" else [sort, f"{sign}id"]
        rows = list(queryset.order_by(*order)[: limit + 1])
        self.next = None
        if len(rows) > limit:
            rows.pop()
            sealed = _sealed(rows[-1], name, sort)
            self.next = replace_query_param(request.build_absolute_uri(), "cursor", sealed)
        return rows

    def get_paginated_response(self, data) -> Response:
        return Response({"results": data, "next": self.next})

    def get_paginated_response_schema(self, schema: dict) -> dict:
        following = {
            "type": "string",
            "format": "uri",
            "nullable": True,
            "description": "The next page, null at the end.",
        }
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {"results": schema, "next": following},
        }

    def get_schema_operation_parameters(self, view) -> list[dict]:
        limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}
        sort = {"type": "string", "enum": list(view.sorts), "default": view.sorts[0]}
        return [
            _parameter("limit", limit, "How many rows a page has."),
            _parameter(
                "cursor",
                {"type": "string", "minLength": 1},
                "Where the page starts. Follow `next` instead of making one.",
            ),
            _parameter("sort", sort, "What the list is sorted by; with a minus, the largest first."),
        ]


def _parameter(name: str, schema: dict, description: str) -> dict:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def limit_of(given: Mapping[str, str]) -> int:
    """How many rows a page shall have. Raises ValidationError."""
    text = given.get("limit", str(USUAL))
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST):
        raise ValidationError({"limit": [f"A page has 1 to {MOST} rows."]})
    return int(text)


def _sort(given: Mapping[str, str], sorts: tuple[str, ...]) -> str:
    sort = given.get("sort", sorts[0])
    if sort not in sorts:
        raise ValidationError({"sort": [f"Sort by one of {', '.join(sorts)}."]})
    return sort


def _sealed(row, name: str, sort: str) -> str:
    value = getattr(row, name)
    value = value.isoformat() if isinstance(value, datetime) else value
    return Signer(salt="api.cursor").sign_object([sort, value, row.pk], compress=False)


def _opened(cursor: str, sort: str) -> tuple[object, int]:
    try:
        sorted_by, value, pk = Signer(salt="api.cursor").unsign_object(cursor)
    except (BadSignature, ValueError):
        sorted_by = None
    if sorted_by != sort:
        raise ValidationError({"cursor": ["This is no cursor of this list. Start without one and follow `next`."]})
    return value, pk


def _after(place: tuple[object, int], name: str, falling: bool) -> Q:
    """Rows behind `place`. The first condition is what an index is entered by."""
    value, pk = place
    way = "lt" if falling else "gt"
    if name == "id":
        return Q(**{f"pk__{way}": pk})
    return Q(**{f"{name}__{way}e": value}) & (Q(**{f"{name}__{way}": value}) | Q(**{f"pk__{way}": pk}))
