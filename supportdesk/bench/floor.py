"""The floor: what Django itself costs for the same rows, and a count of queries on every answer. Only with BENCH=1."""

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.views.decorators.http import require_safe

from supportdesk.lib.audience import staff_only
from tickets.models import Ticket

QUERIES = "X-Queries"


def count_queries(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Say on each answer how many queries it took."""

    def counted(request: HttpRequest) -> HttpResponse:
        queries = 0

        def count(execute, sql, parameters, many, context):
            nonlocal queries
            queries += 1
            return execute(sql, parameters, many, context)

        with connection.execute_wrapper(count):
            response = get_response(request)
        response[QUERIES] = str(queries)
        return response

    return counted


@require_safe
@staff_only
def rows(request: HttpRequest, count: int) -> HttpResponse:
    """Session, person, one indexed query, `count` rows in a minimal template."""
    tickets = Ticket.objects.unsolved().only("id", "subject", "snippet", "priority").order_by("next_action_at", "id")
    return render(request, "bench/rows.html", {"tickets": tickets[: min(count, 200)]})


@require_safe
@staff_only
def thread(request: HttpRequest, pk: int) -> HttpResponse:
    """Session, person, a ticket and its messages in a minimal template."""
    ticket = get_object_or_404(Ticket, pk=pk)
    return render(request, "bench/thread.html", {"ticket": ticket, "messages": ticket.messages.order_by("pk")})


urlpatterns = [
    path("floor/<int:count>/", rows, name="bench_rows"),
    path("floor/ticket/<int:pk>/", thread, name="bench_thread"),
]
