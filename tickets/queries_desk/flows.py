"""Flows as the settings show them. Reads only."""

from collections.abc import Sequence

from django.db.models import Count, Prefetch, Q

from accounts.models import Person
from knowledgebase.models import Article
from tickets.flow_choices import LIVE
from tickets.models import Flow, FlowVersion, Stage, StageReminder


def flows() -> list[Flow]:
    """By name, with how many cases run (`running`) and whether a draft waits (`drafts`)."""
    running = Count("cases", filter=Q(cases__state__in=LIVE), distinct=True)
    drafts = Count("versions", filter=Q(versions__published_at__isnull=True), distinct=True)
    rows = Flow.objects.select_related("published").annotate(running=running, drafts=drafts)
    return list(rows.order_by("name"))


def stages_of(version: FlowVersion) -> list[Stage]:
    """In order, each with its reminders in order."""
    reminders = StageReminder.objects.select_related("role", "template").order_by("no")
    rows = version.stages.select_related("owner_role", "escalate_role", "template", "how", "child_flow")
    return list(rows.prefetch_related(Prefetch("reminders", reminders)).order_by("no"))


def named_for(person: Person, version: FlowVersion, stages: Sequence[Stage]) -> set[int]:
    """Which of the articles that a version's mails and stages name this person reads (A4): only those are named."""
    keys = {version.after_template_id, *(key for one in stages for key in (one.template_id, one.how_id))}
    keys |= {reminder.template_id for one in stages for reminder in one.reminders.all()}
    return set(Article.objects.readable_by(person).filter(pk__in=keys - {None}).values_list("pk", flat=True))
