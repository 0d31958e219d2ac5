"""The shape of every address of the API."""

from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from supportdesk.lib.rest import json_body, paging
from supportdesk.lib.rest.fields import Body


class ApiView(GenericAPIView):
    """Refuses parameters that it does not know, bodies that are too large, and says what it may be cached by.

    `audience` is for the house test, `tag` groups operations in the description, `needs` names scope and right for each
    method, `parameters` may stand in the address of a GET.
    """

    audience = "staff"
    tag: str
    needs: dict[str, tuple[str, str]]
    http_method_names = ["get", "head", "post", "patch", "delete"]
    most_bytes = json_body.MOST_BYTES
    parameters: tuple[str, ...] = ()
    pagination_class: type[BasePagination] | None = None
    filter_backends: tuple = ()

    def initial(self, request: Request, *args, **kwargs) -> None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if "Transfer-Encoding" in request.headers:
            raise ParseError("Send the body in one piece, with its Content-Length.")
        if not (length.isascii() and length.isdigit()):
            raise ParseError("The length of the body is no number.")
        if len(length) > 15 or int(length) > self.most_bytes:
            raise json_body.too_large(self.most_bytes)
        super().initial(request, *args, **kwargs)
        self.check_parameters(request)

    def check_parameters(self, request: Request) -> None:
        """400 for a parameter that nobody declared, that stands twice, or empty (S25)."""
        if request.method not in self.allowed_methods:
            return  # 405 says more.
        known = self.known_parameters() if request.method in ("GET", "HEAD") else ()
        there = f"There are {', '.join(known)}." if known else "This address takes none."
        errors = {name: [f"There is no parameter of this name. {there}"] for name in request.GET if name not in known}
        for name, values in request.GET.lists():
            if len(values) > 1:
                errors.setdefault(name, ["This parameter stands more than once."])
            elif any("\x00" in value for value in values):
                errors.setdefault(name, ["A parameter may not hold the NUL sign."])
            elif not values[0]:
                errors.setdefault(name, ["This parameter is empty."])
        if errors:
            raise ValidationError(errors)

    def known_parameters(self) -> tuple[str, ...]:
        """What may stand in the address of a GET."""
        return self.parameters

    def read(self, body: type[Body], **options) -> dict:
        """The request's body as `body` declares it. Raises ValidationError."""
        read = body(data=self.request.data, context=self.get_serializer_context(), **options)
        read.is_valid(raise_exception=True)
        return read.validated_data

    def finalize_response(self, request, response, *args, **kwargs) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        add_never_cache_headers(response)
        patch_vary_headers(response, ["Authorization", "Cookie"])
        return response


class ListView(ApiView):
    """A list in pages. `sorts` and `filterset_class` are all that a visitor can choose."""

    sorts: tuple[str, ...] = ("-id", "id")
    filterset_class: type[FilterSet] | None = None
    pagination_class = paging.Keyset
    filter_backends = (DjangoFilterBackend,)

    def known_parameters(self) -> tuple[str, ...]:
        filters = tuple(self.filterset_class.base_filters) if self.filterset_class else ()
        return (*filters, *paging.PARAMETERS)

    def page(self, rows) -> Response:
        """One page of `rows`, filtered as the address says."""
        shown = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(self.get_serializer(shown, many=True).data)
