"""Where a page stands, and what is wrong with it. Input only."""

from django import forms
from django.db.models import Q, QuerySet

from accounts.models import Person
from knowledgebase.access import articles_for, may_write, spaces_for
from knowledgebase.models import Article, Space

MOST_CHOICES = 300


def _words(required: str, most: int) -> dict[str, str]:
    return {"required": required, "max_length": f"Use at most {most} characters."}


class PlaceForm(forms.Form):
    """Address, space, page above, order, tags, owner."""

    slug = forms.CharField(
        label="Address",
        max_length=120,
        help_text="The last part of it. The old one leads here for ever.",
        error_messages=_words("Enter an address.", 120),
    )
    space = forms.ModelChoiceField(
        label="Space",
        queryset=Space.objects.none(),
        empty_label=None,
        help_text="Who reads it, and who approves it.",
        error_messages={"required": "Choose a space.", "invalid_choice": "Choose a space from the list."},
    )
    parent = forms.ModelChoiceField(
        label="Below",
        queryset=Article.objects.none(),
        required=False,
        empty_label="Nothing: at the top of the space",
        error_messages={"invalid_choice": "Choose a page of this space from the list."},
    )
    position = forms.IntegerField(
        label="Place among its neighbours",
        min_value=0,
        max_value=999,
        required=False,
        help_text="0 comes first; pages with the same number stand by title.",
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "Enter a number from 0 to 999."),
    )
    tags = forms.CharField(label="Tags", max_length=1400, required=False, help_text="With commas between them.")
    owner = forms.ModelChoiceField(
        label="Owner",
        queryset=Person.objects.none(),
        empty_label=None,
        help_text="Looks after it, and hears when something is wrong.",
        error_messages={"required": "Choose an owner.", "invalid_choice": "Choose somebody from the list."},
    )

    def __init__(self, data=None, *, article: Article, person: Person):
        super().__init__(
            data,
            initial={
                "slug": article.slug, "space": article.space_id, "parent": article.parent_id,
                "position": article.position, "tags": ", ".join(article.tags), "owner": article.owner_id,
            },
        )  # fmt: skip
        writes = [space.pk for space in spaces_for(person) if may_write(person, space)]
        self._offer("space", Space.objects.filter(pk__in=writes).order_by("position", "name"))
        above = articles_for(person).current().filter(space=article.space_id).exclude(pk=article.pk)
        nearest = list(above.order_by("title").values_list("pk", flat=True)[:MOST_CHOICES])
        self._offer("parent", Article.objects.filter(pk__in=[*nearest, article.parent_id or 0]).order_by("title"))
        self._offer("owner", _staff(article))

    def _offer(self, name: str, rows: QuerySet) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  # says it to the type checker
        field.queryset = rows

    def clean_tags(self) -> list[str]:
        """Each tag by itself."""
        return [word.strip() for word in self.cleaned_data["tags"].split(",") if word.strip()]


class FlagForm(forms.Form):
    """What is wrong with a page."""

    words = forms.CharField(
        label="What is wrong?",
        max_length=440,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Its owner reads this today. If you know what is right, suggest the change instead.",
        error_messages=_words("Say what is wrong with it.", 440),
    )


def _staff(article: Article):
    """Who may look after a page: staff, and whoever does now."""
    staff = Person.objects.staff().values("pk")
    return Person.objects.filter(Q(pk__in=staff) | Q(pk=article.owner_id)).order_by("name", "pk")
