"""Tickets and words as the API answers them. Every field is named; notes have a serializer of their own (S29)."""

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.rest.shown import OrganisationBrief, PersonBrief
from mail.parsing.html import sanitise_html
from supportdesk.lib.rest.fields import Moment, Shown
from supportdesk.lib.rest.schema import ErrorWords
from tickets.choices import Author, Delivery
from tickets.models import Attachment, ContactReason, Message, Note, Status, Team, Ticket
from tickets.models.channels import PASSED


def address_of(name: str, *args) -> str:
    """The whole address of something of ours."""
    return f"{settings.SITE_URL}{reverse(name, args=args)}"


class TeamShown(Shown):
    class Meta:
        model = Team
        fields = ("id", "name")


class StatusShown(Shown):
    class Meta:
        model = Status
        fields = ("id", "name", "category")


class StatusBrief(Shown):
    class Meta:
        model = Status
        fields = ("id", "name")


class ReasonShown(Shown):
    class Meta:
        model = ContactReason
        fields = ("id", "name", "parent")


class ReasonBrief(Shown):
    class Meta:
        model = ContactReason
        fields = ("id", "name")


class TicketShown(Shown):
    """A ticket without its words; those are at messages/ and notes/."""

    url = serializers.SerializerMethodField(help_text="This ticket in the API.")
    requester = PersonBrief()
    organisation = OrganisationBrief(allow_null=True)
    team = TeamShown()
    assignee = PersonBrief(allow_null=True)
    status = StatusBrief()
    contact_reason = ReasonBrief(allow_null=True)
    merged_into = serializers.IntegerField(source="merged_into_id", allow_null=True)
    fields = serializers.SerializerMethodField(  # type: ignore[assignment]  # the name is part of the API
        method_name="get_own_fields", help_text="Values of the desk's own fields, by key."
    )

    class Meta:
        model = Ticket
        fields = (
            "id", "url", "subject", "requester", "organisation", "team", "assignee", "status", "category", "priority",
            "type", "channel", "tags", "created_at", "updated_at", "snippet", "last_message_id", "last_message_at",
            "is_unread", "waiting_since", "first_response_due_at", "first_responded_at", "next_response_due_at",
            "resolution_due_at", "sla_due_at", "next_action", "next_action_at", "follow_up_at", "snoozed_until",
            "has_failed_delivery", "closed_at", "contact_reason", "merged_into", "support", "entitled_at", "scope",
            "wish", "fields",
        )  # fmt: skip
        # What the above reads of other tables, so that a list is one query.
        related = ("requester", "organisation", "team", "assignee", "status", "contact_reason")

    def get_url(self, ticket: Ticket) -> str:
        return address_of("api:ticket", ticket.pk)

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_own_fields(self, ticket: Ticket) -> dict:
        return ticket.custom


class AddressShown(serializers.Serializer):
    """A mail address with the name beside it."""

    name = serializers.CharField()
    email = serializers.CharField()


class AttachmentShown(Shown):
    """A file. Its type is what the sender claimed; it is only ever downloaded."""

    url = serializers.SerializerMethodField(help_text="Where to download it, with the same token.")

    class Meta:
        model = Attachment
        fields = ("id", "url", "name", "content_type", "size", "is_inline", "content_id")

    def get_url(self, attachment: Attachment) -> str:
        return address_of("api:attachment", attachment.pk)


class AuthenticationShown(serializers.Serializer):
    """What our own mail server found out about the sender."""

    verdict = serializers.ChoiceField(choices=["pass", "fail", "none"])
    spf = serializers.CharField()
    dkim = serializers.CharField()
    dmarc = serializers.CharField()
    aligned = serializers.BooleanField(help_text="The proof is about the address in From.")


class DeliveryShown(serializers.Serializer):
    """Where a reply of ours stands, over all its recipients."""

    state = serializers.ChoiceField(choices=Delivery.choices)
    error = serializers.CharField(help_text="Why it did not arrive, in words.")
    leaves_at = Moment(allow_null=True, help_text="Until then it can be taken back.")


class MessageShown(Shown):
    """Public words: what the customer wrote, and what was answered."""

    url = serializers.SerializerMethodField(help_text="This message in the API.")
    ticket = serializers.IntegerField(source="ticket_id")
    person = PersonBrief(allow_null=True)
    to = serializers.SerializerMethodField()
    cc = serializers.SerializerMethodField()
    subject = serializers.SerializerMethodField()
    html = serializers.SerializerMethodField(help_text="Sanitised; empty when there was only text.")
    attachments = AttachmentShown(many=True)
    authentication = serializers.SerializerMethodField(help_text="Null when it did not come by mail.")
    delivery = serializers.SerializerMethodField()

    class Meta:
        model = Message
        fields = (
            "id", "url", "ticket", "author", "person", "channel", "to", "cc", "subject", "text", "quoted_text", "html",
            "created_at", "attachments", "authentication", "auto_reply", "is_held", "held_reason", "delivery",
        )  # fmt: skip
        related = ("person", "raw", "ticket__mailbox")

    def get_fields(self):
        fields = super().get_fields()
        fields["from"] = SenderShown(source="*", read_only=True)
        return fields

    def get_url(self, message: Message) -> str:
        return address_of("api:message", message.pk)

    @extend_schema_field(AddressShown(many=True))
    def get_to(self, message: Message) -> list[dict]:
        return [_address(each) for each in message.to_line]

    @extend_schema_field(AddressShown(many=True))
    def get_cc(self, message: Message) -> list[dict]:
        return [_address(each) for each in message.cc_line]

    def get_subject(self, message: Message) -> str:
        return (message.raw.subject_line if message.raw else "") or message.ticket.subject

    def get_html(self, message: Message) -> str:
        return sanitise_html(message.html)[0] if message.html else ""

    @extend_schema_field(AuthenticationShown(allow_null=True))
    def get_authentication(self, message: Message) -> dict | None:
        found = message.authentication
        if not found:
            return None
        said = {name: str(found.get(name) or "") for name in ("spf", "dkim", "dmarc")}
        return {"verdict": found.get("verdict") or "none", **said, "aligned": bool(found.get("aligned"))}

    @extend_schema_field(DeliveryShown)
    def get_delivery(self, message: Message) -> dict:
        stand = {"state": message.delivery, "error": message.delivery_error, "leaves_at": message.sends_at}
        return DeliveryShown(stand).data


class SenderShown(AddressShown):
    """Who wrote: the address in the mail, or ours when an agent answered."""

    handle = serializers.CharField(help_text="The telephone number or chat visitor; empty for mail and the web.")

    def to_representation(self, message: Message) -> dict:
        if message.channel in PASSED:
            return {"name": message.from_name, "email": "", "handle": message.from_address}
        email = message.from_address
        if not email and message.author == Author.AGENT and message.ticket.mailbox:
            email = message.ticket.mailbox.address
        return {"name": message.from_name, "email": email, "handle": ""}


class NoteShown(Shown):
    """Private words of the staff."""

    ticket = serializers.IntegerField(source="ticket_id")
    person = PersonBrief(allow_null=True)
    attachments = AttachmentShown(many=True)

    class Meta:
        model = Note
        fields = ("id", "ticket", "person", "text", "created_at", "attachments")


class UploadShown(serializers.Serializer):
    """A file that waits for the words it belongs to."""

    id = serializers.CharField(help_text="To name in `attachments`, within a day.")
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField()


class StaleWords(ErrorWords):
    newer = MessageShown(many=True, help_text="What was written meanwhile, oldest first.")


class StaleAnswer(serializers.Serializer):
    """Somebody wrote since `last_seen`. Nothing was sent."""

    error = StaleWords()


def _address(given: dict) -> dict:
    return {"name": str(given.get("name") or ""), "email": str(given.get("email") or "")}
