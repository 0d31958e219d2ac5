"""One welcome for somebody whose account was made: what they find here, and how to reach a person (R71)."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts import journal
from accounts.models import Person
from knowledgebase.models import Article
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind
from mail.models import Mailbox
from tickets import flow_words
from tickets.actions.setup.door import by_lead
from tickets.models import Welcome, Welcomed
from tickets.refusals import Refused

ACCOUNT_MADE = "tickets.account_made"
SUBJECT = "Welcome to {company}"
WORDS = """Hello {customer_first_name},

your account is ready. This is what you find there:

- your orders, invoices and hours of help: {site}/account/
- what you asked us, and how far it is: {site}/tickets/
- answers to what others asked: {site}/articles/

If you would like help with anything, answer this mail. A person reads it.

{company}
"""


class CannotChangeWelcome(Refused):
    """The welcome stays as it is."""


def lay() -> Welcome:
    """The welcome that a desk begins with; an established one is left as it is."""
    return Welcome.objects.get_or_create(pk=1, defaults={"subject": SUBJECT, "words": WORDS})[0]


@transaction.atomic
def welcome(*, person_id: int, now: datetime) -> None:
    """Mail the welcome to a customer, once and for ever. Staff are welcomed by people."""
    found = Welcome.objects.select_related("template__published").filter(pk=1, is_enabled=True).first()
    person = Person.objects.filter(pk=person_id, is_active=True).first()
    if found is None or person is None or person.is_staff_member or not person.has_mail:
        return
    row = Welcomed(person=person, at=now)
    Welcomed.objects.bulk_create([row], ignore_conflicts=True)
    if not Welcomed.objects.filter(person=person, at=now).exists():
        return
    values = {
        "customer_name": person.shown_name,
        "customer_first_name": person.first_name or person.email,
        "customer_email": person.email,
        "company": settings.SITE_NAME,
        "site": settings.SITE_URL,
    }
    words = flow_words.Words(found.template, found.words)
    if not words.text().strip() or words.problem(known=WELCOMES):  # its template was put away, or changed, since
        words = flow_words.Words(None, WORDS)
    queue_mail(
        kind=Kind.TRANSACTIONAL,
        mailbox=Mailbox.objects.default(),
        to=Address(person.email, person.name),
        subject=flow_words.fill_text(found.subject, values),
        text=flow_words.fill_text(flow_words.plain(words.text()), values),
        source_key=f"welcome:{person.pk}",
        now=now,
    )


@by_lead
def change(
    *, is_enabled: bool, subject: str, words: str, template: Article | None, by: Person, now: datetime
) -> Welcome:
    """Say how people are welcomed. Raises CannotChangeWelcome."""
    found = Welcome.objects.select_for_update().get(pk=lay().pk)
    text = flow_words.Words(template, words)
    if not text:
        raise CannotChangeWelcome("Write the welcome, or choose a template")
    for part in (text, flow_words.Words(None, subject)):
        problem = part.problem(known=WELCOMES)
        if problem:
            raise CannotChangeWelcome(f"{problem[0].upper()}{problem[1:]}")
    found.is_enabled, found.subject, found.words, found.template = is_enabled, subject, words, template
    found.save()
    journal.record(by=by, action="tickets.change_welcome", subject=found, data={"is_enabled": is_enabled}, now=now)
    return found


WELCOMES = ("customer_name", "customer_first_name", "customer_email", "company", "site")
