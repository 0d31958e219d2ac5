"""From the list to a confirmed booking, and everything that may come between."""

from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from billing.models import Invoice, Order
from mail.models import OutgoingMail
from tests.billing.money import pay_with
from tests.factories.accounts import make_person
from tests.factories.billing import OHIO
from tests.selfservice.shop import hidden
from tests.training.factory import make_sold, make_trainer, subjects
from timers.actions.sweep import sweep
from training import slots
from training.actions import standing
from training.choosing import stamp
from training.models import Booking

pytestmark = pytest.mark.django_db


def test_u25_c3_a_booking_is_held_paid_and_confirmed_once_through_the_pages(client):
    """C3, R19 to R21: list, time, one button; held with a mail that pays; paid thrice, confirmed once, with a file."""
    trainer = make_trainer(zone="America/Toronto", days=range(7))
    type = make_sold(trainer)
    person = make_person(time_zone="Europe/London")
    client.force_login(person)
    page = client.get("/account/training/").content.decode()
    assert f"/training/book/{type.slug}/" in page
    assert "60 minutes, $" in page, "what it costs is said before a time is chosen"
    page = client.get(f"/training/book/{type.slug}/")
    start = list(slots.free_starts(type, timezone.now()))[40]  # the first may slip below the notice meanwhile
    page = client.get(f"/training/book/{type.slug}/", {"at": stamp(start)})
    assert f"at={stamp(start).replace(':', '%3A')}" in page.content.decode()
    sent = {"key": hidden(page, "key"), "tz": "Europe/London", "at": stamp(start), "buyer": "self", "method": "card",
            "words": "Robots <b>that</b> walk", **OHIO}  # fmt: skip
    page = client.post(f"/training/book/{type.slug}/", {**sent, "version": hidden(page, "version")})
    assert page.status_code == 200, "the sum with taxes comes first, where no address was known"
    sent["version"] = hidden(page, "version")
    done = client.post(f"/training/book/{type.slug}/", sent)
    booking = Booking.objects.get()
    assert (done.status_code, done.url) == (302, f"/account/training/{booking.uid}/")
    again = client.post(f"/training/book/{type.slug}/", sent)
    assert again.url == done.url
    assert Booking.objects.count() == Order.objects.count() == 1

    invoice = Invoice.objects.get()
    assert (booking.state, booking.invoice, booking.customer.person) == ("payment_hold", invoice, person)
    page = client.get(done.url).content.decode()
    assert "Held for you until it is paid" in page
    assert "Robots &lt;b&gt;that&lt;/b&gt; walk" in page
    order_page = client.get(f"/orders/{Order.objects.get().number}/").content.decode()
    assert "Your training has its time" in order_page
    assert f"{start.astimezone(ZoneInfo('Europe/London')):%B %Y, %H:%M} (Europe/London). It is held" in order_page
    held = OutgoingMail.objects.get(to_address=person.email, source_key=f"booking:{booking.pk}")
    assert held.subject.startswith("Held for you until")
    assert "/i/" in held.text
    assert subjects(trainer.person)[0].startswith("On hold until it is paid: Training hour with")

    pay_with(invoice)
    waiting = client.get(done.url).content.decode()
    assert "Paid: your training is being booked" in waiting
    assert "It is certain the moment" not in waiting
    for _ in range(3):  # delivered three times
        sweep(now=timezone.now())
        standing.invoice_paid(invoice_id=invoice.pk, now=timezone.now())
    booking.refresh_from_db()
    assert booking.state == "confirmed"
    assert [one.split(" ")[0] for one in subjects(person)] == ["Held", "Booked:"]
    assert [one.split(":")[0] for one in subjects(trainer.person)] == ["On hold until it is paid", "Booked"]
    file = OutgoingMail.objects.filter(to_address=person.email).latest("pk").attachments.get()
    ics = file.file.read().decode()
    assert file.content_type == "text/calendar; charset=utf-8; method=REQUEST"
    assert f"UID:{booking.uid}@" in ics
    assert f"DTSTART:{start:%Y%m%dT%H%M%SZ}" in ics
    assert "Your training is booked" in client.get(done.url).content.decode()
    assert "It is booked." in client.get(f"/orders/{Order.objects.get().number}/").content.decode()
    assert "BEGIN:VCALENDAR" in client.get(f"{done.url}training.ics").content.decode()
