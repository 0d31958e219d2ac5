"""What an agent types about a saved view."""

from django import forms
from django.utils import timezone

from tickets.choices import Sharing, ViewOrder
from tickets.models import SavedView, Team, Ticket
from tickets.queries_desk import search as searching

PLAIN = {"autocomplete": "off"}


class SavedViewForm(forms.Form):
    """A name, a search, an order, and for whom. `teams` are those that the writer may share with."""

    name = forms.CharField(
        label="Name", max_length=60, widget=forms.TextInput(attrs=PLAIN),
        error_messages={"required": "Give the view a name", "max_length": "Use at most 60 characters"},
    )  # fmt: skip
    q = forms.CharField(
        label="Search", max_length=searching.LONGEST,
        help_text="As in the search box: words, is:open, tag:w-8, by:me, from:dana",
        widget=forms.TextInput(attrs={**PLAIN, "spellcheck": "false"}),
        error_messages={"required": "Write what to look for",
                        "max_length": f"Use at most {searching.LONGEST} characters"},
    )  # fmt: skip
    order = forms.ChoiceField(label="Order", choices=ViewOrder.choices, widget=forms.RadioSelect)
    whom = forms.ChoiceField(label="Who sees it", widget=forms.RadioSelect)

    def __init__(self, *args, teams: list[Team], writer, **options) -> None:
        super().__init__(*args, **options)
        self.teams = {f"team:{team.pk}": team for team in teams}
        self.writer = writer
        self.fields["whom"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("mine", Sharing.MINE.label),
            *((key, team.name) for key, team in self.teams.items()),
            ("all", Sharing.ALL.label),
        ]

    @classmethod
    def start(cls, view: SavedView) -> dict:
        """What the form shows of a view that exists."""
        whom = f"team:{view.team_id}" if view.sharing == Sharing.TEAM else view.sharing
        return {"name": view.name, "q": view.q, "order": view.order, "whom": whom}

    def clean_q(self) -> str:
        """A search that means something, all of it: a view is opened again and again, and nobody reads it twice."""
        found = searching.read(self.cleaned_data["q"])
        if found.is_empty:
            raise forms.ValidationError("Write what to look for")
        searching.find(Ticket.objects.none(), found, person=self.writer, now=timezone.now())
        if found.ignored:
            named = ", ".join(found.ignored)
            raise forms.ValidationError(f"{named} means nothing here. Correct it or take it out.")
        return found.q

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        whom = cleaned.pop("whom", "mine")
        cleaned["team"] = self.teams.get(whom)
        cleaned["sharing"] = Sharing.TEAM if cleaned["team"] else Sharing(whom if whom in ("mine", "all") else "mine")
        return cleaned
