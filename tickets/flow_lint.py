"""Why a flow cannot be published yet, as sentences that name the stage. Reads only."""

from collections.abc import Iterator

from accounts.work_roles import Lanes, lanes
from tickets.flow_choices import WANTS_DATE, CountsFrom, ExitOn, ReminderSort
from tickets.flow_words import Words, last_words, words_of
from tickets.models import Flow, FlowVersion, Stage, StageReminder


def problems(version: FlowVersion) -> list[str]:
    """Everything that is missing, in the order of the stages; none for a flow that may be published."""
    rows = version.stages.select_related(
        "owner_role", "escalate_role", "template__published", "child_flow__published"
    ).prefetch_related("reminders__role", "reminders__template__published")  # fmt: skip
    stages, people = list(rows.order_by("no")), lanes()
    found = [] if stages else ["The flow has no stage yet. Add the first one."]
    for place, stage in enumerate(stages):
        found += [f"Stage {place + 1}, {stage.name}: {words}" for words in _of_stage(stage, stages[:place], people)]
    last = last_words(version)
    if last and (problem := last.problem()):
        found.append(f"The mail at the end: {problem}.")
    return found


def _of_stage(stage: Stage, before: list[Stage], people: Lanes) -> Iterator[str]:
    if stage.owner_role is None:
        yield "choose the role that owns it."
    elif not people.members.get(stage.owner_role.pk):
        yield f"nobody active is in {stage.owner_role.name}. Put somebody into that role, or choose another one."
    if stage.escalate_role is not None and not people.members.get(stage.escalate_role.pk):
        yield f"nobody active is in {stage.escalate_role.name}, to which it escalates."
    yield from _of_time(stage, before)
    words = words_of(stage)
    if not words:
        yield "choose a template, or write what the customer is told."
    elif problem := words.problem():
        yield f"{problem}."
    yield from _of_exit(stage)
    for reminder in sorted(stage.reminders.all(), key=lambda one: one.no):
        yield from _of_reminder(reminder, stage, words_of(reminder), people)


def _of_time(stage: Stage, before: list[Stage]) -> Iterator[str]:
    if stage.due_from == CountsFrom.DATE:
        if not any(one.exit_on in WANTS_DATE for one in before):
            yield "it is due by a date, and no stage before it asks for one."
    elif stage.due_minutes is None:
        yield "say when it is due."
    if stage.exhausted_minutes is not None and stage.due_minutes and stage.exhausted_minutes < stage.due_minutes:
        yield "it gives up before it is due."


def _of_exit(stage: Stage) -> Iterator[str]:
    if stage.exit_on in WANTS_DATE and not stage.date_label:
        yield "say what the date is that ends it, such as “Supplier's date”."
    if stage.exit_on == ExitOn.CHILD_DONE:
        if stage.child_flow is None:
            yield "choose the flow that it starts and waits for."
        elif stage.child_flow.published is None:
            yield f"the flow {stage.child_flow.name}, for which it waits, is not published."
        elif stage.child_flow_id == stage.version.flow_id:
            yield "it would start the flow that it is in, for ever."
        elif _leads_back(stage.child_flow, to=stage.version.flow):
            yield f"the flow {stage.child_flow.name}, which it starts, leads back to this one, for ever."


def _leads_back(flow: Flow, *, to: Flow) -> bool:
    """Whether `flow`, as it is published, starts `to` in one of its stages, or a flow does that it starts."""
    seen: set[int] = set()
    started = {flow.pk}
    while started - seen:
        seen |= started
        stages = Stage.objects.filter(version__in=Flow.objects.filter(pk__in=started).values("published"))
        started = set(stages.exclude(child_flow=None).values_list("child_flow", flat=True))
    return to.pk in seen


def _of_reminder(reminder: StageReminder, stage: Stage, words: Words, people: Lanes) -> Iterator[str]:
    named = f"reminder {reminder.no}"
    if not words:
        yield f"{named} says nothing."
    elif reminder.sort == ReminderSort.MAIL and (problem := words.problem()):
        yield f"{named}: {problem}."
    if reminder.role is not None and not people.members.get(reminder.role.pk):
        yield f"{named}: nobody active is in {reminder.role.name}."
    if stage.exhausted_minutes is not None and reminder.after_minutes >= stage.exhausted_minutes:
        yield f"{named} comes after the stage gave up."
