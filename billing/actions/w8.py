"""Our signed W-8BEN-E: kept by revision, good until 31 December of the third following year (B1, R23)."""

from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Max

import timers
from accounts import journal
from accounts.choices import Role
from accounts.models import Person
from billing import pdf_checks
from billing.actions import numbering
from billing.models import TaxForm, TaxFormDownload
from billing.refusals import Refused
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind
from mail.files import store_file
from mail.models import Mailbox
from supportdesk.lib.locks import take_transaction_lock

KIND = "billing.tax_form_expires"
WARNED_DAYS = (90, 30)
MOST_BYTES = 10 * 1024 * 1024
PLACES = ("invoice", "account", "cart", "address")


class CannotKeepForm(Refused):
    """The file is not a PDF that only wants to be read, or its date makes no sense."""


def expires_on(signed_on: date) -> date:
    """31 December of the third year after the one in which it was signed."""
    return date(signed_on.year + 3, 12, 31)


def current_form(*, on: date) -> TaxForm | None:
    """The newest form that was not withdrawn and is still good on that day, with its file."""
    rows = TaxForm.objects.select_related("file").filter(withdrawn_at__isnull=True, expires_on__gte=on)
    return rows.order_by("-revision").first()


def add_form(*, content: bytes, signed_on: date, by: Person, now: datetime) -> TaxForm:
    """Keep a newly signed form; from now on it is the one that is handed out. Raises CannotKeepForm."""
    _check(content, signed_on, numbering.local_day(now))
    with transaction.atomic():
        take_transaction_lock("billing.tax_form")
        last = TaxForm.objects.aggregate(last=Max("revision"))["last"] or 0
        form = TaxForm.objects.create(
            revision=last + 1,
            file=store_file(content=content, content_type="application/pdf", now=now),
            signed_on=signed_on,
            expires_on=expires_on(signed_on),
            added_by=by,
            added_at=now,
        )
        _plan_warnings(form, now)
        journal.record(by=by, action="billing.add_tax_form", subject=form, data={"revision": last + 1}, now=now)
    return form


def withdraw_form(*, form: TaxForm, by: Person, now: datetime) -> bool:
    """A change in circumstances ended it; True when it still counted. The one before it counts again, if it is good."""
    with transaction.atomic():
        ended = TaxForm.objects.filter(pk=form.pk, withdrawn_at__isnull=True).update(withdrawn_at=now)
        if ended:
            timers.cancel(kind=KIND, subject=form.pk)
            journal.record(by=by, action="billing.withdraw_tax_form", subject=form, data={}, now=now)
    return bool(ended)


def note_download(*, form: TaxForm, place: str, now: datetime) -> None:
    """Somebody took it, and from which page. Nobody signs in for it, so nobody is named."""
    TaxFormDownload.objects.create(form=form, place=place if place in PLACES else "address", at=now)


def warn(*, form_id: int, days: int, now: datetime) -> int:
    """Tell every admin that the form ends in so many days, unless another one took its place; how many mails."""
    form = TaxForm.objects.filter(pk=form_id, withdrawn_at__isnull=True).first()
    if form is None or TaxForm.objects.filter(revision__gt=form.revision, withdrawn_at__isnull=True).exists():
        return 0
    admins = list(Person.objects.with_role(Role.ADMIN))
    mailbox = Mailbox.objects.default()
    for admin in admins:
        queue_mail(
            kind=Kind.NOTIFICATION,
            mailbox=mailbox,
            to=Address(admin.email, admin.name),
            subject=f"The {form.name} ends on {form.expires_on:%-d %B %Y}",
            text=f"Hello,\n\nthe {form.name} that customers download ends in {days} days, on "
            f"{form.expires_on:%-d %B %Y}. Sign a new one and put it under Settings, Tax forms; until then invoices, "
            "carts and accounts lead to a form that soon counts for nothing.\n",
            source_key=f"tax_form:{form.pk}:{days}",
            now=now,
        )
    return len(admins)


def _check(content: bytes, signed_on: date, today: date) -> None:
    if len(content) > MOST_BYTES:
        raise CannotKeepForm("This file is larger than 10 MB. Save it in a smaller size.")
    if not pdf_checks.is_pdf(content):
        raise CannotKeepForm("This file is not a whole PDF. Save the signed form as PDF and choose it again.")
    if pdf_checks.is_active(content):
        raise CannotKeepForm("This PDF holds scripts or attachments. Print it to a PDF and choose that one.")
    if signed_on > today:
        raise CannotKeepForm("The day on which it was signed has not come yet.")
    if expires_on(signed_on) < today:
        raise CannotKeepForm("A form that was signed then is no longer good.")


def _plan_warnings(form: TaxForm, now: datetime) -> None:
    zone = numbering.seller_zone()
    for days in WARNED_DAYS:
        due_at = datetime.combine(form.expires_on - timedelta(days=days), time(9), zone)
        timers.schedule(kind=KIND, subject=form.pk, due_at=max(due_at, now), number=days)


def latest_downloads(*, limit: int) -> list[TaxFormDownload]:
    """Who took it last is not known; when, which revision and from which page is."""
    return list(TaxFormDownload.objects.select_related("form").order_by("-at", "-pk")[:limit])
