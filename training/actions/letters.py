"""Mail about bookings, written in the transaction of what it tells: to whoever booked, and to the trainer (R20)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import Person
from billing.actions.new_links import make_link
from billing.models import Seller
from mail.actions.send import OutgoingFile, queue_mail
from mail.addresses import Address, one_line
from mail.choices import Kind
from mail.files import store_file
from mail.models import Mailbox
from training import calendar_files, tokens
from training.calendar_files import CANCEL, REQUEST
from training.models import Booking, WaitlistEntry


def held(*, booking: Booking, now: datetime) -> None:
    """ "Held until …, pay here", with a link that pays without signing in (C3); the trainer learns of the hold."""
    pay = (
        make_link(invoice=booking.invoice, email=booking.person.email, name=booking.person.name, now=now)
        if booking.invoice
        else ""
    )
    until = when_words(booking.hold_until, booking.time_zone) if booking.hold_until else ""
    _to_customer(booking, "held", f"Held for you until {until}: {_title(booking)}", {"until": until, "pay": pay}, now)
    _to_trainer(booking, "trainer_held", f"On hold until it is paid: {_names(booking)}", now)


def confirmed(*, booking: Booking, now: datetime) -> None:
    """It is certain: with the calendar file."""
    _to_customer(booking, "confirmed", f"Booked: {_title(booking)}, {_when(booking)}", {}, now, method=REQUEST)
    _to_trainer(booking, "trainer_confirmed", f"Booked: {_names(booking)}", now, method=REQUEST)


def moved(*, booking: Booking, before: Booking, now: datetime) -> None:
    """Another time: the same calendar entry with the next number of its sequence (C5)."""
    more = {"before": when_words(before.session.starts_at, booking.time_zone)}
    method = "" if booking.is_held else REQUEST
    _to_customer(booking, "moved", f"Moved: {_title(booking)}, now {_when(booking)}", more, now, method=method)
    _to_trainer(booking, "trainer_moved", f"Moved: {_names(booking)}", now, more=more, method=method)
    if before.session.trainer_id != booking.session.trainer_id and not before.is_held:
        _to_trainer(before, "trainer_cancelled", f"Moved to a colleague: {_names(before)}", now, method=CANCEL)


def cancelled(*, booking: Booking, was_certain: bool, now: datetime) -> None:
    """It does not take place. A calendar that had it drops it."""
    method = CANCEL if was_certain else ""
    _to_customer(booking, "cancelled", f"Cancelled: {_title(booking)}, {_when(booking)}", {}, now, method=method)
    _to_trainer(booking, "trainer_cancelled", f"Cancelled: {_names(booking)}", now, method=method)


def expired(*, booking: Booking, now: datetime) -> None:
    """Nobody paid in time: the hour is free again, and both know (C4)."""
    _to_customer(booking, "expired", f"No longer held: {_title(booking)}, {_when(booking)}", {}, now)
    _to_trainer(booking, "trainer_expired", f"Not paid, free again: {_names(booking)}", now)


def paid_late(*, booking: Booking, now: datetime) -> None:
    """The money came when the time was gone: choose another, or have it back (C4)."""
    _to_customer(booking, "paid_late", f"Choose another time: {_title(booking)}", {}, now)


def reminder(*, booking: Booking, number: int, now: datetime) -> None:
    """A day and an hour before (C8)."""
    when = "in an hour" if number == 2 else "tomorrow"
    subject = f"{_title(booking)} begins {when}, at {_clock(booking.session.starts_at, booking.time_zone)}"
    _to_customer(booking, "reminder", subject, {"in": when}, now)


def waits(*, entry: WaitlistEntry, now: datetime) -> None:
    """On the waiting list."""
    _to_waiter(entry, "waits", f"On the waiting list: {entry.session.type.name}", now)


def offered(*, entry: WaitlistEntry, now: datetime) -> None:
    """A seat came free, and is theirs for some hours (C10)."""
    until = when_words(entry.offer_until, entry.time_zone) if entry.offer_until else ""
    _to_waiter(entry, "offered", f"A seat for you until {until}: {entry.session.type.name}", now, {"until": until})


def offer_over(*, entry: WaitlistEntry, now: datetime) -> None:
    """They let it pass; the next one is asked."""
    _to_waiter(entry, "offer_over", f"The seat went to the next: {entry.session.type.name}", now)


def manage_address(booking: Booking) -> str:
    """The link of a mail: it opens this booking and nothing else (C12)."""
    path = reverse("training:manage", args=[booking.uid, tokens.for_booking(booking.uid, booking.person.email)])
    return f"{settings.SITE_URL}{path}"


def waiter_address(entry: WaitlistEntry) -> str:
    """The link of a waiter's mail."""
    return f"{settings.SITE_URL}{waiter_path(entry)}"


def waiter_path(entry: WaitlistEntry) -> str:
    """The same within this site."""
    return reverse("training:waiter", args=[entry.uid, tokens.for_booking(entry.uid, entry.person.email)])


def when_words(at: datetime, zone: str) -> str:
    """ "Tuesday 24 November 2026, 10:00 (Europe/London)" """
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M} ({zone.replace('_', ' ')})"


def _clock(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"


def _when(booking: Booking) -> str:
    return when_words(booking.session.starts_at, booking.time_zone)


def _title(booking: Booking) -> str:
    return booking.session.type.name


def _names(booking: Booking) -> str:
    at = when_words(booking.session.starts_at, booking.session.trainer.time_zone)
    return f"{_title(booking)} with {one_line(booking.person.shown_name, 80)}, {at}"


def _to_customer(booking: Booking, words: str, subject: str, more: dict, now: datetime, *, method: str = "") -> None:
    person = booking.person
    if not person.has_mail:
        return
    address = manage_address(booking)
    title = f"{_title(booking)} with {booking.session.trainer.person.shown_name}"
    context = {"booking": booking, "when": _when(booking), "manage": address, **more}
    files = _files(booking, method, person, title, address, now)
    _send(person, words, subject, context, f"booking:{booking.pk}", files, now)


def _to_trainer(
    booking: Booking, words: str, subject: str, now: datetime, *, more: dict | None = None, method: str = ""
) -> None:
    person = booking.session.trainer.person
    if not (person.has_mail and person.is_active):
        return
    when = when_words(booking.session.starts_at, booking.session.trainer.time_zone)
    page = f"{settings.SITE_URL}{reverse('training:booking', args=[booking.uid])}"
    title = f"{_title(booking)} with {booking.person.shown_name}"
    files = _files(booking, method, person, title, page, now)
    context = {"booking": booking, "when": when, "page": page, **(more or {})}
    _send(person, words, subject, context, f"booking:{booking.pk}", files, now)


def _to_waiter(entry: WaitlistEntry, words: str, subject: str, now: datetime, more: dict | None = None) -> None:
    if entry.person.has_mail:
        when = when_words(entry.session.starts_at, entry.time_zone)
        context = {"entry": entry, "when": when, "address": waiter_address(entry), **(more or {})}
        _send(entry.person, words, subject, context, f"waiter:{entry.pk}", [], now)


def _files(
    booking: Booking, method: str, person: Person, title: str, address: str, now: datetime
) -> list[OutgoingFile]:
    if not method:
        return []
    content = calendar_files.invitation(
        booking, method, email=person.email, name=person.shown_name, title=title, address=address, now=now
    )
    sort = calendar_files.content_type(method)
    kept = store_file(content=content, content_type="text/calendar", now=now)
    return [OutgoingFile(kept, "invite.ics" if method == REQUEST else "cancel.ics", sort)]


def _send(
    person: Person, words: str, subject: str, context: dict, key: str, files: list[OutgoingFile], now: datetime
) -> None:
    seller = Seller.objects.filter(pk=1).values_list("legal_name", flat=True).first() or settings.SITE_NAME
    about = {"name": one_line(person.first_name, 60), "seller": seller, "site_url": settings.SITE_URL, **context}
    text = render_to_string(f"mail/training/{words}.txt", about)
    queue_mail(
        kind=Kind.TRANSACTIONAL, mailbox=Mailbox.objects.default(), to=Address(person.email, person.name),
        subject=one_line(subject, 200), text=text.strip() + "\n", source_key=key, attachments=files, now=now,
    )  # fmt: skip
