"""Cases of flows for programs: where each customer is on their way, begin one, bring one on."""

from django.utils import timezone
from rest_framework import serializers
from rest_framework.response import Response

from accounts.rest.call import Call
from accounts.rest.once import once
from accounts.rest.shown import PersonBrief
from supportdesk.lib.rest.fields import Body, Day, Number, Shown, Text
from supportdesk.lib.rest.filters import FilterSet, IdFilter, SeveralFilter, TextFilter
from supportdesk.lib.rest.schema import ErrorAnswer, operation
from supportdesk.lib.rest.views import ListView
from tickets.access import NotFound, ticket_for
from tickets.actions.flows import by_hand
from tickets.api.refusals import SaysWhy
from tickets.api.shown import address_of
from tickets.api.views import SEE, WORK
from tickets.flow_choices import CaseState
from tickets.models import Case, Flow

RELATED = ("flow", "version", "stage", "role", "owner", "person", "order")


class BeginBody(Body):
    """Which flow the ticket's requester begins."""

    flow = Text(max_length=40, help_text="The flow's key.")


class GoOnBody(Body):
    """The stage is done. `visit` is the one that you read: where the case moved on since, nothing happens."""

    visit = Number(min_value=1, max_value=2**31 - 1)
    date_on = Day(required=False, allow_null=True, default=None, help_text="For a stage that waits for a date.")
    date_words = Text(max_length=120, required=False, default="", allow_blank=True, help_text="For the customer.")


class CaseShown(Shown):
    """A customer on their way through a flow. `visit` rises with each stage that is entered."""

    url = serializers.SerializerMethodField()
    flow = serializers.CharField(source="flow.key")
    flow_version = serializers.IntegerField(source="version.number")
    ticket = serializers.IntegerField(source="ticket_id")
    order = serializers.IntegerField(source="order_id", allow_null=True)
    person = PersonBrief()
    owner = PersonBrief(allow_null=True)
    stage = serializers.CharField(source="stage.key")
    stage_name = serializers.CharField(source="stage.name")
    customer_label = serializers.CharField(source="stage.customer_label", help_text="What the customer reads.")
    role = serializers.CharField(source="role.name", default=None, allow_null=True)

    class Meta:
        model = Case
        fields = (
            "id", "url", "flow", "flow_version", "ticket", "order", "person", "state", "stage", "stage_name",
            "customer_label", "visit", "entered_at", "due_at", "role", "owner", "date_on", "reason", "begun_at",
            "ended_at",
        )  # fmt: skip

    def get_url(self, row: Case) -> str:
        """Where it can be read again."""
        return address_of("api:case", row.pk)


class CaseFilters(FilterSet):
    state = SeveralFilter("state", choices=CaseState.choices)
    flow = TextFilter("flow__key")
    stage = TextFilter("stage__key")
    ticket = IdFilter("ticket")


class Cases(SaysWhy, ListView):
    tag = "Processes"
    needs = {"GET": SEE}
    serializer_class = CaseShown
    filterset_class = CaseFilters
    queryset = Case.objects.none()

    @operation("cases_list", "List cases of flows", answer=CaseShown(many=True), description="The newest first.")
    def get(self, request: Call) -> Response:
        return self.page(Case.objects.select_related(*RELATED))


class OneCase(SaysWhy):
    tag = "Processes"
    needs = {"GET": SEE}
    queryset = Case.objects.none()

    @operation("cases_read", "Read a case of a flow", answer=CaseShown)
    def get(self, request: Call, pk: int) -> Response:
        return Response(CaseShown(_case(pk)).data)


class BeginCase(SaysWhy):
    tag = "Processes"
    needs = {"POST": WORK}
    queryset = Case.objects.none()

    @operation(
        "cases_begin", "Begin a flow on a ticket", body=BeginBody, answer=CaseShown, status=201, once=True,
        conflict=ErrorAnswer,
        description="For its requester. A flow runs once at a time on a ticket.",
    )  # fmt: skip
    def post(self, request: Call, pk: int) -> Response:
        ticket, key = ticket_for(request.user, pk), self.read(BeginBody)["flow"]
        flow = Flow.objects.filter(key=key, is_enabled=True, published__isnull=False).first()
        if flow is None:
            raise serializers.ValidationError({"flow": ["There is no flow with this key that is switched on."]})

        def act() -> tuple[int, dict]:
            case = by_hand.begin_by_hand(flow=flow, ticket=ticket, by=request.user, now=timezone.now())
            return 201, CaseShown(_case(case.pk)).data

        return once(request, act)


class GoOn(SaysWhy):
    tag = "Processes"
    needs = {"POST": WORK}
    queryset = Case.objects.none()

    @operation(
        "cases_go_on", "Say that the stage of a case is done", body=GoOnBody, answer=CaseShown, conflict=ErrorAnswer,
        refuses=True,
        description="For people of the role that has the case, leads and admins.",
    )  # fmt: skip
    def post(self, request: Call, pk: int) -> Response:
        case, said = _case(pk), self.read(GoOnBody)
        by_hand.go_on(case=case, by=request.user, now=timezone.now(), **said)
        return Response(CaseShown(_case(pk)).data)


def _case(pk: int) -> Case:
    found = Case.objects.select_related(*RELATED).filter(pk=pk).first() if 0 < pk < 2**63 else None
    if found is None:
        raise NotFound
    return found
