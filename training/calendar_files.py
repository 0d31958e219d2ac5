"""Bookings as calendars read them (RFC 5545): invitations, cancellations, feeds. Times are UTC; reads only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress, vText

from mail.models import Mailbox
from training.models import Booking, Session

REQUEST, CANCEL, PUBLISH = "REQUEST", "CANCEL", "PUBLISH"


@dataclass(frozen=True)
class Entry:
    """One event of a feed: nothing of a customer but their name (C11)."""

    uid: str
    sequence: int
    session: Session
    title: str
    is_certain: bool


def content_type(method: str) -> str:
    """Of the file in a mail: programs that offer “Accept” look for the method there."""
    return f"text/calendar; charset=utf-8; method={method}"


def invitation(
    booking: Booking, method: str, *, email: str, name: str, title: str, address: str, now: datetime
) -> bytes:
    """The file of one booking for one reader. The UID stays for ever; each change takes the next SEQUENCE (C5)."""
    event = _event(
        uid=booking.uid, sequence=booking.sequence, session=booking.session, title=title, now=now,
        status="CANCELLED" if method == CANCEL else "CONFIRMED",
    )  # fmt: skip
    organizer = vCalAddress(f"MAILTO:{_our_address()}")
    organizer.params["CN"] = vText(booking.session.trainer.person.shown_name)
    event["ORGANIZER"] = organizer
    attendee = vCalAddress(f"MAILTO:{email}")
    attendee.params["CN"] = vText(name)
    attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
    attendee.params["PARTSTAT"] = vText("ACCEPTED")
    attendee.params["RSVP"] = vText("FALSE")
    event.add("attendee", attendee, encode=False)
    if address:
        event.add("url", address)
    return _calendar(method, [event]).to_ical()


def feed(name: str, entries: Iterable[Entry], *, now: datetime) -> bytes:
    """A calendar to subscribe to."""
    events = [
        _event(
            uid=one.uid, sequence=one.sequence, session=one.session, title=one.title, now=now,
            status="CONFIRMED" if one.is_certain else "TENTATIVE",
        )
        for one in entries
    ]  # fmt: skip
    calendar = _calendar(PUBLISH, events)
    calendar.add("x-wr-calname", name)
    return calendar.to_ical()


def _calendar(method: str, events: Iterable[Event]) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//supportdesk//training//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    for event in events:
        calendar.add_component(event)
    return calendar


def _event(*, uid: str, sequence: int, session: Session, title: str, status: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{uid}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}")
    event.add("sequence", sequence)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", session.starts_at.astimezone(UTC))
    event.add("dtend", session.ends_at.astimezone(UTC))
    event.add("summary", title)
    event.add("status", status)
    if session.place:
        event.add("location", session.place)
    return event


def _our_address() -> str:
    mailbox = Mailbox.objects.default()
    return mailbox.address if mailbox else settings.DEFAULT_MAIL_FROM
