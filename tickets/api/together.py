"""What tickets are to one another, who follows them, and the desk's own fields, for programs."""

from collections.abc import Callable

from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from accounts.models import Person
from accounts.rest.call import Call
from accounts.rest.once import once
from accounts.rest.shown import PersonBrief
from supportdesk.lib.rest.fields import Body, Choice, Moment, Number, Row, Shown, Text, Truth
from supportdesk.lib.rest.schema import operation
from supportdesk.lib.rest.views import ListView
from tickets.access import ticket_for
from tickets.actions import merge, relations, split, watching
from tickets.actions.intake import SUBJECT_LENGTH
from tickets.api.bodies import LONGEST_TEXT, Nothing, team
from tickets.api.refusals import SaysWhy
from tickets.api.shown import TicketShown
from tickets.api.views import SEE, WORK, shown
from tickets.choices import RelationKind, Role
from tickets.models import CustomField, Participant, Tag, Ticket, TicketRelation

MOST_MESSAGES = 500


def _ticket_number(**options) -> Row:
    return Row(queryset=Ticket.objects.all(), what="ticket", **options)


class MergeBody(Body):
    """Which ticket goes on."""

    into = _ticket_number(help_text="The ticket that goes on.")
    invite = Truth(
        required=False,
        default=False,
        help_text="Let the requester, where they take no part in `into`, and those in copy take part there.",
    )


class SplitBody(Body):
    """Which messages leave, and what they are about."""

    messages = serializers.ListField(child=Number(min_value=1), min_length=1, max_length=MOST_MESSAGES)
    subject = Text(max_length=SUBJECT_LENGTH)


class RelationBody(Body):
    """What `one` is to `other`; one of them is the ticket in the address."""

    kind = Choice(choices=RelationKind.choices)
    one = _ticket_number()
    other = _ticket_number()


class ChildBody(Body):
    """A part of the work as a ticket of its own."""

    subject = Text(max_length=SUBJECT_LENGTH)
    text = Text(max_length=LONGEST_TEXT, trim_whitespace=False, required=False, default="", allow_blank=True)
    team = team()
    assignee = Row(queryset=Person.objects.active(), what="person", required=False, allow_null=True, default=None)
    for_customer = Truth(required=False, default=False, help_text="The requester sees it, with its subject.")


class WatcherBody(Body):
    """Who wants to be told. Left out: the token's person."""

    person = Row(queryset=Person.objects.active(), what="person", required=False, allow_null=True, default=None)


class RelationShown(Shown):
    """`one` is the parent of, a duplicate of, the cause of, or what blocks `other`."""

    one = serializers.IntegerField(source="one_id")
    other = serializers.IntegerField(source="other_id")

    class Meta:
        model = TicketRelation
        fields = ("id", "kind", "one", "other", "made_at")


class WatcherShown(Shown):
    """A colleague who is told what happens."""

    person = PersonBrief()

    class Meta:
        model = Participant
        fields = ("id", "person", "added_at")


class OptionShown(serializers.Serializer):
    """A choice. A retired one stays on tickets that have it."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the name is part of the API
    is_active = serializers.BooleanField()


class FieldShown(Shown):
    """A field of the desk's own. Tickets hold its value in `fields`, by `key`."""

    options = serializers.SerializerMethodField()
    smallest = serializers.FloatField(allow_null=True)
    largest = serializers.FloatField(allow_null=True)
    types = serializers.ListField(child=serializers.CharField(), help_text="Empty: every type.")
    archived_at = Moment(allow_null=True)

    class Meta:
        model = CustomField
        fields = (
            "id", "key", "name", "kind", "help_text", "options", "smallest", "largest", "types",
            "is_required_at_close", "is_for_customers", "position", "archived_at",
        )  # fmt: skip

    @extend_schema_field(OptionShown(many=True))
    def get_options(self, field: CustomField) -> list[dict]:
        return list(field.options)


class TagShown(Shown):
    """A tag that tickets carry. `becomes` is the word that it is being renamed to, or empty."""

    class Meta:
        model = Tag
        fields = ("id", "name", "becomes")


class Act(SaysWhy):
    """One action on a ticket that answers with a ticket."""

    tag = "Tickets"
    needs = {"POST": WORK}
    queryset = Ticket.objects.none()

    def done(self, request: Call, pk: int, action: Callable) -> Response:
        """Call `action` on the ticket; it answers the ticket to show, None for the same one."""
        ticket = ticket_for(request.user, pk)
        other = action(ticket=ticket, by=request.user, now=timezone.now())
        return Response(shown(request, other.pk if isinstance(other, Ticket) else pk))


class Merge(Act):
    @operation(
        "tickets_merge",
        "Merge a ticket into another",
        body=MergeBody,
        answer=TicketShown,
        refuses=True,
        description="Everything that was said moves to `into`, with which this answers. Done before: nothing changes. "
        "Later mails and links reach `into`; a customer who takes no part there is held until somebody decides.",
    )
    def post(self, request: Call, pk: int) -> Response:
        ticket, said = ticket_for(request.user, pk), self.read(MergeBody)
        into = ticket_for(request.user, said["into"].pk)
        merge.merge(ticket=ticket, into=into, invite=said["invite"], by=request.user, now=timezone.now())
        return Response(shown(request, into.pk))


class Unmerge(Act):
    @operation(
        "tickets_unmerge",
        "Undo the merge of a ticket",
        answer=TicketShown,
        refuses=True,
        description="Both tickets are as they were. What was written since stays with the survivor.",
    )
    def post(self, request: Call, pk: int) -> Response:
        self.read(Nothing)
        return self.done(request, pk, merge.unmerge)


class Split(Act):
    @operation(
        "tickets_split",
        "Make a ticket of some messages",
        body=SplitBody,
        answer=TicketShown,
        status=201,
        once=True,
        description="Answers with the new ticket. Whoever wrote the first of the messages is its requester.",
    )
    def post(self, request: Call, pk: int) -> Response:
        ticket, said = ticket_for(request.user, pk), self.read(SplitBody)

        def act() -> tuple[int, dict]:
            new = split.split(ticket=ticket, by=request.user, now=timezone.now(), **said)
            return 201, shown(request, new.pk)

        return once(request, act)


class Unsplit(Act):
    @operation(
        "tickets_unsplit",
        "Put what was split off back",
        answer=TicketShown,
        refuses=True,
        description="Answers with the ticket that has the messages again.",
    )
    def post(self, request: Call, pk: int) -> Response:
        self.read(Nothing)
        return self.done(request, pk, split.unsplit)


class Children(SaysWhy):
    tag = "Tickets"
    needs = {"POST": WORK}
    queryset = Ticket.objects.none()

    @operation(
        "tickets_child",
        "Open a child of a ticket",
        body=ChildBody,
        answer=TicketShown,
        status=201,
        once=True,
        description="`text` becomes a private note of the child. Nothing is mailed.",
    )
    def post(self, request: Call, pk: int) -> Response:
        ticket, said = ticket_for(request.user, pk), self.read(ChildBody)

        def act() -> tuple[int, dict]:
            child = relations.open_child(parent=ticket, by=request.user, now=timezone.now(), **said)
            return 201, shown(request, child.pk)

        return once(request, act)


class Relations(SaysWhy, ListView):
    tag = "Tickets"
    needs = {"GET": SEE, "POST": WORK}
    serializer_class = RelationShown
    sorts = ("id", "-id")
    queryset = TicketRelation.objects.none()

    @operation("relations_list", "List what a ticket is to others", answer=RelationShown(many=True))
    def get(self, request: Call, pk: int) -> Response:
        ticket = ticket_for(request.user, pk)
        return self.page(TicketRelation.objects.filter(Q(one=ticket) | Q(other=ticket)))

    @operation(
        "relations_add",
        "Say what a ticket is to another",
        body=RelationBody,
        answer=RelationShown,
        status=201,
        refuses=True,
    )
    def post(self, request: Call, pk: int) -> Response:
        ticket, said = ticket_for(request.user, pk), self.read(RelationBody)
        if ticket not in (said["one"], said["other"]):
            raise serializers.ValidationError({"one": ["One of the two has to be the ticket in the address."]})
        made = relations.relate(by=request.user, now=timezone.now(), **said)
        return Response(RelationShown(made).data, status=201)


class OneRelation(SaysWhy):
    tag = "Tickets"
    needs = {"DELETE": WORK}
    queryset = TicketRelation.objects.none()

    @operation("relations_remove", "Untie two tickets", status=204)
    def delete(self, request: Call, pk: int, relation: int) -> Response:
        ticket = ticket_for(request.user, pk)
        rows = TicketRelation.objects.filter(Q(one=ticket) | Q(other=ticket))
        row = get_object_or_404(rows, pk=min(relation, 2**63 - 1))
        relations.unrelate(relation=row, by=request.user, now=timezone.now())
        return Response(status=204)


class Watchers(SaysWhy, ListView):
    tag = "Tickets"
    needs = {"GET": SEE, "POST": WORK}
    serializer_class = WatcherShown
    sorts = ("id", "-id")
    queryset = Participant.objects.none()

    @operation("watchers_list", "List who follows a ticket", answer=WatcherShown(many=True))
    def get(self, request: Call, pk: int) -> Response:
        ticket = ticket_for(request.user, pk)
        return self.page(ticket.participants.filter(role=Role.WATCHER).select_related("person"))

    @operation(
        "watchers_add",
        "Follow a ticket",
        body=WatcherBody,
        status=204,
        refuses=True,
        description="Staff only. Whoever takes part already is left as they are.",
    )
    def post(self, request: Call, pk: int) -> Response:
        ticket, said = ticket_for(request.user, pk), self.read(WatcherBody)
        person = said["person"] or request.user
        watching.follow(ticket=ticket, person=person, by=request.user, now=timezone.now())
        return Response(status=204)


class OneWatcher(SaysWhy):
    tag = "Tickets"
    needs = {"DELETE": WORK}
    queryset = Participant.objects.none()

    @operation("watchers_remove", "Follow a ticket no longer", status=204)
    def delete(self, request: Call, pk: int, person: int) -> Response:
        ticket = ticket_for(request.user, pk)
        watcher = get_object_or_404(
            ticket.participants.select_related("person"), person=min(person, 2**63 - 1), role=Role.WATCHER
        )
        watching.unfollow(ticket=ticket, person=watcher.person, by=request.user, now=timezone.now())
        return Response(status=204)


class Fields(ListView):
    tag = "Set-up"
    needs = {"GET": SEE}
    serializer_class = FieldShown
    sorts = ("id", "-id")
    queryset = CustomField.objects.none()

    @operation("fields_list", "List the desk's own fields, archived ones too", answer=FieldShown(many=True))
    def get(self, request: Call) -> Response:
        return self.page(CustomField.objects.all())


class Tags(ListView):
    tag = "Set-up"
    needs = {"GET": SEE}
    serializer_class = TagShown
    sorts = ("id", "-id")
    queryset = Tag.objects.none()

    @operation("tags_list", "List tags that were used", answer=TagShown(many=True))
    def get(self, request: Call) -> Response:
        return self.page(Tag.objects.all())
