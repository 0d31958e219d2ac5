"""SMS and chat for programs: hand a provider's messages in, fetch ours, and say what became of them.

The caller is believed about where a message came from, and about nothing else. See tickets.actions.passing.
"""

import re
from datetime import datetime

from django.http import FileResponse, Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.response import Response

from accounts.models import Person
from accounts.phones import NotANumber, normalise_number
from accounts.rest.call import Call
from supportdesk.lib.rest.fields import LARGEST_ID, Body, Choice, Number, Shown, Text, Truth
from supportdesk.lib.rest.schema import ErrorAnswer, operation
from supportdesk.lib.rest.views import ApiView, ListView
from tickets.access import one_outgoing_for, outgoing_for
from tickets.actions import passing
from tickets.actions.entitling import identity
from tickets.api import bodies
from tickets.api.files import UploadBody, Uploads, as_download
from tickets.api.refusals import SaysWhy
from tickets.api.shown import UploadShown, address_of
from tickets.choices import Channel, Passing
from tickets.models import Attachment, PassedMessage
from tickets.models.channels import PASSED

SEE = ("channels:pass", "tickets.see")
PASS = ("channels:pass", "tickets.work")
ID_LENGTH = 200
_FIRM = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &._-]{1,11}", re.ASCII)
OUTCOMES = [(Passing.SENT.value, "It was handed to its reader"), (Passing.FAILED.value, "It will not arrive")]


class SenderBody(Body):
    """Who wrote. A name and an address are what they say of themselves: shown to agents, trusted by nobody."""

    id = Text(max_length=ID_LENGTH, help_text="The telephone number, or the provider's id of the chat visitor.")
    name = Text(max_length=255, required=False, default="")
    email = Text(max_length=254, required=False, default="", help_text="What a visitor typed. It proves nothing.")
    claims_priority = Truth(
        required=False, default=False, help_text="They say that they have priority support. Agents see it as a claim."
    )
    signed_at = Number(
        min_value=0, max_value=2**40, required=False, allow_null=True, default=None,
        help_text="Unix seconds at which your server signed `email`. A signature works for a day.",
    )  # fmt: skip
    signature = Text(
        max_length=64, required=False, default="",
        help_text="Hex HMAC-SHA256 of `v1.<signed_at>.<email>` with the identity secret: then `email` is proven.",
    )  # fmt: skip


class IncomingBody(Body):
    """One message of a provider."""

    id = Text(max_length=ID_LENGTH, help_text="The provider's id of this message: handed in twice, it is one.")
    sender = SenderBody()
    conversation = Text(
        max_length=ID_LENGTH, required=False, default="", help_text="The provider's id of the conversation, if any."
    )
    text = bodies.words(required=False, allow_blank=True, default="")
    subject = Text(max_length=200, required=False, default="", help_text="Left out: the first words.")
    team = bodies.team()
    attachments = bodies.Attachments()


class ClaimBody(Body):
    limit = Number(min_value=1, max_value=passing.MOST_CLAIMED, required=False, default=20)


class ReportBody(Body):
    """What became of a message that was claimed."""

    lease = Number(max_value=2**31 - 1, help_text="The `lease` under which it was claimed.")
    state = Choice(choices=OUTCOMES)
    provider_id = Text(max_length=ID_LENGTH, required=False, default="")
    error = Text(max_length=500, required=False, default="", help_text="Why it failed, in words that agents read.")


class ReceivedShown(serializers.Serializer):
    """Where the words stand now."""

    ticket = serializers.IntegerField()
    message = serializers.IntegerField()
    is_new = serializers.BooleanField(help_text="False when it was handed in before.")
    url = serializers.CharField(help_text="The message in the API.")


class OutgoingShown(Shown):
    """An agent's answer on its way out."""

    url = serializers.SerializerMethodField(help_text="This message in the API.")
    ticket = serializers.IntegerField(source="message.ticket_id")
    message = serializers.IntegerField(source="message_id")
    to = serializers.CharField(source="conversation.handle.value", help_text="A telephone number or a visitor's id.")
    conversation = serializers.CharField(source="conversation.key")
    text = serializers.CharField(source="message.text")
    attachments = serializers.SerializerMethodField()

    class Meta:
        model = PassedMessage
        fields = (
            "id", "url", "channel", "state", "error", "to", "conversation", "ticket", "message", "text", "attachments",
            "lease", "leased_until", "ready_at", "provider_id", "created_at",
        )  # fmt: skip

    def get_url(self, row: PassedMessage) -> str:
        return address_of("api:outgoing", row.channel, row.pk)

    def get_attachments(self, row: PassedMessage) -> list[dict]:
        files = row.message.attachments.all()
        return [
            {
                "name": file.name, "size": file.size, "content_type": file.content_type,
                "url": address_of("api:outgoing_file", row.channel, row.pk, file.pk),
            }
            for file in sorted(files, key=lambda file: (file.position, file.pk))
        ]  # fmt: skip


class Incoming(SaysWhy):
    tag = "Channels"
    needs = {"POST": PASS}
    queryset = PassedMessage.objects.none()

    @operation(
        "channels_receive",
        "Hand in a message",
        body=IncomingBody,
        answer=ReceivedShown,
        status=201,
        refuses=True,
        description="`channel` is `sms` or `chat`. It joins the ticket of its conversation while that is open or was "
        "closed in the last 7 days; else it opens one. Handed in again under the same `id`, it changes nothing. "
        "The sender is known by number or visitor id alone: a name or address in it proves nothing.",
    )
    def post(self, request: Call, channel: str) -> Response:
        said, now = self.read(IncomingBody), timezone.now()
        sender = said["sender"]
        passed, is_new = passing.take_in(
            channel=_known(channel),
            provider_id=said["id"],
            sender=passing.Sender(
                _handle(channel, sender["id"]),
                sender["name"],
                sender["email"],
                sender["claims_priority"],
                _signed(sender, now),
            ),
            text=said["text"],
            key=said["conversation"],
            subject=said["subject"],
            team=said.get("team"),
            attachments=said["attachments"],
            now=now,
        )
        message = passed.message
        where = {"ticket": message.ticket_id, "message": message.pk, "url": address_of("api:message", message.pk)}
        return Response(ReceivedShown({"is_new": is_new, **where}).data, status=201)


class Outgoing(ListView):
    tag = "Channels"
    needs = {"GET": SEE}
    serializer_class = OutgoingShown
    queryset = PassedMessage.objects.none()

    @operation(
        "channels_outgoing_list",
        "List our answers",
        answer=OutgoingShown(many=True),
        description="The newest first, whatever their state. To pass them on, claim them.",
    )
    def get(self, request: Call, channel: str) -> Response:
        return self.page(outgoing_for(request.user, channel))


class OneOutgoing(ApiView):
    tag = "Channels"
    needs = {"GET": SEE}
    queryset = PassedMessage.objects.none()

    @operation("channels_outgoing_read", "Read one of our answers", answer=OutgoingShown)
    def get(self, request: Call, channel: str, pk: int) -> Response:
        return Response(OutgoingShown(one_outgoing_for(request.user, channel, pk)).data)


class Claim(SaysWhy):
    tag = "Channels"
    needs = {"POST": PASS}
    queryset = PassedMessage.objects.none()

    @operation(
        "channels_claim",
        "Claim answers to pass on",
        body=ClaimBody,
        answer=OutgoingShown(many=True),
        description="The oldest that wait, for two minutes. Nobody else gets them until then. Pass each on with its "
        "`id` as the provider's key of idempotency, then report under its `lease`.",
    )
    def post(self, request: Call, channel: str) -> Response:
        said = self.read(ClaimBody)
        rows = passing.claim(channel=_known(channel), most=said["limit"], now=timezone.now())
        return Response(OutgoingShown(rows, many=True).data)


class Report(SaysWhy):
    tag = "Channels"
    needs = {"POST": PASS}
    queryset = PassedMessage.objects.none()

    @operation(
        "channels_report",
        "Say what became of an answer",
        body=ReportBody,
        answer=OutgoingShown,
        conflict=ErrorAnswer,
        description="A failure opens the ticket again and shows its words to the agent. The same report twice is one; "
        "409 when somebody else has claimed the message since.",
    )
    def post(self, request: Call, channel: str, pk: int) -> Response:
        row = one_outgoing_for(request.user, channel, pk)
        passing.report(passed=row, now=timezone.now(), **self.read(ReportBody))
        return Response(OutgoingShown(one_outgoing_for(request.user, channel, pk)).data)


class OutgoingFile(ApiView):
    tag = "Channels"
    needs = {"GET": SEE}
    queryset = Attachment.objects.none()

    @operation(
        "channels_outgoing_file", "Download a file of an answer", answer=OpenApiTypes.BINARY,
        media="application/octet-stream",
    )  # fmt: skip
    def get(self, request: Call, channel: str, pk: int, file: int) -> FileResponse:
        row = one_outgoing_for(request.user, channel, pk)
        found = row.message.attachments.select_related("file").filter(pk=file).first() if file <= LARGEST_ID else None
        if found is None:
            raise Http404
        return as_download(found)


class ChannelUploads(Uploads):
    """The same as /api/uploads/, for programs that may do nothing else with tickets."""

    tag = "Channels"
    needs = {"POST": PASS}

    @operation(
        "channels_uploads_add", "Upload a file of a message", body={"multipart/form-data": UploadBody},
        answer=UploadShown, status=201, refuses=True,
        description="Name its `id` within a day in `attachments` of a message that you hand in.",
    )  # fmt: skip
    def post(self, request: Call) -> Response:
        return super().post(request)


def _signed(sender: dict, now: datetime) -> Person | None:
    """Whom a signature shows; None without one. A wrong one is refused: its sender wants to know."""
    if not sender["signature"] and sender["signed_at"] is None:
        return None
    try:
        return identity.person_signed(
            address=sender["email"], signed_at=sender["signed_at"] or 0, signature=sender["signature"], now=now
        )
    except identity.NotSigned as refusal:
        raise serializers.ValidationError({"sender": [str(refusal)]}) from None


def _known(channel: str) -> str:
    if channel not in PASSED:
        raise Http404
    return channel


def _handle(channel: str, value: str) -> str:
    """One spelling a sender. Firms send SMS under a name; that is no number, and nothing can be answered to it."""
    if channel != Channel.SMS or _FIRM.fullmatch(value):
        return value
    try:
        return normalise_number(value)
    except NotANumber as error:
        raise serializers.ValidationError({"sender": [str(error)]}) from None
