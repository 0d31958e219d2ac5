"""The search box for programs: the same words, answered the newest first, page by page."""

from typing import Any

from django.core.signing import BadSignature, Signer
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from accounts.rest.call import Call
from accounts.rest.rights import has_scope
from supportdesk.lib.rest.paging import Keyset, limit_of
from supportdesk.lib.rest.schema import operation
from supportdesk.lib.rest.views import ListView
from tickets.access import tickets_for
from tickets.api.shown import TicketShown
from tickets.api.views import SEE
from tickets.models import Ticket
from tickets.queries_desk.search import LONGEST, Search, look, read

SEALED = Signer(salt="api.search")


class SearchPages(Keyset):
    """Pages of a search. The place is a ticket's number and belongs to one search."""

    def paginate_queryset(self, queryset: Any, request: Request, view=None) -> list:
        self.request = request
        search: Search = view.search
        limit = limit_of(request.query_params)
        below = _opened(request.query_params.get("cursor"), search.q)
        found = look(queryset, search, person=request.user, now=timezone.now(), below=below, wanted=limit + 1)
        if search.ignored:
            raise ValidationError({"q": [f"This says nothing to us: {', '.join(search.ignored)}."]})
        shown = found.tickets[:limit]
        place = shown[-1] if len(found.tickets) > limit else found.looked_to
        self.next = None
        if len(found.tickets) > limit or not found.is_whole:
            sealed = SEALED.sign_object([search.q, place], compress=False)
            self.next = replace_query_param(request.build_absolute_uri(), "cursor", sealed)
        rows = {row.pk: row for row in queryset.filter(pk__in=shown)}
        return [rows[pk] for pk in shown if pk in rows]

    def get_schema_operation_parameters(self, view) -> list[dict]:
        return [one for one in super().get_schema_operation_parameters(view) if one["name"] != "sort"]


class Finding(ListView):
    tag = "Tickets"
    needs = {"GET": SEE}
    serializer_class = TicketShown
    pagination_class = SearchPages
    queryset = Ticket.objects.none()
    search: Search

    def known_parameters(self) -> tuple[str, ...]:
        return ("q", "limit", "cursor")

    @operation(
        "tickets_search",
        "Search tickets",
        answer=TicketShown(many=True),
        parameters=[
            OpenApiParameter(
                "q", {"type": "string", "minLength": 1, "maxLength": LONGEST}, required=True,
                description='`(refund OR chargeback) AND NOT training from:dana after:7d "purchase order" refun*`',
            )
        ],
        description="What agents type into the search box, the newest ticket first. Needs `notes:read` as well. "
        "A search never takes long: a page may hold fewer rows than asked for, even none, and still name a `next` from "
        "which it goes on into older tickets. It has come to the end when `next` is null.",
    )  # fmt: skip
    def get(self, request: Call) -> Response:
        if not has_scope(request, "notes:read"):
            raise PermissionDenied("A search looks into notes. This token needs the scope notes:read for it.")
        q = request.query_params.get("q", "")
        self.search = read(q)
        if len(q) > LONGEST or (self.search.is_empty and not self.search.ignored):
            raise ValidationError({"q": [f"Write 1 to {LONGEST} characters to look for."]})
        return self.page(tickets_for(request.user).select_related(*TicketShown.Meta.related))


def _opened(cursor: str | None, q: str) -> int | None:
    if cursor is None:
        return None
    try:
        asked, place = SEALED.unsign_object(cursor)
    except (BadSignature, ValueError):
        asked, place = None, 0
    if asked != q:
        raise ValidationError({"cursor": ["This is no cursor of this search. Start without one and follow `next`."]})
    return int(place)
