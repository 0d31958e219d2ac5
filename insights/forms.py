"""What is entered on the pages of insights. Every field is named here; anything else is not read (S26)."""

from datetime import date, timedelta

from django import forms

from insights.models import SurveyRules
from insights.scales import CES, CSAT

LONGEST_COMMENT = 2000
YES_NO = (("yes", "Yes"), ("no", "No"))


class RatingForm(forms.Form):
    """A customer's answer."""

    csat = forms.TypedChoiceField(
        label="How did we do?",
        choices=CSAT,
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how we did", "invalid_choice": "Choose how we did"},
    )
    is_solved = forms.ChoiceField(
        label="Is it solved?",
        choices=YES_NO,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose yes or no, or leave it open"},
    )
    ces = forms.TypedChoiceField(
        label="How easy was it to get help?",
        choices=CES,
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose how easy it was, or leave it open"},
    )
    comment = forms.CharField(
        label="What should we know?",
        help_text="Only our team reads this. Leave it empty if there is nothing to say.",
        required=False,
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": f"Write at most {LONGEST_COMMENT:,} characters"},
    )

    def __init__(self, *args, asks_effort: bool = True, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not asks_effort:
            del self.fields["ces"]

    def entered(self) -> dict:
        """What `rate` takes."""
        typed = self.cleaned_data
        solved = {"yes": True, "no": False}.get(typed["is_solved"])
        comment = typed["comment"].replace("\x00", "").replace("\r\n", "\n").strip()
        return {"csat": typed["csat"], "ces": typed.get("ces"), "is_solved": solved, "comment": comment}


class PeriodForm(forms.Form):
    """Two days, the first and the last of a period."""

    since = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))

    longest = timedelta(days=366)

    def clean(self) -> dict:
        typed = super().clean() or {}
        since, until = typed.get("since"), typed.get("until")
        if since and until:
            if until < since:
                self.add_error("until", "Choose a last day that is not before the first")
            elif until - since >= self.longest:
                self.add_error("until", "Choose a period of at most 366 days")
            elif not date(2000, 1, 1) <= since <= until <= date(2200, 1, 1):
                self.add_error("since", "Choose days of this century")
        return typed


class SurveyRulesForm(forms.ModelForm):
    """How this desk asks."""

    class Meta:
        model = SurveyRules
        fields = (
            "is_enabled", "after_hours", "pause_days", "change_days", "asks_effort", "low_tells_lead", "low_reopens",
        )  # fmt: skip
        labels = {
            "is_enabled": "Ask customers how it went",
            "after_hours": "Open hours after closing",
            "pause_days": "Days between two questions to one customer",
            "change_days": "Days in which an answer can be changed",
            "asks_effort": "Also ask how easy it was",
            "low_tells_lead": "Mail the team's lead about a rating of 1 or 2",
            "low_reopens": "Open the ticket again after a rating of 1 or 2",
        }
        help_texts = {
            "is_enabled": "A mail with five links, once a ticket. Nobody signs in.",
            "after_hours": "By the calendar of its service level. Opening the ticket again cancels the question.",
            "change_days": "", "asks_effort": "", "low_tells_lead": "", "low_reopens": "",
        }  # fmt: skip

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name, most in (("after_hours", 240), ("pause_days", 365), ("change_days", 90)):
            field = self.fields[name] = forms.IntegerField(
                label=self.fields[name].label,
                help_text=self.fields[name].help_text,
                min_value=1 if name == "pause_days" else 0,
                max_value=most,
                error_messages={
                    "required": "Enter a number",
                    "invalid": "Enter a whole number",
                    "max_value": f"Enter at most {most}",
                    "min_value": "Enter at least %(limit_value)s",
                },
            )
            field.widget.attrs["inputmode"] = "numeric"
