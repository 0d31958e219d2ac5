"""Contact forms: what they ask, where it goes, and which sites may show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from accounts import journal
from accounts.models import Person
from tickets.actions.setup.door import by_admin
from tickets.models import ContactForm, ContactReason, ContactTopic, Team
from tickets.refusals import Refused

MOST_TOPICS = 30


class CannotChangeForm(Refused):
    """The message may be shown to the admin who asked."""


@dataclass(frozen=True)
class Topic:
    """A topic as an admin wrote it down: its name, and where it leads if not to the form's own team and reason."""

    name: str
    team: Team | None = None
    reason: ContactReason | None = None


@by_admin
def create_form(*, slug: str, topics: Sequence[Topic], by: Person, now: datetime, **fields) -> ContactForm:
    """Make a form at /help/<slug>/; an empty slug follows from the name. `fields` are columns of ContactForm."""
    slug = slug or slugify(fields["name"])[:40] or "contact"
    _check(slug, topics, None)
    form = ContactForm.objects.create(slug=slug, **fields)
    _put_topics(form, topics)
    journal.record(by=by, action="tickets.create_contact_form", subject=_subject(form), data=_data(form), now=now)
    return form


@by_admin
def change_form(
    *, form: ContactForm, slug: str, topics: Sequence[Topic], by: Person, now: datetime, **fields
) -> ContactForm:
    """Set everything about a form. Another slug ends the old address, and the old snippet with it."""
    form = ContactForm.objects.select_for_update().get(pk=form.pk)
    _check(slug or form.slug, topics, form)
    form.slug = slug or form.slug
    for name, value in fields.items():
        setattr(form, name, value)
    form.save(update_fields=["slug", *fields])
    _put_topics(form, topics)
    journal.record(by=by, action="tickets.change_contact_form", subject=_subject(form), data=_data(form), now=now)
    return form


@by_admin
def remove_form(*, form: ContactForm, by: Person, now: datetime) -> None:
    """Remove a form. Its tickets stay; whoever opens it finds another way to ask."""
    journal.record(by=by, action="tickets.remove_contact_form", subject=_subject(form), data=_data(form), now=now)
    form.delete()


def forms_of(team: Team) -> list[str]:
    """The names of forms that lead to `team`."""
    direct = ContactForm.objects.filter(team=team).values_list("name", flat=True)
    by_topic = ContactTopic.objects.filter(team=team).values_list("form__name", flat=True)
    return sorted({*direct, *by_topic})


def _check(slug: str, topics: Sequence[Topic], form: ContactForm | None) -> None:
    if slug == "received":
        raise CannotChangeForm("The address “received” is taken. Choose another one.")
    if ContactForm.objects.filter(slug=slug).exclude(pk=form.pk if form else 0).exists():
        raise CannotChangeForm(f"There is already a form at /help/{slug}/.")
    if len(topics) > MOST_TOPICS:
        raise CannotChangeForm(f"A form has at most {MOST_TOPICS} topics.")


def _put_topics(form: ContactForm, topics: Sequence[Topic]) -> None:
    with transaction.atomic():
        form.topics.exclude(name__in=[topic.name for topic in topics]).delete()
        ContactTopic.objects.bulk_create(
            [
                ContactTopic(form=form, name=topic.name, team=topic.team, reason=topic.reason, position=place)
                for place, topic in enumerate(topics)
            ],
            update_conflicts=True,
            unique_fields=["form", "name"],
            update_fields=["team", "reason", "position"],
        )


def _subject(form: ContactForm) -> str:
    return f"tickets.contact_form:{form.pk}"


def _data(form: ContactForm) -> dict:
    return {"slug": form.slug, "origins": form.origins, "is_active": form.is_active}
