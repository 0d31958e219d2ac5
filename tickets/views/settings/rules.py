"""Rules: the list, the form with its dry run, switching on and off, and the log of what they did."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from supportdesk.lib.audience import staff_only
from tickets import rule_conditions, steps
from tickets.actions.setup import rules
from tickets.choices import RunState
from tickets.forms.settings.automation import RuleForm
from tickets.models import Rule
from tickets.queries_desk import automation
from tickets.recipes import RECIPES, recipe
from tickets.views.settings.door import done, key_of, may, page, saved

REFUSALS = (rules.CannotChangeRule,)


@staff_only
@require_safe
def rule_list(request: PersonRequest) -> HttpResponse:
    """What the desk does by itself, in order."""
    return page(request, "rule_list", "rules", lines=automation.rule_lines(), recipes=RECIPES.values())


@may("desk.automate")
@require_http_methods(["GET", "HEAD", "POST"])
def new_rule(request: PersonRequest) -> HttpResponse:
    """Write a rule, from nothing or from one of the usual ones."""
    started = recipe(request.GET.get("from", ""))
    form = _form(request, started)

    def create(entered: dict) -> None:
        made.append(rules.create_rule(definition=_definition(form), by=request.user, now=timezone.now()))

    made: list[Rule] = []
    words = "The rule is kept, and rests. Look at what it would do, then switch it on."
    if _is_saving(request) and saved(request, form, create, refusals=REFUSALS, field="name", words=words):
        return redirect("settings:rule_dry_run", made[0].pk)
    return _page(request, form, None)


@may("desk.automate")
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a rule, with a dry run before it is saved."""
    row = get_object_or_404(Rule, pk=pk)
    form = _form(request, row)

    def change(entered: dict) -> None:
        rules.change_rule(rule=row, definition=_definition(form), by=request.user, now=timezone.now())

    words = f"{row.name} is changed."
    if _is_saving(request) and saved(request, form, change, refusals=REFUSALS, field="name", words=words):
        return redirect("settings:rule_dry_run", row.pk)
    return _page(request, form, row)


@staff_only
@require_safe
def dry_run(request: PersonRequest, pk: int) -> HttpResponse:
    """Which tickets a rule fits now and what would happen to each. Nothing is changed by looking."""
    row, now = get_object_or_404(Rule, pk=pk), timezone.now()
    preview = automation.preview(row, now=now, after=key_of(request.GET.get("after")))
    versions = automation.versions(row)
    return page(request, "rule_dry_run", "rules", rule=row, line=_line(row), preview=preview, versions=versions)


@may("desk.automate")
@require_POST
def switch_on(request: PersonRequest, pk: int) -> HttpResponse:
    """Let a rule act."""
    row = get_object_or_404(Rule, pk=pk)
    with_present = request.POST.get("present") == "on"
    done(
        request,
        lambda: rules.switch_on(rule=row, with_present=with_present, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} acts from now on.",
    )
    return redirect("settings:rules")


@may("desk.automate")
@require_POST
def switch_off(request: PersonRequest, pk: int) -> HttpResponse:
    """Let a rule rest."""
    row = get_object_or_404(Rule, pk=pk)
    done(
        request,
        lambda: rules.switch_off(rule=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} rests.",
    )
    return redirect("settings:rules")


@may("desk.automate")
@require_POST
def move_rule(request: PersonRequest, pk: int) -> HttpResponse:
    """Let a rule act earlier or later than its neighbour."""
    row, to = get_object_or_404(Rule, pk=pk), request.POST.get("to", "")
    if to in ("up", "down"):
        rules.move_rule(rule=row, earlier=to == "up", by=request.user, now=timezone.now())
    return redirect("settings:rules")


@may("desk.automate")
@require_POST
def remove_rule(request: PersonRequest, pk: int) -> HttpResponse:
    """Forget a rule."""
    row = get_object_or_404(Rule, pk=pk)
    done(
        request,
        lambda: rules.remove_rule(rule=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} is removed. What it did stays done.",
    )
    return redirect("settings:rules")


@staff_only
@require_safe
def log(request: PersonRequest) -> HttpResponse:
    """What rules did, on which ticket, when, and what came of it."""
    state = request.GET.get("state", "")
    row = Rule.objects.filter(pk=key_of(request.GET.get("rule")) or 0).first()
    ticket = key_of(request.GET.get("ticket"))
    found, following = automation.runs(rule=row, ticket=ticket, state=state, before=key_of(request.GET.get("before")))
    states = [(value, label) for value, label in RunState.choices if value != RunState.WAITING]
    chosen = {"rule": row, "ticket": ticket, "state": state}
    rules_there = Rule.objects.order_by("position", "pk")
    return page(
        request, "rule_log", "rules", runs=found, following=following, states=states, chosen=chosen, rules=rules_there
    )


def _is_saving(request: HttpRequest) -> bool:
    return request.method == "POST" and not request.POST.get("do", "").startswith(("more_", "preview"))


def _form(request: HttpRequest, row: Rule | None) -> RuleForm:
    wanted = request.POST.get("do", "")
    if request.method == "POST" and wanted.startswith("more_"):
        typed = request.POST.dict() | {"events": request.POST.getlist("events")}
        return RuleForm(kept=row, initial=typed, more=wanted.removeprefix("more_"))
    return RuleForm(request.POST if request.method == "POST" else None, kept=row)


def _definition(form: RuleForm) -> rules.Definition:
    return rules.Definition(**form.entered())


def _page(request: PersonRequest, form: RuleForm, row: Rule | None) -> HttpResponse:
    preview = None
    if request.method == "POST" and request.POST.get("do") == "preview" and form.is_valid():
        preview = automation.preview(_definition(form).unsaved(), now=timezone.now(), after=None)
    context = {
        "rule": row,
        "preview": preview,
        "offers": _offers(),
        "hints": [(step.label, step.hint) for step in steps.STEPS.values() if step.hint and step.in_rules],
    }
    return page(request, "rule_form", "rules", form=form, **context)


def _line(row: Rule) -> dict[str, str]:
    return {
        "when": automation.when_in_words(row),
        "conditions": automation.conditions_in_words(row),
        "does": steps.all_in_words(row.steps),
    }


def _offers() -> list[tuple[str, list[str]]]:
    """What each field of a row suggests, for one list of suggestions a kind."""
    asks = [(f"ask-{key}", field.offers()) for key, field in rule_conditions.FIELDS.items()]
    does = [(f"do-{key}", step.offers()) for key, step in steps.STEPS.items()]
    return [(name, words) for name, words in [*asks, *does] if words]
