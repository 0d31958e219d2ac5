"""Delayed changes of accounts for programs: looking at what waits, and a second person's decision (E6, E7).

Nothing is proposed here: a level is shown on a ticket, by people.
"""

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from accounts.actions import change_address, proposals
from accounts.choices import RequestKind, RequestState
from accounts.masking import masked_email, masked_number
from accounts.models import ActionRequest
from accounts.refusals import Refused
from accounts.rest.call import Call
from accounts.rest.shown import PersonBrief
from supportdesk.lib.rest.errors import ApiError
from supportdesk.lib.rest.fields import LARGEST_ID, Body, Shown, Text
from supportdesk.lib.rest.filters import FilterSet, IdFilter, SeveralFilter
from supportdesk.lib.rest.schema import ErrorAnswer, operation
from supportdesk.lib.rest.views import ApiView, ListView

SEE = ("people:read", "addresses.approve")
DECIDE = ("people:write", "addresses.approve")


class ActionRequestShown(Shown):
    """A change of somebody's account that waits, or did. Addresses and numbers are masked: enough to recognise one."""

    person = serializers.IntegerField(source="person_id")
    proposed_by = PersonBrief()
    decided_by = PersonBrief(allow_null=True)
    old_value = serializers.SerializerMethodField()
    new_value = serializers.SerializerMethodField()

    class Meta:
        model = ActionRequest
        fields = (
            "id", "kind", "state", "person", "ticket", "level", "reason", "old_value", "new_value", "proposed_by",
            "proposed_at", "decided_by", "decided_at", "decided_words", "due_at", "ended_at", "failure",
        )  # fmt: skip

    @extend_schema_field(serializers.CharField())
    def get_old_value(self, row: ActionRequest) -> str:
        """What was on file."""
        return _masked(row, row.old_value)

    @extend_schema_field(serializers.CharField())
    def get_new_value(self, row: ActionRequest) -> str:
        """What is to be."""
        return _masked(row, row.new_value)


class Nothing(Body):
    """No field at all."""


class RejectBody(Body):
    reason = Text(max_length=proposals.LONGEST_REASON)


class ActionRequestFilters(FilterSet):
    person = IdFilter("person")
    kind = SeveralFilter("kind", choices=RequestKind.choices)
    state = SeveralFilter("state", choices=RequestState.choices)


def _masked(row: ActionRequest, value: str) -> str:
    if not value:
        return ""
    return masked_number(value) if row.kind == RequestKind.CHANGE_PHONE else masked_email(value)


def _rows():
    return ActionRequest.objects.select_related("person", "proposed_by", "decided_by")


class _SaysWhy(ApiView):
    """Decided already is 409, everything else that is refused 422. Whoever proposed it gets 403."""

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, proposals.CannotDecide):
            error = ApiError(409, "decided", str(error))
        elif isinstance(error, Refused):
            error = ApiError(422, "refused", str(error))
        return super().handle_exception(error)

    def one(self, pk: int) -> ActionRequest:
        """The request of this number. Raises ApiError."""
        row = _rows().filter(pk=pk).first() if 0 < pk <= LARGEST_ID else None
        if row is None:
            raise ApiError(404, "not_found", "There is nothing here.")
        return row


class ActionRequests(ListView):
    tag = "People"
    needs = {"GET": SEE}
    serializer_class = ActionRequestShown
    filterset_class = ActionRequestFilters
    queryset = ActionRequest.objects.none()

    @operation("action_requests_list", "List changes of accounts that wait", answer=ActionRequestShown(many=True))
    def get(self, request: Call) -> Response:
        return self.page(_rows())


class Approve(_SaysWhy):
    tag = "People"
    needs = {"POST": DECIDE}
    queryset = ActionRequest.objects.none()

    @operation(
        "action_requests_approve", "Approve a change of address", answer=ActionRequestShown, conflict=ErrorAnswer,
        description="By somebody else than who proposed it. It happens in 72 hours, unless the old address stops it.",
    )  # fmt: skip
    def post(self, request: Call, pk: int) -> Response:
        self.read(Nothing)
        done = change_address.approve(request=self.one(pk), by=request.user, now=timezone.now())
        return Response(ActionRequestShown(self.one(done.pk)).data)


class Reject(_SaysWhy):
    tag = "People"
    needs = {"POST": DECIDE}
    queryset = ActionRequest.objects.none()

    @operation(
        "action_requests_reject", "Reject a change of address", body=RejectBody, answer=ActionRequestShown,
        conflict=ErrorAnswer,
    )  # fmt: skip
    def post(self, request: Call, pk: int) -> Response:
        said = self.read(RejectBody)
        done = proposals.reject(request=self.one(pk), words=said["reason"], by=request.user, now=timezone.now())
        return Response(ActionRequestShown(self.one(done.pk)).data)


urlpatterns = [
    path("action-requests/", ActionRequests.as_view(), name="action_requests"),
    path("action-requests/<int:pk>/approve/", Approve.as_view(), name="approve_request"),
    path("action-requests/<int:pk>/reject/", Reject.as_view(), name="reject_request"),
]
