"""The month's reading: where it stands, what was odd, and who closes it."""

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import NotAllowed, has_role
from accounts.choices import Role
from accounts.door import key_of
from accounts.requests import PersonRequest
from knowledgebase.access import articles_for
from knowledgebase.actions import checking
from knowledgebase.checking_days import begins, next_month, zone_named
from knowledgebase.choices import CampaignState, CheckOutcome
from knowledgebase.models import Campaign, CampaignItem, CampaignRules
from knowledgebase.queries_campaign import (
    campaign_of,
    covered,
    items_of,
    months,
    next_item,
    progress,
    rules,
    this_month,
    too_fast,
)
from knowledgebase.queries_gaps import Gap, gaps
from knowledgebase.refusals import Refused
from knowledgebase.views.wiki import page
from supportdesk.lib import csv_files
from supportdesk.lib.audience import staff_only

A_PAGE = 100
SHOWN = {"left": "To read", "odd": "Worth a look", "all": "All"}


@require_safe
@staff_only
def month(request: PersonRequest) -> HttpResponseBase:
    """One month: this one, or the one that is named."""
    how, now = rules(), timezone.now()
    wanted = _month(request.GET.get("month", ""), this_month(how, now))
    campaign = campaign_of(wanted)
    context: dict[str, Any] = {"here": "checks", "how": how, "month": wanted, "months": months(), "campaign": campaign}
    if campaign is None:
        return page(request, "checks", **context, gaps=_gaps(request, how, wanted, now))
    stands = progress(campaign, how, request.user)
    show = request.GET.get("show", "")
    show = show if show in SHOWN else ("left" if stands.left else "all")
    rows = _shown(items_of(campaign, request.user), show, how)
    after = key_of(request.GET.get("after")) or 0
    found = list(rows.filter(pk__gt=after).order_by("pk")[: A_PAGE + 1])
    return page(
        request,
        "checks",
        **context,
        stands=stands,
        show=show,
        tabs=[("left", SHOWN["left"], stands.left), ("odd", SHOWN["odd"], stands.odd), ("all", "All", stands.total)],
        items=_with_speed(found[:A_PAGE], how),
        more=found[A_PAGE - 1].pk if len(found) > A_PAGE else 0,
        gaps=_gaps(request, how, wanted, now),
        reads=campaign.reviewer_id == request.user.pk,
        is_running=campaign.state == CampaignState.RUNNING,
        may_take_over=_may_take_over(request, how, campaign),
    )


@require_safe
@staff_only
def export(request: PersonRequest) -> HttpResponseBase:
    """The proof of one month as CSV."""
    how, now = rules(), timezone.now()
    campaign = campaign_of(_month(request.GET.get("month", ""), this_month(how, now)))
    if campaign is None:
        raise Http404
    zone = zone_named(how.zone)
    head = ("article", "slug", "version", "outcome", "read by", "read at", "seconds", "words", "words a minute",
            "implausible", "remark")  # fmt: skip
    rows = (
        (
            item.article.title, item.article.slug, item.revision.no if item.revision else None,
            item.get_outcome_display(), item.by.shown_name if item.by else "",
            item.done_at.astimezone(zone).isoformat(timespec="minutes") if item.done_at else "", item.seconds,
            item.words, item.words_a_minute if item.by else None, "yes" if _is_fast(item, how) else "", item.remark,
        )
        for item in items_of(campaign, request.user).order_by("pk")
    )  # fmt: skip
    return csv_files.answer(f"reading-{campaign.month:%Y-%m}", head, rows)


@require_safe
@staff_only
def go_on(request: PersonRequest) -> HttpResponseBase:
    """To the next page that is to be read; to the month's page when there is none."""
    campaign = campaign_of(this_month(rules(), timezone.now()))
    after = key_of(request.GET.get("after")) or 0
    found = next_item(campaign, request.user, after) if campaign else None
    return redirect("wiki:check", found) if found else redirect("wiki:checks")


@require_POST
@staff_only
def complete(request: PersonRequest) -> HttpResponse:
    """End the month."""
    campaign = _running(request)
    try:
        checking.complete(campaign=campaign, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{campaign.month:%B %Y} is complete: every page was read word for word.")
    return redirect("wiki:checks")


@require_POST
@staff_only
def take_over(request: PersonRequest) -> HttpResponse:
    """Read on in the place of whoever reads this month."""
    try:
        checking.take_over(campaign=_running(request), by=request.user, now=timezone.now())
    except (Refused, NotAllowed) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "You read this month from now on. What was read stays read.")
    return redirect("wiki:checks")


def _running(request: PersonRequest) -> Campaign:
    campaign = campaign_of(this_month(rules(), timezone.now()))
    if campaign is None:
        raise Http404
    return campaign


def _month(text: str, otherwise: date) -> date:
    """The first day of a month written as 2026-11; this month for anything else."""
    try:
        wanted = datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        return otherwise
    return wanted if 2000 <= wanted.year < 2200 else otherwise


def _shown(rows, show: str, how: CampaignRules):
    if show == "left":
        return rows.open()
    if show == "odd":
        odd = rows.filter(outcome=CheckOutcome.FLAGGED) | rows.filter(too_fast(how))
        return rows.filter(pk__in=[*odd.values_list("pk", flat=True), *rows.waiting().values_list("pk", flat=True)])
    return rows


def _is_fast(item: CampaignItem, how: CampaignRules) -> bool:
    read = item.outcome in (CheckOutcome.OK, CheckOutcome.FIXED)
    return read and item.words * 60 > max(item.seconds, 1) * how.words_a_minute


def _with_speed(items: list[CampaignItem], how: CampaignRules) -> list[tuple[CampaignItem, bool]]:
    return [(item, _is_fast(item, how)) for item in items]


def _gaps(request: PersonRequest, how: CampaignRules, month: date, now: datetime) -> list[Gap]:
    """What was unread for more than 31 days at some time of that month."""
    zone = zone_named(how.zone)
    mine = covered(how).filter(pk__in=articles_for(request.user).values("pk"))
    return gaps(mine, zone=zone, now=now, after=begins(month, zone), before=begins(next_month(month), zone))


def _may_take_over(request: PersonRequest, how: CampaignRules, campaign: Campaign) -> bool:
    person = request.user
    allowed = person.pk in {how.reviewer_id, how.deputy_id, how.manager_id} or has_role(person, Role.ADMIN)
    return allowed and campaign.reviewer_id != person.pk and campaign.state == CampaignState.RUNNING
