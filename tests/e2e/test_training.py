"""A training booked in a browser: on the visitor's own wall, in four clicks, beside somebody quicker (U25, U53)."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.choices import Role
from billing.actions import pay
from billing.models import Invoice
from tests.e2e.conftest import Visit
from tests.factories.accounts import make_person, make_staff
from tests.factories.billing import make_customer
from tests.factories.tickets import make_mailbox
from tests.training.factory import book, make_sold, make_trainer
from timers.actions.sweep import sweep
from training import slots
from training.choosing import stamp
from training.models import Booking

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(width, scheme) for width in (1440, 390) for scheme in ("light", "dark")]


@pytest.fixture
def trainer(transactional_db):
    """Every day, all day: a test may run at any hour."""
    make_mailbox(address="support@desk.example", name="Example Robotics")
    return make_trainer(zone="America/Toronto", opens=0, closes=24, days=range(7))


@pytest.fixture
def dana(trainer):
    """Whose address is on file."""
    person = make_person(name="Dana Whitfield", email="dana@lakeview.example")
    make_customer(person=person)
    return person


def test_u25_four_clicks_in_the_visitors_own_zone_held_paid_and_booked(visit: Visit, dana, trainer):
    """U25, C3: account, time, button; nobody told us a zone, so the browser's is shown; paid, it is booked."""
    type = make_sold(trainer, every_minutes=60)
    screen = visit(dana, timezone_id="Europe/London")
    page = screen.page
    screen.open("/account/")
    page.get_by_role("link", name="Book a training").click()
    page.get_by_role("link", name="Choose a time for Training hour").click()
    expect(page.get_by_label("Times are shown in")).to_have_value("Europe/London")
    times = page.locator(".times a")
    chosen = times.last.inner_text()
    times.last.click()
    page.get_by_role("button", name="Book for $95.00").click()
    expect(page.get_by_role("heading", name="Held for you until it is paid")).to_be_visible()
    expect(page.locator(".number")).to_contain_text(f"{chosen} (Europe/London)")
    booking = Booking.objects.get()
    assert booking.session.type == type
    pay.record_transfer(
        invoice=Invoice.objects.get(), amount=9_500, reference="x", by=make_staff(Role.ADMIN), now=timezone.now()
    )
    sweep(now=timezone.now() + timedelta(seconds=1))
    page.reload()
    expect(page.get_by_role("heading", name="Your training is booked")).to_be_visible()
    with page.expect_download() as file:
        page.get_by_role("link", name="Add to your calendar").click()
    assert file.value.suggested_filename == "training.ics"


def test_u25_u53_the_slower_of_two_keeps_the_form_and_books_a_fresh_time_without_a_script(visit: Visit, dana, trainer):
    """C1, U53: somebody else takes the time while the form is open; the words stay, three times are offered."""
    type = make_sold(trainer)
    screen = visit(dana, script=False)
    page = screen.page
    taken = list(slots.free_starts(type, timezone.now()))[40]
    screen.open(f"/training/book/{type.slug}/?at={stamp(taken)}")
    page.get_by_label("What should it be about?").fill("The drums, and class lists.")
    book(type, taken, now=timezone.now())
    page.get_by_role("button", name="Book for").click()
    expect(page.get_by_role("alert")).to_contain_text("That time was just taken")
    expect(page.get_by_label("What should it be about?")).to_have_value("The drums, and class lists.")
    fresh = page.locator("[name=at][type=radio]")
    expect(fresh).to_have_count(3)
    fresh.nth(1).check()
    page.get_by_role("button", name="Book for").click()
    expect(page.get_by_role("heading", name="Held for you until it is paid")).to_be_visible()
    assert Booking.objects.filter(words="The drums, and class lists.").count() == 1


def test_u25_every_page_of_training_in_four_looks(visit: Visit, dana, trainer):
    """No mistake of axe and nothing sideways: choosing, booking, moving, the calendar, leave, settings."""
    type = make_sold(trainer, every_minutes=60)
    start = list(slots.free_starts(type, timezone.now()))[5]
    booking = book(type, start, by=dana, now=timezone.now())
    lead = make_staff(Role.LEAD)
    always = {
        dana: (f"/training/book/{type.slug}/", f"/account/training/{booking.uid}/"),
        lead: (f"/training/?week={start:%Y-%m-%d}",),
    }
    once = {
        dana: ("/account/training/", f"/account/training/{booking.uid}/move/"),
        lead: (f"/training/bookings/{booking.uid}/", f"/training/trainers/{trainer.pk}/leave/", "/settings/training/",
               f"/settings/training/{type.pk}/", f"/settings/trainers/{trainer.pk}/"),
    }  # fmt: skip
    for width, scheme in LOOKS:
        for person, paths in always.items():
            screen = visit(person, width=width, scheme=scheme)
            for path in (*paths, *(once[person] if (width, scheme) == LOOKS[-1] else ())):
                screen.open(path)
                assert (screen.axe(), screen.sideways()) == ([], []), (path, width, scheme)
