"""What an admin set up, for programs that have to name it by number."""

from rest_framework.response import Response

from accounts.rest.call import Call
from supportdesk.lib.rest.schema import operation
from supportdesk.lib.rest.views import ListView
from tickets.api.shown import ReasonShown, StatusShown, TeamShown
from tickets.api.views import SEE
from tickets.models import ContactReason, Status, Team


class Teams(ListView):
    tag = "Set-up"
    needs = {"GET": SEE}
    serializer_class = TeamShown
    sorts = ("id", "-id")
    queryset = Team.objects.none()

    @operation("teams_list", "List teams", answer=TeamShown(many=True))
    def get(self, request: Call) -> Response:
        return self.page(Team.objects.all())


class Statuses(ListView):
    tag = "Set-up"
    needs = {"GET": SEE}
    serializer_class = StatusShown
    sorts = ("id", "-id")
    queryset = Status.objects.none()

    @operation("statuses_list", "List the states of a ticket", answer=StatusShown(many=True))
    def get(self, request: Call) -> Response:
        return self.page(Status.objects.all())


class ContactReasons(ListView):
    tag = "Set-up"
    needs = {"GET": SEE}
    serializer_class = ReasonShown
    sorts = ("id", "-id")
    queryset = ContactReason.objects.none()

    @operation("contact_reasons_list", "List contact reasons that are in use", answer=ReasonShown(many=True))
    def get(self, request: Call) -> Response:
        return self.page(ContactReason.objects.filter(is_active=True))
