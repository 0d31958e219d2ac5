"""The API: its addresses, its description in OpenAPI, and a page that shows the latter."""

import json
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path, re_path
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView

from supportdesk.lib.audience import public

METHODS = ("get", "post", "patch", "delete")
GROUPS = (
    "Tickets", "Messages", "Notes", "Files", "Channels", "People", "Organisations", "Customers", "Orders", "Invoices",
    "Payments", "Articles", "Processes", "Set-up",
)  # fmt: skip


@lru_cache(maxsize=1)
def description() -> dict:
    """The whole API in OpenAPI. The same for everybody, and until the program changes."""
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))


@lru_cache(maxsize=1)
def _written() -> bytes:
    return json.dumps(description(), indent=1, ensure_ascii=False).encode()


@require_safe
@public
def schema(request: HttpRequest) -> HttpResponse:
    """OpenAPI as JSON."""
    response = HttpResponse(_written(), content_type="application/vnd.oai.openapi+json")
    response["Cache-Control"] = "public, max-age=300"
    return response


@require_safe
@public
def pages(request: HttpRequest) -> HttpResponse:
    """The description as a plain page: nothing is loaded from elsewhere."""
    groups: dict[str, list] = {name: [] for name in GROUPS}
    for address, methods in description()["paths"].items():
        for method in METHODS:
            if found := methods.get(method):
                more = {"body": _body_of(found), "paragraphs": _paragraphs(found)}
                entry = {"address": address, "method": method.upper(), **more, **found}
                groups[found["tags"][0]].append(entry)
    return render(request, "api/description.html", {"groups": groups, "info": description()["info"]})


def _paragraphs(operation: dict) -> list[str]:
    """The description without the marks of Markdown."""
    return operation["description"].replace("`", "").split("\n\n")


def _body_of(operation: dict) -> list[dict]:
    """The fields that an operation takes: name, kind, required, description."""
    content = operation.get("requestBody", {}).get("content", {})
    reference = next((kind["schema"].get("$ref", "") for kind in content.values()), "")
    shape = description()["components"]["schemas"].get(reference.rpartition("/")[2], {})
    needed = shape.get("required", ())
    return [
        {
            "name": name,
            "kind": field.get("format") or field.get("type") or "one of the words or an object",
            "required": name in needed,
            "description": field.get("description", ""),
        }
        for name, field in shape.get("properties", {}).items()
    ]


class Nowhere(APIView):
    """An address below /api/ that does not exist, in the shape of every other error."""

    audience = "public"
    http_method_names = ["get", "head"]
    authentication_classes = permission_classes = ()

    def initial(self, request: Request, *args, **kwargs) -> None:
        raise NotFound

    def get(self, request: Request) -> HttpResponse:
        raise NotFound


app_name = "api"
urlpatterns = [
    path("", pages, name="description"),
    path("schema/", schema, name="schema"),
    path("", include("accounts.api")),
    path("", include("accounts.account_changes_api")),
    path("", include("tickets.api.urls")),
    path("", include("billing.api.urls")),
    path("", include("knowledgebase.api.urls")),
    re_path(r"^[\s\S]+$", Nowhere.as_view(schema=None), name="nowhere"),  # line ends too, which <path:> leaves out
]
