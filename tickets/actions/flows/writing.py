"""Flows are written by leads: a draft is changed stage by stage, checked, and published as a version for ever."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.text import slugify

from accounts import journal
from accounts.models import Person
from tickets import flow_lint
from tickets.actions.setup.door import by_lead
from tickets.flow_choices import BeginsOn
from tickets.models import Flow, FlowVersion, Stage, StageReminder
from tickets.refusals import Refused

MOST_STAGES = 30
MOST_REMINDERS = 8


class CannotChangeFlow(Refused):
    """The flow stays as it is. `field` is where the sentence belongs."""

    def __init__(self, words: str, field: str = "name") -> None:
        super().__init__(words)
        self.field = field


class CannotPublish(Refused):
    """Something is missing; `problems` says what, as sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@by_lead
def create_flow(*, name: str, about: str, begins_on: BeginsOn, by: Person, now: datetime) -> Flow:
    """A flow without stages, and its first draft."""
    _check_name(name, None)
    flow = Flow.objects.create(key=_key(name), name=name, about=about, begins_on=begins_on)
    FlowVersion.objects.create(flow=flow, number=1, made_by=by, made_at=now)
    journal.record(by=by, action="tickets.create_flow", subject=flow, data={"key": flow.key}, now=now)
    return flow


@by_lead
def change_flow(
    *, flow: Flow, name: str, about: str, begins_on: BeginsOn, is_enabled: bool, by: Person, now: datetime
) -> Flow:
    """What is true of every version: its name, what begins it, whether anything does. Cases that run go on."""
    row = Flow.objects.select_for_update().get(pk=flow.pk)
    _check_name(name, row)
    row.name, row.about, row.begins_on, row.is_enabled = name, about, begins_on, is_enabled
    row.save(update_fields=["name", "about", "begins_on", "is_enabled"])
    data = {"begins_on": begins_on, "is_enabled": is_enabled}
    journal.record(by=by, action="tickets.change_flow", subject=row, data=data, now=now)
    return row


@by_lead
def begin_draft(*, flow: Flow, by: Person, now: datetime) -> FlowVersion:
    """The flow's draft: the one that there is, or a copy of what is published."""
    row = Flow.objects.select_for_update().get(pk=flow.pk)
    draft = row.versions.filter(published_at__isnull=True).first()
    if draft is not None:
        return draft
    last = row.versions.order_by("-number").first()
    draft = FlowVersion(flow=row, number=last.number + 1 if last else 1, made_by=by, made_at=now)
    if last is not None:
        draft.subject, draft.after_words = last.subject, last.after_words
        draft.after_minutes, draft.after_template = last.after_minutes, last.after_template
    draft.save()
    for stage in last.stages.prefetch_related("reminders").order_by("no") if last else ():
        _copy(stage, draft)
    data = {"version": draft.number}
    journal.record(by=by, action="tickets.begin_draft_of_flow", subject=row, data=data, now=now)
    return draft


@by_lead
def drop_draft(*, flow: Flow, by: Person, now: datetime) -> None:
    """Forget a draft. A flow that was never published keeps it empty."""
    draft = _draft(flow)
    draft.stages.all().delete()
    if flow.versions.count() > 1:
        draft.delete()
    journal.record(by=by, action="tickets.drop_draft_of_flow", subject=flow, data={}, now=now)


@by_lead
def change_version(*, flow: Flow, by: Person, now: datetime, **entered: Any) -> FlowVersion:
    """What a draft says beside its stages: `subject`, `after_minutes`, `after_template`, `after_words`."""
    draft = _draft(flow)
    for name in ("subject", "after_minutes", "after_template", "after_words"):
        setattr(draft, name, entered[name])
    draft.save()
    journal.record(by=by, action="tickets.change_draft_of_flow", subject=flow, data={}, now=now)
    return draft


@by_lead
def save_stage(
    *,
    flow: Flow,
    stage: Stage | None,
    entered: dict[str, Any],
    reminders: Sequence[dict[str, Any]],
    by: Person,
    now: datetime,
) -> Stage:
    """A new stage at the end of the draft, or one changed as a whole. Raises CannotChangeFlow."""
    draft = _draft(flow)
    others = draft.stages.exclude(pk=stage.pk) if stage else draft.stages.all()
    if stage is None and others.count() >= MOST_STAGES:
        raise CannotChangeFlow(f"A flow has {MOST_STAGES} stages at most.")
    if others.filter(name__iexact=entered["name"]).exists():
        raise CannotChangeFlow("Another stage has this name already.")
    if len(reminders) > MOST_REMINDERS:
        raise CannotChangeFlow(f"A stage has {MOST_REMINDERS} reminders at most.")
    last = draft.stages.order_by("-no").values_list("no", flat=True).first() or 0
    row = draft.stages.filter(pk=stage.pk).first() if stage else Stage(version=draft, no=last + 1)
    if row is None:
        raise CannotChangeFlow("This stage was published or removed meanwhile. Open the flow again.")
    for name, value in entered.items():
        setattr(row, name, value)
    row.key = row.key or _stage_key(draft, entered["name"])
    row.save()
    row.reminders.all().delete()
    StageReminder.objects.bulk_create(
        StageReminder(stage=row, no=no, **reminder) for no, reminder in enumerate(reminders, 1)
    )
    journal.record(by=by, action="tickets.change_stage_of_flow", subject=flow, data={"stage": row.key}, now=now)
    return row


@by_lead
def remove_stage(*, flow: Flow, stage: Stage, by: Person, now: datetime) -> None:
    """Take a stage out of the draft. Published versions keep it: cases run there."""
    draft = _draft(flow)
    draft.stages.filter(pk=stage.pk).delete()
    _number_anew(draft, list(draft.stages.order_by("no")))
    journal.record(by=by, action="tickets.remove_stage_of_flow", subject=flow, data={"stage": stage.key}, now=now)


@by_lead
def move_stage(*, flow: Flow, stage: Stage, up: bool, by: Person, now: datetime) -> None:
    """One place earlier or later."""
    draft = _draft(flow)
    stages = list(draft.stages.order_by("no"))
    place = next((place for place, one in enumerate(stages) if one.pk == stage.pk), None)
    other = None if place is None else place + (-1 if up else 1)
    if place is None or other is None or not 0 <= other < len(stages):
        return
    stages[place], stages[other] = stages[other], stages[place]
    _number_anew(draft, stages)
    journal.record(by=by, action="tickets.move_stage_of_flow", subject=flow, data={"stage": stage.key}, now=now)


@by_lead
def publish(*, flow: Flow, by: Person, now: datetime) -> FlowVersion:
    """The draft is what new cases follow from now on; cases that run keep their version (D6). Raises CannotPublish."""
    row, draft = Flow.objects.select_for_update().get(pk=flow.pk), _draft(flow)
    found = flow_lint.problems(draft)
    if found:
        raise CannotPublish(found)
    draft.published_at, draft.published_by = now, by
    draft.save(update_fields=["published_at", "published_by"])
    row.published = draft
    row.save(update_fields=["published"])
    data = {"version": draft.number}
    journal.record(by=by, action="tickets.publish_flow", subject=row, data=data, now=now)
    return draft


def _draft(flow: Flow) -> FlowVersion:
    draft = FlowVersion.objects.select_for_update().filter(flow=flow, published_at__isnull=True).first()
    if draft is None:
        raise CannotChangeFlow("This version is published and never changes. Begin a new draft.")
    return draft


def _copy(stage: Stage, draft: FlowVersion) -> None:
    reminders = list(stage.reminders.order_by("no"))
    stage.pk, stage.version, stage._state.adding = None, draft, True
    stage.save(force_insert=True)
    for reminder in reminders:
        reminder.pk, reminder.stage, reminder._state.adding = None, stage, True
    StageReminder.objects.bulk_create(reminders)


def _number_anew(draft: FlowVersion, stages: Sequence[Stage]) -> None:
    """Through numbers that nobody has, since each stands once."""
    for beyond in (1_000, 0):
        for no, stage in enumerate(stages, 1):
            draft.stages.filter(pk=stage.pk).update(no=no + beyond)


def _check_name(name: str, flow: Flow | None) -> None:
    others = Flow.objects.exclude(pk=flow.pk) if flow else Flow.objects.all()
    if others.filter(name__iexact=name).exists():
        raise CannotChangeFlow(f"There is a flow “{name}” already.")


def _key(name: str) -> str:
    base = slugify(name)[:34] or "flow"
    taken = set(Flow.objects.filter(key__startswith=base).values_list("key", flat=True))
    return next(key for key in (base, *(f"{base}-{no}" for no in range(2, 9_999))) if key not in taken)


def _stage_key(draft: FlowVersion, name: str) -> str:
    base = slugify(name)[:34] or "stage"
    taken = set(draft.stages.values_list("key", flat=True))
    return next(key for key in (base, *(f"{base}-{no}" for no in range(2, 99))) if key not in taken)
