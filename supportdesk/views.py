"""Pages that belong to no app: the front door and the health checks."""

import sys

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import redirect, render
from django.template.loader import get_template
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from billing.queries_store import is_open
from supportdesk.lib.audience import public
from supportdesk.lib.sent_again import what_was_sent


@require_safe
@public
def home(request: HttpRequest) -> HttpResponse:
    """The front door: staff go to what they have to read first, else to their inbox, customers to their account,
    everybody else is asked what they need.
    """
    if request.user.is_authenticated:
        staff = request.user.must_read or "desk:inbox"
        return redirect(staff if request.user.is_staff_member else "selfservice:account")
    return render(request, "home.html", {"sells": _sells()})


def _sells() -> bool:
    """Whether there is a store to go to. While the database is away the front door stands open without it."""
    try:
        return is_open()
    except (OperationalError, InterfaceError):
        return False


@require_safe
@public
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it where a page names none."""
    return redirect(static("favicon.svg"), permanent=False)


@require_safe
@public
def livez(request: HttpRequest) -> HttpResponse:
    """200 while this process answers, whatever else is down."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@public
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers and every migration is applied, 503 with the reason otherwise."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return HttpResponse("The database does not answer.\n", status=503, content_type="text/plain")
    if waiting:
        return HttpResponse("Migrations are waiting.\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


@public
def server_error(request: HttpRequest) -> HttpResponse:
    """503 while the database is away, wherever in the request that was noticed; 500 for what is our mistake.

    What a form had sent stands in the page with a button that sends it again (U48).
    """
    kept = {"sent": what_was_sent(request)}
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        # The plain template: ours would ask the database who is signed in.
        page = get_template("503.html").render(kept)
        return HttpResponse(page, status=503, headers={"Retry-After": "10", "Cache-Control": "no-store"})
    return HttpResponseServerError(get_template("500.html").render(kept), headers={"Cache-Control": "no-store"})
