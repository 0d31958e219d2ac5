"""Entitlements and what we support, as leads and admins type them in."""

from datetime import date, datetime, time
from typing import cast
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.auth.models import AnonymousUser

from accounts.models import Organisation
from billing.models import Product
from knowledgebase.models import Article
from knowledgebase.queries_help import for_readers
from tickets.actions.entitling.at_opening import COVERED
from tickets.actions.setup.scope_rules import ScopeWords
from tickets.choices import Channel
from tickets.forms.customer import AddressField
from tickets.forms.settings.desk import name_field, offer
from tickets.models import ReplyTemplate, ScopeRule, ServiceLevel
from tickets.scope import YEARS, in_words
from tickets.support_choices import ForWhom, Verdict

YEAR = f"Enter a year between {YEARS[0]} and {YEARS[1]}"
DAY = "Enter a day like 2026-06-01"
CHANNELS = [(channel.value, channel.label) for channel in Channel if channel in COVERED]
LAST_DAY = date(2100, 1, 1)


def day_field(label: str, hint: str, *, required: bool = True, missing: str = DAY) -> forms.DateField:
    """A day; none of them is in another century."""
    field = forms.DateField(
        label=label,
        help_text=hint,
        required=required,
        error_messages={"required": missing, "invalid": DAY},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    field.validators.append(_this_century)
    return field


def _this_century(day: date) -> None:
    if not date(2000, 1, 1) <= day < LAST_DAY:
        raise forms.ValidationError(DAY)


def number_field(label: str, hint: str, least: int, most: int, *, required: bool = False) -> forms.IntegerField:
    """A whole number in a plain box."""
    words = f"Enter a number from {least} to {most:,}"
    return forms.IntegerField(
        label=label, help_text=hint, required=required, min_value=least, max_value=most,
        error_messages={"required": words, "invalid": words, "min_value": words, "max_value": words},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip


def level_field() -> forms.ModelChoiceField:
    """The service level of priority."""
    return forms.ModelChoiceField(
        label="Service level",
        help_text="Runs from the moment in which somebody shows that they are entitled.",
        queryset=ServiceLevel.objects.none(),
        required=False,
        empty_label="The team's own",
        error_messages={"invalid_choice": "Choose a service level from the list"},
    )


def channels_field() -> forms.MultipleChoiceField:
    """By which doors it can be used."""
    return forms.MultipleChoiceField(
        label="Channels",
        help_text="None chosen: every one. A call that is asked for on the web needs the telephone.",
        choices=CHANNELS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose channels from the list"},
    )


class EntitlementForm(forms.Form):
    """Priority that is given by hand."""

    organisation = forms.ModelChoiceField(
        label="Organisation",
        help_text="Empty: the person below alone.",
        queryset=Organisation.objects.none(),
        required=False,
        empty_label="None",
        error_messages={"invalid_choice": "Choose an organisation from the list"},
    )
    address = AddressField(label="Contact", missing="", help_text="Their email address. Only who is named is entitled.")
    name = name_field("What it is called", length=120, missing="Enter a name, like “Priority support 2026”")
    starts_on = day_field("First day", "")
    ends_on = day_field("Last day", "Empty: until somebody ends it.", required=False)
    incidents = number_field("Incidents", "Empty: any number.", 1, 10_000)
    channels = channels_field()
    level = level_field()
    note = forms.CharField(
        label="Why",
        max_length=300,
        error_messages={"required": "Say why it is given", "max_length": "Use at most 300 characters"},
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address"].required = False
        offer(self, "organisation", Organisation.objects.order_by("name", "pk"))
        offer(self, "level", ServiceLevel.objects.order_by("name"))

    def clean_address(self) -> str:
        return self.cleaned_data["address"] or ""


class ContactForm(forms.Form):
    """Somebody more who may use it."""

    address = AddressField(label="Their email address", missing="Enter an email address")


class EndForm(forms.Form):
    """When it ends."""

    ends_on = day_field("Last day", "Today ends it tonight.")


class OfferForm(forms.Form):
    """A product that brings priority."""

    product = forms.ModelChoiceField(
        label="Product",
        queryset=Product.objects.none(),
        empty_label="Choose a product",
        error_messages={"required": "Choose a product", "invalid_choice": "Choose a product from the list"},
    )
    incidents = number_field("Incidents in one of it", "Empty for a plan: any number, while it runs.", 1, 1_000)
    lasts_days = number_field("Days in which a pack can be used", "Empty: without end.", 1, 3_660)
    channels = channels_field()
    level = level_field()
    most_contacts = number_field("People who may be named", "", 1, 100, required=True)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "product", Product.objects.exclude(state="archived").order_by("position", "pk"))
        offer(self, "level", ServiceLevel.objects.order_by("name"))


class OfferWordsForm(forms.Form):
    """What is said to somebody who asks for a call and is not entitled."""

    template = forms.ModelChoiceField(
        label="Words for those who ask for a call and are not entitled",
        help_text="The address of the store and articles that may help follow them.",
        queryset=ReplyTemplate.objects.none(),
        required=False,
        empty_label="Our own",
        error_messages={"invalid_choice": "Choose a template from the list"},
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "template", shared_templates())


class ScopeRuleForm(forms.Form):
    """A rule about what we support, and from when on it holds."""

    product = forms.CharField(
        label="Product", help_text="Empty: any.", required=False, max_length=80,
        error_messages={"max_length": "Use at most 80 characters"},
    )  # fmt: skip
    hardware = forms.CharField(
        label="Hardware", help_text="Fits every name that holds these words. Empty: any.", required=False,
        max_length=80, error_messages={"max_length": "Use at most 80 characters"},
    )  # fmt: skip
    made_from = number_field("Made from", "The first year.", *YEARS)
    made_until = number_field("Made until", "The last year.", *YEARS)
    version_from = forms.CharField(
        label="From version", required=False, max_length=30,
        error_messages={"max_length": "Use at most 30 characters"},
    )  # fmt: skip
    version_below = forms.CharField(
        label="Before version", required=False, max_length=30,
        error_messages={"max_length": "Use at most 30 characters"},
    )  # fmt: skip
    for_whom = forms.ChoiceField(
        label="For whom", choices=ForWhom.choices, required=False,
        error_messages={"invalid_choice": "Choose for whom it is"},
    )  # fmt: skip
    verdict = forms.ChoiceField(
        label="How far we help", choices=Verdict.choices, widget=forms.RadioSelect,
        error_messages={"required": "Choose how far we help", "invalid_choice": "Choose how far we help"},
    )  # fmt: skip
    minutes = number_field("Minutes of best effort", "An agent is warned when five sixths of them are over.", 1, 600)
    why = forms.CharField(
        label="One line for customers", help_text="Stands on the public page.", required=False, max_length=200,
        error_messages={"max_length": "Use at most 200 characters"},
    )  # fmt: skip
    template = forms.ModelChoiceField(
        label="Words to decline with", queryset=ReplyTemplate.objects.none(), required=False, empty_label="None",
        error_messages={"invalid_choice": "Choose a template from the list"},
    )  # fmt: skip
    article = forms.ModelChoiceField(
        label="Article that helps all the same", help_text="Only articles that everybody may read.",
        queryset=Article.objects.none(), required=False, empty_label="None",
        error_messages={"invalid_choice": "Choose an article from the list"},
    )  # fmt: skip
    after = forms.ChoiceField(
        label="Stands behind", help_text="The first rule that fits decides.", required=False,
        error_messages={"invalid_choice": "Choose a rule from the list"},
    )  # fmt: skip
    starts_on = day_field("Holds from", "Tickets that come before this day are judged by what holds until then.")

    def __init__(self, *args, rules: list[ScopeRule], changing: bool = False, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "template", shared_templates())
        offer(self, "article", for_readers(AnonymousUser()).order_by("title", "pk"))
        places = [(str(rule.line), in_words(rule)) for rule in rules]
        stay = [("stay", "Where it stands now")] if changing else []
        cast("forms.ChoiceField", self.fields["after"]).choices = [*stay, ("", "Nothing: it is the first"), *places]

    def words(self) -> ScopeWords:
        """What was typed."""
        typed = self.cleaned_data
        texts = {name: " ".join(typed[name].split()) for name in ("product", "hardware", "version_from", "why")}
        return ScopeWords(
            verdict=typed["verdict"], made_from=typed["made_from"], made_until=typed["made_until"],
            version_below=" ".join(typed["version_below"].split()), for_whom=typed["for_whom"],
            minutes=typed["minutes"] or 0, template=typed["template"], article=typed["article"], **texts,
        )  # fmt: skip

    @property
    def place(self) -> int | None:
        """The line that it stands behind."""
        after = self.cleaned_data["after"]
        return int(after) if after.isdigit() else None


def shared_templates():
    """Reply templates of everybody: what a rule names has to be there for every agent."""
    return ReplyTemplate.objects.filter(owner=None).order_by("name", "pk")


def first_moment(day: date, zone: ZoneInfo) -> datetime:
    """Midnight, on the seller's wall calendar."""
    return datetime.combine(day, time(), tzinfo=zone)
