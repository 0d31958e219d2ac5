"""Teams, states, contact reasons, reply templates and where a mailbox's mail goes."""

from typing import cast

from django import forms
from django.db.models import QuerySet

from accounts.models import Person
from knowledgebase.access import articles_for
from knowledgebase.choices import ArticleKind
from knowledgebase.models import Article
from tickets.choices import Category, Priority, Sourcing
from tickets.models import ContactReason, ServiceLevel, Team


def name_field(label: str, *, length: int, missing: str, hint: str = "") -> forms.CharField:
    """One line of text that says what something is called."""
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=length,
        error_messages={"required": missing, "max_length": f"Use at most {length} characters"},
    )


def offer(form: forms.BaseForm, name: str, rows: QuerySet) -> forms.ModelChoiceField:
    """Let the field `name` choose among `rows`, read when the form is made."""
    field = cast("forms.ModelChoiceField", form.fields[name])
    field.queryset = rows
    return field


class PersonChoice(forms.ModelChoiceField):
    """One member of staff, by name and address."""

    def label_from_instance(self, obj: Person) -> str:
        return f"{obj.name} ({obj.email})" if obj.name else obj.email


class PeopleChoice(forms.ModelMultipleChoiceField):
    """Several members of staff."""

    def label_from_instance(self, obj: Person) -> str:
        return f"{obj.name} ({obj.email})" if obj.name else obj.email


class TeamForm(forms.Form):
    """A team, its people and what it promises."""

    name = name_field("Name", length=80, missing="Enter a name for the team")
    lead = PersonChoice(
        label="Team lead",
        help_text="Is told when a promise of this team is about to break, and when it breaks.",
        queryset=Person.objects.none(),
        required=False,
        empty_label="Nobody",
        error_messages={"invalid_choice": "Choose somebody from the list"},
    )
    service_level = forms.ModelChoiceField(
        label="Service level",
        queryset=ServiceLevel.objects.none(),
        required=False,
        empty_label="The default one",
        error_messages={"invalid_choice": "Choose a service level from the list"},
    )
    sourcing = forms.ChoiceField(
        label="Sourcing",
        help_text="Insights sets teams side by side by it.",
        choices=Sourcing.choices,
        required=False,
        error_messages={"invalid_choice": "Choose one from the list"},
    )
    members = PeopleChoice(
        label="Members",
        queryset=Person.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": "Choose members from the list",
            "invalid_pk_value": "Choose members from the list",
        },
    )

    def clean_sourcing(self) -> str:
        """A form that does not say is about our own people."""
        return self.cleaned_data["sourcing"] or Sourcing.INHOUSE

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        staff = Person.objects.staff().order_by("name", "email", "pk")
        offer(self, "lead", staff)
        offer(self, "members", staff)
        offer(self, "service_level", ServiceLevel.objects.order_by("name", "pk"))


class NewStatusForm(forms.Form):
    """A new state."""

    name = name_field("Name", length=60, missing="Enter a name for the state")
    category = forms.ChoiceField(
        label="Category",
        help_text="It decides whether clocks run and who has to act. It cannot be changed later.",
        choices=Category.choices,
        error_messages={
            "required": "Choose a category",
            "invalid_choice": "Choose a category from the list",
        },
    )


class StatusNameForm(forms.Form):
    """Another name for a state."""

    name = name_field("Name", length=60, missing="Enter a name for the state")


class NewReasonForm(forms.Form):
    """A new contact reason."""

    name = name_field("Reason", length=80, missing="Enter why people write, like “Where is my order?”")
    parent = forms.ModelChoiceField(
        label="Belongs to",
        queryset=ContactReason.objects.none(),
        required=False,
        empty_label="Nothing, it stands at the top",
        error_messages={"invalid_choice": "Choose a reason from the list"},
    )

    def __init__(self, *args, parents: list[tuple[int, str]] | None = None, **kwargs) -> None:
        """`parents` are the reasons that may have children, as (key, words)."""
        super().__init__(*args, **kwargs)
        parents = parents or []
        field = offer(self, "parent", ContactReason.objects.filter(pk__in=[pk for pk, _ in parents]))
        field.choices = [("", field.empty_label), *parents]


class ReasonNameForm(forms.Form):
    """Another name for a contact reason."""

    name = name_field("Reason", length=80, missing="Enter why people write")


class ReasonProcessesForm(forms.Form):
    """Processes of the wiki for a contact reason."""

    processes = forms.ModelMultipleChoiceField(
        label="Processes",
        queryset=Article.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose processes from the list", "invalid_pk_value": "Choose from the list"},
    )

    def __init__(self, *args, by: Person, **more) -> None:
        super().__init__(*args, **more)
        rows = articles_for(by).published().filter(kind=ArticleKind.PROCESS)
        offer(self, "processes", rows.order_by("title", "pk"))
        self.has_processes = rows.exists()


class TemplateForm(forms.Form):
    """A reply template."""

    name = name_field("Name", length=80, missing="Enter a name to find the template by")
    folder = forms.CharField(
        label="Folder",
        required=False,
        max_length=80,
        help_text="Stands before the name where it is offered, like “Shipping”.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "folders"}),
        error_messages={"max_length": "Use at most 80 characters"},
    )
    audience = forms.ChoiceField(
        label="Who is offered it",
        required=False,
        choices=[("own", "Only me")],
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose from the list"},
    )
    body = forms.CharField(
        label="Words",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 12}),
        error_messages={
            "required": "Write what the template says",
            "max_length": "Write at most 20,000 characters",
        },
    )

    def __init__(self, *args, shared: bool, **options) -> None:
        """`shared`: the writer may keep templates for others too."""
        super().__init__(*args, **options)
        self.shared = shared
        if shared:
            teams = [(f"team:{team.pk}", f"Everybody in {team.name}") for team in Team.objects.order_by("name", "pk")]
            audience = cast("forms.ChoiceField", self.fields["audience"])
            audience.choices = [("all", "Everybody"), *teams, ("own", "Only me")]
        self.initial.setdefault("audience", "all" if shared else "own")

    def clean_folder(self) -> str:
        """One line, its spaces in order."""
        return " ".join(self.cleaned_data["folder"].split())

    def entered(self) -> dict:
        """What `actions.setup.templates` takes."""
        typed = self.cleaned_data
        kind, _, key = (typed["audience"] or ("all" if self.shared else "own")).partition(":")
        team = Team.objects.filter(pk=int(key)).first() if kind == "team" else None
        return {
            "name": typed["name"], "body": typed["body"], "folder": typed["folder"], "team": team,
            "is_own": kind == "own",
        }  # fmt: skip


class RouteForm(forms.Form):
    """Where a mailbox's mail goes."""

    team = forms.ModelChoiceField(
        label="Team",
        help_text="Gets every new ticket from this mailbox.",
        queryset=Team.objects.none(),
        empty_label="Choose a team",
        error_messages={"required": "Choose a team", "invalid_choice": "Choose a team from the list"},
    )
    priority = forms.ChoiceField(
        label="Priority of new tickets",
        choices=Priority.choices,
        initial=Priority.NORMAL,
        error_messages={
            "required": "Choose a priority",
            "invalid_choice": "Choose a priority from the list",
        },
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "team", Team.objects.order_by("name", "pk"))
