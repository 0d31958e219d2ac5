"""Who else is here: what an open screen says of itself, and what it hears of others."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods

from accounts.access import can
from supportdesk.lib.audience import staff_only
from supportdesk.lib.ui import avatar, icon
from tickets.access import NotFound, tickets_for
from tickets.actions.presence import be_at, leave
from tickets.choices import Doing
from tickets.forms.presence import PresenceForm, RowsForm
from tickets.queries_desk.presence import Somebody, others_at


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def presence(request: HttpRequest) -> HttpResponse:
    """GET asks who is at the tickets in `rows`. POST says as well where this screen is, which renews its lease."""
    if not can(request.user, "tickets.see"):
        raise NotFound
    now = timezone.now()
    form = PresenceForm(request.POST) if request.method == "POST" else RowsForm(request.GET)
    if not form.is_valid():
        return JsonResponse({"errors": form.errors}, status=422)
    said = form.cleaned_data
    here = said.get("ticket", 0)
    if request.method == "POST":
        if here and not tickets_for(request.user).filter(pk=here).exists():
            raise NotFound
        if here:
            doing = said["doing"] or Doing.VIEWING
            be_at(ticket_id=here, by=request.user, screen=said["screen"], doing=doing, now=now)
        else:
            leave(by=request.user, screen=said["screen"], now=now)
    return JsonResponse(_answer(request, here, said["rows"], now))


def _answer(request: HttpRequest, here: int, rows: list[int], now: datetime) -> dict:
    """`rows`: markup by ticket; `banner`: markup for the open ticket; `left`: milliseconds to the first lease's end."""
    asked = {here, *rows} - {0}
    found = others_at(asked, reader=request.user, now=now) if asked else []
    by_ticket: dict[int, list[Somebody]] = {}
    for one in found:
        by_ticket.setdefault(one.ticket, []).append(one)
    left = min((one.until_at - now for one in found), default=None)
    return {
        "rows": {str(ticket): _marks(people) for ticket, people in by_ticket.items()},
        "banner": _banner(by_ticket.get(here, [])),
        "left": int(left.total_seconds() * 1000) if left else None,
    }


def _marks(people: list[Somebody]) -> SafeString:
    """For a row of the list: up to three faces, and the words for those who cannot see them."""
    return format_html_join(
        "",
        '<span title="{}">{}<span class="vh">, {}</span></span>',
        ((one.words, avatar(one.person, "mini typing" if one.is_replying else "mini here"), one.words)
         for one in people[:3]),
    )  # fmt: skip


def _banner(people: list[Somebody]) -> SafeString | str:
    """For the open ticket."""
    if not people:
        return ""
    words = ", ".join(one.words for one in people[:3])
    more = f" and {len(people) - 3} more" if len(people) > 3 else ""
    return format_html(
        '<div class="banner mid{}">{}<span class="grow"><b>{}{}.</b> <span class="soft">{}</span></span></div>',
        " wait" if people[0].is_replying else "", icon("eye"), words, more,
        "Should an answer come before yours, you see it first.",
    )  # fmt: skip
