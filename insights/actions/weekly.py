"""The founder's page by mail, once a Monday to everybody who chose it."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.access import can
from accounts.models import Person
from insights import overview, overview_page
from insights.desk import desk_zone
from insights.models import WeeklyReader
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind
from mail.models import Mailbox
from supportdesk.lib.failpoints import failpoint

FROM_HOUR = 7
SPAN = 12


def choose(*, person: Person, is_wanted: bool, now: datetime) -> None:
    """Take somebody in, or out. Who is taken in on a Monday is mailed from the next one on."""
    if is_wanted:
        WeeklyReader.objects.get_or_create(person=person, defaults={"since": now, "last_week": _monday(now)})
    else:
        WeeklyReader.objects.filter(person=person).delete()


def mail_the_week(*, now: datetime) -> int:
    """Mail everybody who has not had this week's, from Monday 7:00 at the desk; how many. One transaction each.

    Late, twice or two at once, it is one mail a person and week: the row that remembers it is locked, and says so in
    the transaction of the mail. Who may not read the page any more is passed over.
    """
    local, week = now.astimezone(desk_zone()), _monday(now)
    if local.date() == week and local.hour < FROM_HOUR:
        return 0
    due = WeeklyReader.objects.filter(Q(last_week__lt=week) | Q(last_week__isnull=True))
    keys = list(due.order_by("pk").values_list("pk", flat=True))
    if not keys:
        return 0
    found = overview.overview(span=SPAN, now=now, zone=desk_zone())
    context = {
        "view": found,
        "tiles": overview_page.drawn(found).tiles,
        "site": settings.SITE_URL,
        "address": settings.SITE_URL + reverse("insights:overview"),
        "stop": settings.SITE_URL + reverse("insights:weekly"),
    }
    return sum(_mail_one(key, week, context, now) for key in keys)


@transaction.atomic
def _mail_one(key: int, week: date, context: dict, now: datetime) -> bool:
    rows = WeeklyReader.objects.select_for_update(of=("self",), skip_locked=True).select_related("person")
    reader = rows.filter(Q(last_week__lt=week) | Q(last_week__isnull=True), pk=key).first()
    if reader is None or not can(reader.person, "insights.see"):
        return False
    reader.last_week = week
    reader.save(update_fields=["last_week"])
    queue_mail(
        kind=Kind.NOTIFICATION,
        mailbox=Mailbox.objects.default(),
        to=Address(reader.person.email, reader.person.name),
        subject=_subject(context["view"]),
        text=render_to_string("mail/insights/weekly.txt", {**context, "person": reader.person}).strip() + "\n",
        source_key=f"weekly:{week.isoformat()}:{key}",
        now=now,
    )
    failpoint("insights.weekly.mailed")
    return True


def _subject(view: overview.Overview) -> str:
    if view.at.rate is None:
        return "The week: contacts and customers"
    return f"The week: {view.at.rate:.1f} contacts per 100 customers"


def _monday(now: datetime) -> date:
    today = now.astimezone(desk_zone()).date()
    return today - timedelta(days=today.weekday())
