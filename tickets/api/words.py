"""Messages and notes for programs."""

from django.utils import timezone
from rest_framework.response import Response

from accounts.rest.call import Call
from accounts.rest.once import once
from supportdesk.lib.rest.schema import ErrorAnswer, operation
from supportdesk.lib.rest.views import ApiView, ListView
from tickets.access import message_for, ticket_for
from tickets.actions import reply
from tickets.actions.note import add_note
from tickets.actions.readings import note_reading
from tickets.api import bodies
from tickets.api.refusals import SaysWhy
from tickets.api.shown import MessageShown, NoteShown, StaleAnswer
from tickets.api.views import SEE, WORK
from tickets.models import Message, Note


class Messages(ListView):
    tag = "Messages"
    needs = {"GET": SEE}
    serializer_class = MessageShown
    sorts = ("id", "-id")
    queryset = Message.objects.none()

    @operation(
        "messages_list",
        "List a ticket's messages",
        answer=MessageShown(many=True),
        description="The oldest first. Replies that were taken back are left out.",
    )
    def get(self, request: Call, pk: int) -> Response:
        ticket = ticket_for(request.user, pk)
        note_reading(ticket=ticket, by=request.user, now=timezone.now())
        rows = ticket.messages.standing()
        return self.page(rows.select_related(*MessageShown.Meta.related).prefetch_related("attachments"))


class Reply(SaysWhy):
    tag = "Messages"
    needs = {"POST": WORK}
    queryset = Message.objects.none()

    @operation(
        "tickets_reply",
        "Answer the customer",
        body=bodies.ReplyBody,
        answer=MessageShown,
        status=201,
        conflict=StaleAnswer,
        once=True,
        description="The mail leaves at `delivery.leaves_at`. Until then the reply can be taken back.",
    )
    def post(self, request: Call, pk: int) -> Response:
        ticket, said = ticket_for(request.user, pk), self.read(bodies.ReplyBody)

        def act() -> tuple[int, dict]:
            message = reply.reply(ticket=ticket, by=request.user, now=timezone.now(), **said)
            return 201, MessageShown(message).data

        return once(request, act)


class OneMessage(ApiView):
    tag = "Messages"
    needs = {"GET": SEE}
    queryset = Message.objects.none()

    @operation("messages_read", "Read a message", answer=MessageShown)
    def get(self, request: Call, pk: int) -> Response:
        return Response(MessageShown(message_for(request.user, pk)).data)


class TakeBack(SaysWhy):
    tag = "Messages"
    needs = {"POST": WORK}
    queryset = Message.objects.none()

    @operation("messages_take_back", "Take a reply back before it leaves", answer=MessageShown, conflict=ErrorAnswer)
    def post(self, request: Call, pk: int) -> Response:
        message = message_for(request.user, pk)
        self.read(bodies.Nothing)
        reply.take_back(message=message, by=request.user, now=timezone.now())
        return Response(MessageShown(message_for(request.user, pk)).data)


class Retry(SaysWhy):
    tag = "Messages"
    needs = {"POST": WORK}
    queryset = Message.objects.none()

    @operation("messages_retry", "Send a reply again that did not arrive", answer=MessageShown, conflict=ErrorAnswer)
    def post(self, request: Call, pk: int) -> Response:
        message = message_for(request.user, pk)
        self.read(bodies.Nothing)
        reply.retry_delivery(message=message, by=request.user, now=timezone.now())
        return Response(MessageShown(message_for(request.user, pk)).data)


class Notes(SaysWhy, ListView):
    tag = "Notes"
    needs = {"GET": ("notes:read", "tickets.see"), "POST": ("notes:write", "tickets.work")}
    serializer_class = NoteShown
    sorts = ("id", "-id")
    queryset = Note.objects.none()

    @operation("notes_list", "List a ticket's private notes", answer=NoteShown(many=True))
    def get(self, request: Call, pk: int) -> Response:
        ticket = ticket_for(request.user, pk)
        note_reading(ticket=ticket, by=request.user, now=timezone.now())
        rows = ticket.notes.select_related("person")
        return self.page(rows.prefetch_related("attachments"))

    @operation("notes_add", "Write a private note", body=bodies.NoteBody, answer=NoteShown, status=201, once=True)
    def post(self, request: Call, pk: int) -> Response:
        ticket, said = ticket_for(request.user, pk), self.read(bodies.NoteBody)

        def act() -> tuple[int, dict]:
            note = add_note(ticket=ticket, by=request.user, now=timezone.now(), **said)
            return 201, NoteShown(note).data

        return once(request, act)
