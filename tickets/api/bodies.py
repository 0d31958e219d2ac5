"""What programs may say to the desk. Each field is named; whatever else is sent is refused by its name (S26)."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.addresses import NotAnAddress, normalise
from accounts.models import Person
from accounts.own_addresses import is_own_mailbox
from supportdesk.lib.rest.fields import Body, Choice, Moment, Number, Row, Text, Truth
from tickets.actions.details import MOST_TAGS, TAG_LENGTH
from tickets.actions.intake import SUBJECT_LENGTH
from tickets.actions.reply import THEN
from tickets.api.uploads import upload_for
from tickets.choices import Priority, TicketType
from tickets.models import ContactReason, Team
from tickets.recipients import MOST_COPIED

LONGEST_TEXT = 100_000
MOST_FILES = 10
HANDLE_LENGTH = 1000
MOST_OWN_FIELDS = 100


def words(**options) -> Text:
    """A field for what people write: their spaces and line ends are theirs."""
    return Text(max_length=LONGEST_TEXT, trim_whitespace=False, **options)


def team(**options) -> Row:
    """A field for the number of a team."""
    return Row(queryset=Team.objects.all(), what="team", required=False, **options)


def reason() -> Row:
    """A field for the number of a contact reason that is in use."""
    rows = ContactReason.objects.filter(is_active=True)
    return Row(queryset=rows, what="contact reason", required=False, allow_null=True, default=None)


def tags() -> serializers.ListField:
    """A field for tags."""
    return serializers.ListField(child=Text(max_length=TAG_LENGTH), max_length=MOST_TAGS, required=False)


@extend_schema_field({"type": "object", "additionalProperties": True, "maxProperties": MOST_OWN_FIELDS})
class OwnFields(serializers.DictField):
    """Values of the desk's own fields by their keys; null empties one. What is left out stays."""

    child = serializers.JSONField(allow_null=True)

    def to_internal_value(self, data) -> dict:
        if isinstance(data, dict) and len(data) > MOST_OWN_FIELDS:
            raise serializers.ValidationError(f"Give at most {MOST_OWN_FIELDS} fields.")
        return super().to_internal_value(data)


@extend_schema_field({"type": "array", "items": {"type": "string"}, "maxItems": MOST_FILES})
class Attachments(serializers.ListField):
    """Handles of uploads, read into the files themselves."""

    def __init__(self, **options) -> None:
        super().__init__(
            child=Text(max_length=HANDLE_LENGTH), max_length=MOST_FILES, required=False, default=list, **options
        )

    def to_internal_value(self, data):
        person = self.context["request"].user
        files = [upload_for(handle, person) for handle in super().to_internal_value(data)]
        if None in files:
            raise serializers.ValidationError("Name files by the `id` that /api/uploads/ gave you today.")
        return files


@extend_schema_field({"type": "string", "format": "email", "maxLength": 254})
class Address(Text):
    """A mail address in our one spelling, not one of ours."""

    def __init__(self, **options) -> None:
        super().__init__(max_length=254, **options)

    def to_internal_value(self, data) -> str:
        try:
            address = normalise(serializers.EmailField().run_validation(super().to_internal_value(data)))
        except NotAnAddress as error:
            raise serializers.ValidationError(str(error)) from None
        if is_own_mailbox(address):
            raise serializers.ValidationError("This is our own address. Give the one where we can answer.")
        return address


class RequesterBody(Body):
    """Who asks. Somebody new is kept as a person whose address is not proven."""

    email = Address()
    name = Text(max_length=255, required=False, default="")


class TicketBody(Body):
    """A new ticket in the words of its requester."""

    requester = RequesterBody()
    subject = Text(max_length=SUBJECT_LENGTH)
    text = words()
    team = team()
    priority = Choice(choices=Priority.choices, required=False)
    type = Choice(choices=TicketType.choices, required=False)
    tags = tags()
    attachments = Attachments()


class ChangeBody(Body):
    """What is left out stays."""

    subject = Text(max_length=SUBJECT_LENGTH, required=False)
    priority = Choice(choices=Priority.choices, required=False)
    type = Choice(choices=TicketType.choices, required=False)
    tags = tags()
    team = team()
    fields = OwnFields(required=False)  # type: ignore[assignment]  # the name is part of the API


class ReplyBody(Body):
    """An answer to the customer, mailed after the writer's undo window."""

    text = words()
    last_seen = Number(help_text="The ticket's `last_message_id` as you read it. Something newer is answered by 409.")
    cc = serializers.ListField(
        child=Text(max_length=254),
        max_length=MOST_COPIED,
        required=False,
        default=None,
        help_text="Addresses in copy. Left out: those whom the customer had in copy.",
    )
    attachments = Attachments()
    then = Choice(choices=[(word, word) for word in THEN], required=False, default="waiting")
    reason = reason()
    anyway = Truth(required=False, default=False, help_text="Send even if somebody wrote since `last_seen`.")


class NoteBody(Body):
    """Words that only staff read."""

    text = words()
    attachments = Attachments()


class AssignBody(Body):
    """Who has it now."""

    person = Row(
        queryset=Person.objects.active(), what="person", allow_null=True, help_text="Null gives it back to its team."
    )
    team = team()


class CloseBody(Body):
    """Why the customer wrote. While they wait for an answer, a close needs a reason or that `unanswered` is said."""

    reason = reason()
    unanswered = Truth(default=False, help_text="True: closed although the customer waits.")


class HoldBody(Body):
    """When it comes up again."""

    until = Moment(required=False, allow_null=True, default=None, help_text="Left out: in three days.")


class SnoozeBody(Body):
    """When it comes back, at most 14 days from now."""

    until = Moment()


class FollowUpBody(Body):
    """When somebody wants to see it again."""

    at = Moment(allow_null=True, help_text="Null: when it is usual for its state.")


class Nothing(Body):
    """No body at all, or {}."""
