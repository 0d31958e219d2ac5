"""What we support: the rules with their dates, what is planned, and the tickets that no rule decides."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import can
from accounts.door import key_of
from accounts.requests import PersonRequest
from billing.actions.numbering import local_day
from supportdesk.lib.audience import staff_only
from tickets import scope
from tickets.access import tickets_for
from tickets.actions.setup import scope_rules
from tickets.forms.settings.support import EndForm, ScopeRuleForm
from tickets.models import ScopeRule, Ticket, TicketScope
from tickets.views.settings.door import may, page, saved

REFUSALS = (scope_rules.CannotChangeScope,)
MOST_WAITING = 20


@staff_only
@require_safe
def rule_list(request: PersonRequest) -> HttpResponse:
    """The rules of today in order, what is planned, and which tickets wait for a rule."""
    today = local_day(timezone.now())
    rows = ScopeRule.objects.filter(withdrawn_at=None, starts_on__gt=today).select_related("template", "article")
    waiting = TicketScope.objects.filter(rule=None).exclude(ticket__category="closed").select_related("ticket")
    context: dict[str, Any] = {
        "rules": [(rule, scope.in_words(rule), scope.verdict_words(rule)) for rule in scope.rules_on(today)],
        "planned": [
            (rule, scope.in_words(rule), scope.verdict_words(rule)) for rule in rows.order_by("starts_on", "position")
        ],
        "waiting": waiting.order_by("judged_at")[:MOST_WAITING],
        "may_change": can(request.user, "desk.automate"),
    }
    return page(request, "scope_list", "scope", **context)


@may("desk.automate")
@require_http_methods(["GET", "HEAD", "POST"])
def new_rule(request: PersonRequest) -> HttpResponse:
    """Write a rule; with `?ticket=` for one that waits for it."""
    now = timezone.now()
    ticket = _ticket(request)
    rules = scope.rules_on(local_day(now))
    last = str(rules[-1].line) if rules else ""
    begun = {"starts_on": local_day(now), "verdict": "full", "after": last, **_facts(ticket)}
    form = ScopeRuleForm(request.POST if request.method == "POST" else None, rules=rules, initial=begun)

    def create(entered: dict) -> None:
        scope_rules.create_rule(
            words=form.words(), starts_on=entered["starts_on"], after=form.place, ticket=ticket, by=request.user,
            now=now,
        )  # fmt: skip

    try:
        if saved(request, form, create, refusals=(), words="The rule is written. The public page says so already."):
            return redirect("desk:short_address", ticket.pk) if ticket else redirect("settings:scope")
    except scope_rules.CannotChangeScope as refusal:
        form.add_error(refusal.field, str(refusal))
    return page(request, "scope_form", "scope", form=form, rule=None, ticket=ticket)


@may("desk.automate")
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: PersonRequest, line: int) -> HttpResponse:
    """A rule and its versions; saving writes a new one."""
    now = timezone.now()
    versions = _versions(line)
    newest = versions[0]
    others = [one for one in scope.rules_on(local_day(now)) if one.line != line]
    form = ScopeRuleForm(
        request.POST if request.method == "POST" else None, rules=others, changing=True,
        initial=_begun(newest) | {"starts_on": max(local_day(now), newest.starts_on), "after": "stay"},
    )  # fmt: skip

    def change(entered: dict) -> None:
        scope_rules.change_rule(
            line=line, words=form.words(), starts_on=entered["starts_on"], after=form.place,
            stays=entered["after"] == "stay", by=request.user, now=now,
        )  # fmt: skip

    try:
        if saved(request, form, change, refusals=(), words="The change is written. Older tickets keep their rule."):
            return redirect("settings:scope_rule", line)
    except scope_rules.CannotChangeScope as refusal:
        form.add_error(refusal.field, str(refusal))
    return _rule(request, form, versions)


@may("desk.automate")
@require_POST
def end_rule(request: PersonRequest, line: int) -> HttpResponse:
    """A rule holds no more from a day on."""
    versions, now = _versions(line), timezone.now()
    form = EndForm(request.POST)

    def end(entered: dict) -> None:
        scope_rules.end_rule(line=line, ends_on=entered["ends_on"], by=request.user, now=now)

    if saved(request, form, end, refusals=REFUSALS, field="ends_on", words="The rule ends. What it decided stays."):
        return redirect("settings:scope")
    others = [one for one in scope.rules_on(local_day(now)) if one.line != line]
    unchanged = ScopeRuleForm(rules=others, changing=True, initial=_begun(versions[0]))
    return _rule(request, unchanged, versions, ending=form)


def _rule(
    request: PersonRequest, form: ScopeRuleForm, versions: list[ScopeRule], *, ending: EndForm | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        "rule": versions[0],
        "about": scope.in_words(versions[0]),
        "versions": [(one, scope.in_words(one), scope.verdict_words(one)) for one in versions],
        "ending": ending or EndForm(initial={"ends_on": local_day(timezone.now())}),
    }
    response = page(request, "scope_form", "scope", form=form, **context)
    if ending is not None and ending.errors:
        response.status_code = 422
    return response


def _versions(line: int) -> list[ScopeRule]:
    """The newest first. Raises Http404."""
    rows = ScopeRule.objects.filter(line=line).select_related("created_by", "template", "article")
    found = list(rows.order_by("-version")) if 0 < line < 2**63 else []
    if not found:
        raise Http404
    return found


def _ticket(request: PersonRequest) -> Ticket | None:
    key = key_of(request.GET.get("ticket"))
    return tickets_for(request.user).filter(pk=key, scope_row__rule=None).first() if key else None


def _facts(ticket: Ticket | None) -> dict:
    row = TicketScope.objects.filter(ticket=ticket).first() if ticket else None
    if row is None:
        return {}
    return {
        "product": row.product, "hardware": row.hardware, "made_from": row.made_in, "made_until": row.made_in,
        "version_from": row.product_version,
    }  # fmt: skip


def _begun(rule: ScopeRule) -> dict:
    names = (
        "product", "hardware", "made_from", "made_until", "version_from", "version_below", "for_whom", "verdict", "why",
    )  # fmt: skip
    kept = {name: getattr(rule, name) for name in names}
    return kept | {"minutes": rule.minutes or None, "template": rule.template_id, "article": rule.article_id}
