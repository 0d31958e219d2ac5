"""Macros and rules, to read. They are written on the desk's own pages."""

from rest_framework.response import Response

from accounts.rest.call import Call
from supportdesk.lib.rest.fields import Shown
from supportdesk.lib.rest.schema import operation
from supportdesk.lib.rest.views import ListView
from tickets.api.views import SEE
from tickets.models import Macro, Rule
from tickets.queries_desk.automation import seen_macros


class MacroShown(Shown):
    """A macro: its words with placeholders, and its steps as they are kept."""

    class Meta:
        model = Macro
        fields = ("id", "name", "team", "text", "steps", "uses")


class RuleShown(Shown):
    """A rule: what it waits for, its conditions and its steps, as they are kept."""

    class Meta:
        model = Rule
        fields = (
            "id", "name", "position", "is_enabled", "stops", "events", "moment", "minutes", "is_before",
            "in_open_hours", "all_of", "any_of", "steps", "version", "problem",
        )  # fmt: skip


class Macros(ListView):
    tag = "Set-up"
    needs = {"GET": SEE}
    serializer_class = MacroShown
    sorts = ("id", "-id")
    queryset = Macro.objects.none()

    @operation("macros_list", "List shared macros and one's own", answer=MacroShown(many=True))
    def get(self, request: Call) -> Response:
        return self.page(seen_macros(request.user))


class Rules(ListView):
    tag = "Set-up"
    needs = {"GET": SEE}
    serializer_class = RuleShown
    sorts = ("id", "-id")
    queryset = Rule.objects.none()

    @operation("rules_list", "List rules", answer=RuleShown(many=True))
    def get(self, request: Call) -> Response:
        return self.page(Rule.objects.all())
