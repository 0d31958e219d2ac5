"""Checklists on tickets for programs: read, begin, do steps; the same verbs and the same gate as at the desk."""

from datetime import datetime

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from accounts.models import Person
from accounts.rest.call import Call
from accounts.rest.once import once
from accounts.rest.shown import PersonBrief
from knowledgebase.access import articles_for
from knowledgebase.models import Article
from supportdesk.lib.rest.fields import Body, Choice, Number, Shown, Text
from supportdesk.lib.rest.schema import ErrorAnswer, operation
from supportdesk.lib.rest.views import ListView
from tickets.access import run_for, run_step_for, ticket_for
from tickets.actions import processes
from tickets.actions.processes.stepping import NotYourStep, note_attempt
from tickets.api.refusals import SaysWhy
from tickets.api.shown import address_of
from tickets.api.views import SEE
from tickets.models import ProcessRun, RunStep
from tickets.queries_desk.processes import runs_for

DO = ("tickets:write", "processes.work")
ACTS = (
    ("claim", "Take it"),
    ("finish", "It is done"),
    ("skip", "It is not needed here"),
    ("hand_back", "Somebody else does it"),
    ("take_back", "It was ticked by mistake"),
)


class StartBody(Body):
    """Which process of the wiki to begin."""

    article = Number(max_value=2**63 - 1, help_text="The number of its page.")


class StepBody(Body):
    """What becomes of a step."""

    act = Choice(choices=ACTS)
    evidence = Text(max_length=500, required=False, default="", allow_blank=True, help_text="What `finish` asks for.")
    reason = Text(max_length=300, required=False, default="", allow_blank=True, help_text="Why, for `skip`.")


class StepShown(Shown):
    """A step of the version that the run follows. `how` and `say` are Markdown, for staff alone."""

    no = serializers.IntegerField(source="step.no")
    title = serializers.CharField(source="step.title")
    how = serializers.CharField(source="step.how")
    say = serializers.CharField(source="step.say")
    customer_label = serializers.CharField(source="step.customer_label")
    evidence_asked = serializers.CharField(source="step.evidence", help_text="words, link, number, or empty.")
    role = serializers.CharField(source="role.name", default=None, allow_null=True)
    person = PersonBrief(allow_null=True)

    class Meta:
        model = RunStep
        fields = (
            "id", "no", "title", "how", "say", "customer_label", "evidence_asked", "role", "state", "person",
            "due_at", "settled_at", "evidence", "reason",
        )  # fmt: skip


class RunShown(Shown):
    """A version of a process on a ticket, with its steps in order."""

    url = serializers.SerializerMethodField()
    ticket = serializers.IntegerField(source="ticket_id")
    article = serializers.IntegerField(source="article_id")
    title = serializers.CharField(source="revision.title")
    version = serializers.IntegerField(source="revision.no")
    steps = serializers.SerializerMethodField()

    class Meta:
        model = ProcessRun
        fields = (
            "id", "url", "ticket", "article", "title", "version", "state", "started_at", "ended_at", "reason", "steps",
        )  # fmt: skip

    def get_url(self, row: ProcessRun) -> str:
        """Where it can be read again."""
        return address_of("api:process_run", row.pk)

    @extend_schema_field(StepShown(many=True))
    def get_steps(self, row: ProcessRun) -> list[dict]:
        """Those of its version."""
        return list(StepShown(row.shown_steps, many=True).data)  # type: ignore[attr-defined]  # prefetched


def _runs(person: Person) -> QuerySet[ProcessRun]:
    steps = RunStep.objects.filter(is_current=True).select_related("step", "role", "person").order_by("step__no")
    return runs_for(person).select_related("revision").prefetch_related(Prefetch("steps", steps, "shown_steps"))


def _shown(request: Call, pk: int) -> dict:
    return RunShown(_runs(request.user).get(pk=pk)).data


class Runs(SaysWhy, ListView):
    tag = "Processes"
    needs = {"GET": SEE, "POST": DO}
    serializer_class = RunShown
    queryset = ProcessRun.objects.none()

    @operation("process_runs_list", "List the checklists of a ticket", answer=RunShown(many=True))
    def get(self, request: Call, pk: int) -> Response:
        ticket = ticket_for(request.user, pk)
        return self.page(_runs(request.user).filter(ticket=ticket))

    @operation(
        "process_runs_start", "Begin a process of the wiki on a ticket", body=StartBody, answer=RunShown, status=201,
        once=True, description="The published version. It runs once at a time on a ticket.",
    )  # fmt: skip
    def post(self, request: Call, pk: int) -> Response:
        ticket, article = ticket_for(request.user, pk), _article(request, self.read(StartBody)["article"])

        def act() -> tuple[int, dict]:
            run = processes.start_run(ticket=ticket, article=article, by=request.user, now=timezone.now())
            return 201, _shown(request, run.pk)

        return once(request, act)


class OneRun(SaysWhy):
    tag = "Processes"
    needs = {"GET": SEE}
    queryset = ProcessRun.objects.none()

    @operation("process_runs_read", "Read a checklist of a ticket", answer=RunShown)
    def get(self, request: Call, pk: int) -> Response:
        return Response(_shown(request, run_for(request.user, pk).pk))


class OneStep(SaysWhy):
    tag = "Processes"
    needs = {"POST": DO}
    queryset = RunStep.objects.none()

    @operation(
        "process_steps_act", "Take, do, skip or give back a step", body=StepBody, answer=RunShown, conflict=ErrorAnswer,
        refuses=True,
        description="Answers with the whole checklist. A step of a work role is for people of that role; what a "
        "colleague took stays theirs.",
    )  # fmt: skip
    def post(self, request: Call, pk: int) -> Response:
        step, said, now = run_step_for(request.user, pk), self.read(StepBody), timezone.now()
        try:
            _act(step, said, by=request.user, now=now)
        except NotYourStep:
            note_attempt(step, by=request.user, now=now)
            raise
        return Response(_shown(request, step.run_id))


def _act(step: RunStep, said: dict, *, by: Person, now: datetime) -> None:
    if said["act"] == "finish":
        processes.finish(step=step, evidence=said["evidence"], by=by, now=now)
    elif said["act"] == "skip":
        processes.skip(step=step, reason=said["reason"], by=by, now=now)
    else:
        getattr(processes, said["act"])(step=step, by=by, now=now)


def _article(request: Call, pk: int) -> Article:
    found = articles_for(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
