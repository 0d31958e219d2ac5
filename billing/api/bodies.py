"""What programs send about money and boxes. A name that is not declared is refused (S26)."""

from typing import Any

from rest_framework import serializers

from billing.actions.shipments import NUMBER
from billing.choices import HoldReason
from billing.gateways.carriers import CARRIERS
from supportdesk.lib import money
from supportdesk.lib.rest.fields import Body, Choice, Number, Text

REASON_LENGTH = 255
MOST_LINES = 200


def amount(**options: Any) -> Number:
    """Minor units of the invoice's currency, at least one."""
    return Number(min_value=1, max_value=money.MOST, help_text="Minor units: 1284 is $12.84.", **options)


class VoidBody(Body):
    """Why it is withdrawn. The customer does not read it."""

    reason = Text(max_length=REASON_LENGTH)


class CreditLineBody(Body):
    """So much of one line, tax included; `line` 0 is shipping."""

    line = Number(help_text="The line's `id`.")
    amount = amount()


class CreditBody(Body):
    """How much is taken back. Neither `amount` nor `lines`: all that is left."""

    reason = Text(max_length=REASON_LENGTH, help_text="Stands on the credit note.")
    amount = amount(required=False)
    lines = serializers.ListField(child=CreditLineBody(), required=False, min_length=1, max_length=MOST_LINES)

    def validate(self, attrs: dict) -> dict:
        if "amount" in attrs and "lines" in attrs:
            raise serializers.ValidationError({"lines": ["Send an amount or lines, not both."]})
        named = [one["line"] for one in attrs.get("lines", ())]
        if len(named) != len(set(named)):
            raise serializers.ValidationError({"lines": ["A line stands twice."]})
        return attrs


class TransferBody(Body):
    """A bank transfer that arrived. The same reference on the same invoice is the same transfer."""

    amount = amount()
    reference = Text(max_length=120, help_text="As the bank shows it.")


class RefundBody(Body):
    """How much goes back to the card that paid."""

    amount = amount()
    reason = Text(max_length=REASON_LENGTH)


class ReleaseBody(Body):
    """Which reason to wait is over."""

    reason = Choice(choices=HoldReason.choices)


class ShipBody(Body):
    """With whom it left, and under which number."""

    carrier = Choice(choices=[(key, carrier.name) for key, carrier in CARRIERS.items()])
    tracking_number = Text(max_length=60, help_text="6 to 40 letters and digits; gaps do not matter.")

    def validate_tracking_number(self, value: str) -> str:
        bare = "".join(value.replace("-", " ").split()).upper()
        if not NUMBER.fullmatch(bare):
            raise serializers.ValidationError("Give 6 to 40 letters and digits.")
        return bare
