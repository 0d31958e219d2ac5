"""What is typed when a training is booked that has to be paid: the checkout's own questions, and what it is about."""

from django import forms

from selfservice.forms.checkout import CheckoutForm

WORDS = 2000


def about() -> forms.CharField:
    """What the trainer should prepare."""
    return forms.CharField(
        label="What should it be about? (optional)",
        help_text="The trainer reads it beforehand.",
        required=False,
        max_length=WORDS,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": f"Write at most {WORDS:,} characters."},
    )


class AboutForm(forms.Form):
    """Where nothing is to be paid now."""

    words = about()
    use_required_attribute = False

    def __init__(self, data=None, **more) -> None:
        super().__init__(data, label_suffix="", **more)


class PaidBookingForm(CheckoutForm):
    """Where an order is placed by booking."""

    words = about()
