"""Who opens what: mail links, feeds, strangers, staff (C11, C12)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.choices import Role
from tests.factories.accounts import make_person, make_staff
from tests.training.factory import NOW, book, hours, make_sold, make_trainer, make_type, new_key
from training import tokens
from training.actions import letters, setup
from training.choosing import stamp
from training.models import Booking, TrainerNote

pytestmark = pytest.mark.django_db
START = datetime(2026, 12, 1, 10, tzinfo=UTC)
HOSTILE = ["0" * 32, "x", "%00", "é" * 32, "1' OR 1=1--", "9" * 400]


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Pages read NOW."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def path_of(booking: Booking) -> str:
    return letters.manage_address(booking).partition("//")[2].partition("/")[2]


def test_c12_a_mail_link_opens_moves_and_cancels_its_own_booking_and_no_other(client):
    """C12: another booking's id in the address is 404; nobody is signed in, looking changes nothing."""
    type = make_sold()
    mine, other = book(type, START), book(type, START + hours(3))
    own = f"/{path_of(mine)}"
    page = client.get(own)
    assert page.status_code == 200
    assert "Training hour" in page.content.decode()
    assert "/invoices/" not in page.content.decode(), "nothing of the account"
    assert page["Referrer-Policy"] == "no-referrer"
    for address in (own.replace(mine.uid, other.uid), own.replace(mine.uid, mine.uid[::-1]), own[:-5] + "aaaa/"):
        for more in ("", "move/", "training.ics"):
            assert client.get(address + more).status_code == 404
        assert client.post(address + "cancel/", {"sure": "yes"}).status_code == 404
    for wrong in HOSTILE:
        assert client.get(f"/training/mine/{wrong}/{wrong}/").status_code == 404
        assert client.get(f"/training/wait/{wrong}/{wrong}/").status_code == 404
    choices = client.get(own + "move/", {"tz": "Nowhere/\x00", "day": "0000-00-00", "at": "x" * 17})
    assert choices.status_code == 200
    key = new_key()
    answer = client.post(own + "move/", {"at": stamp(START + hours(3)), "key": key})
    assert answer.status_code == 409
    assert "just taken" in answer.content.decode()
    assert answer.content.decode().count('type="radio" name="at"') == 3
    for _ in range(2):
        assert client.post(own + "move/", {"at": stamp(START + hours(5)), "key": key}).url == own
    assert client.post(own + "move/", {"at": ""}).status_code == 422
    assert client.post(own + "cancel/").status_code == 422
    assert client.post(own + "cancel/", {"sure": "yes"}).url == own
    states = {one.session.starts_at.hour: one.state for one in Booking.objects.select_related("session")}
    assert states == {10: "rescheduled", 15: "cancelled", 13: "payment_hold"}
    assert "_auth_user_id" not in client.session


def test_strangers_find_no_booking_of_others_and_never_an_error(client):
    """S21: 404 for another's; hostile ids and fields are sentences or 404."""
    type = make_sold()
    booking = book(type, START)
    client.force_login(make_person())
    for more in ("", "move/", "training.ics"):
        assert client.get(f"/account/training/{booking.uid}/{more}").status_code == 404
    for more in ("cancel/", "money-back/", "move/"):
        assert client.post(f"/account/training/{booking.uid}/{more}", {"sure": "yes"}).status_code == 404
    for wrong in HOSTILE:
        assert client.get(f"/account/training/{wrong}/").status_code == 404
    assert client.get("/training/book/nothing/").status_code == 404
    for at in ("", "9" * 30, "2026-13-01T00:00Z", "\x00" * 17, "1", "²" * 3):
        answer = client.post(f"/training/book/{type.slug}/", {"at": at, "key": "\x00", "words": "x" * 5000})
        assert answer.status_code == 422
    for at in ("0001-01-01T00:00Z", "9999-12-31T23:59Z"):  # whole, and beyond every calendar in another zone
        for tz in ("America/Toronto", "Pacific/Kiritimati"):
            assert client.get(f"/training/book/{type.slug}/", {"at": at, "tz": tz}).status_code == 200
            ends = client.post(f"/training/book/{type.slug}/", {"at": at, "tz": tz, "words": "x"})
            assert ends.status_code == 422
    for name in ("tz", "day", "at"):
        assert client.get(f"/training/book/{type.slug}/", {name: "\x00'\"<é"}).status_code == 200
    for address in ("/training/", f"/training/bookings/{booking.uid}/", "/settings/training/"):
        assert client.get(address).status_code == 404


def test_c11_a_feed_opens_by_its_token_alone_and_a_new_one_kills_the_old(client):
    """C11: wrong 404, rotated 404; of customers it shows the name and nothing else."""
    trainer = make_trainer()
    type = make_sold(trainer)
    person = make_person(name="Ada Lovelace", email="ada.secret@school.example")
    booking = book(type, START, by=person, words="Private words")
    token = tokens.for_feed(trainer.pk, trainer.feed_version)
    feed = f"/training/feed/{trainer.pk}/{token}.ics"
    answer = client.get(feed)
    body = answer.content.decode().replace("\r\n ", "")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "SUMMARY:Hold: Training hour with Ada Lovelace" in body
    assert "STATUS:TENTATIVE" in body
    for secret in (person.email, "Private", booking.invoice.number, "Lakeview", "/mine/"):
        assert secret not in body
    other = make_trainer()
    for wrong in (
        feed.replace(token, token[::-1]),
        feed.replace(f"/{trainer.pk}/", f"/{other.pk}/"),
        "/training/feed/0/x.ics",
    ):
        assert client.get(wrong).status_code == 404
    setup.rotate_feed(trainer=trainer, by=trainer.person, now=NOW)
    assert client.get(feed).status_code == 404
    trainer.refresh_from_db()
    fresh = tokens.for_feed(trainer.pk, trainer.feed_version)
    assert client.get(f"/training/feed/{trainer.pk}/{fresh}.ics").status_code == 200


def test_a_trainer_sees_their_own_week_and_a_lead_everybodys(client, django_assert_num_queries):
    """C3, C9: Hold and booked stand on the calendar, in the trainer's zone; others' bookings are 404 to a trainer."""
    trainer, other = make_trainer(zone="America/Toronto", opens=0, closes=24), make_trainer()
    held, elsewhere = book(make_sold(trainer), START), book(make_type(other), START)
    week = "/training/?week=2026-12-01"
    client.force_login(trainer.person)
    page = client.get(week).content.decode()
    assert "05:00–06:00" in page
    assert "Hold: not paid yet" in page
    assert elsewhere.uid not in page
    assert client.get(f"/training/bookings/{held.uid}/").status_code == 200
    assert client.get(f"/training/bookings/{elsewhere.uid}/").status_code == 404
    assert client.get(f"/training/?trainer={other.pk}&week=2026-12-01").content.decode().count(elsewhere.uid) == 0
    away = {"from_day": "2026-12-01", "from_time": "00:00", "to_day": "2026-12-01", "to_time": "23:59"}
    warned = client.post(f"/training/trainers/{trainer.pk}/leave/", away)
    assert warned.status_code == 409
    assert f"/training/bookings/{held.uid}/move/" in warned.content.decode()
    for wrong in ({"to_day": "9999-12-31"}, {"from_day": "0001-01-01"}):
        answer = client.post(f"/training/trainers/{trainer.pk}/leave/", {**away, **wrong, "sure": "yes"})
        assert answer.status_code == 422 and "Enter a day" in answer.content.decode()
    assert client.post(f"/training/trainers/{trainer.pk}/leave/", {**away, "sure": "yes"}).status_code == 302
    assert "1 to move" in client.get(week).content.decode()
    assert client.post(f"/training/trainers/{other.pk}/leave/", away).status_code == 404
    moved = client.post(
        f"/training/bookings/{held.uid}/move/", {"at": stamp(START + hours(48)), "key": new_key(), "why": "I am away"}
    )
    assert moved.status_code == 302
    client.post(f"/training/bookings/{held.uid}/note/", {"words": "Bring <b>cables</b>", "ticket": "4127"})
    shown = client.get(f"/training/bookings/{held.uid}/").content.decode()
    assert "Bring &lt;b&gt;cables&lt;/b&gt;" in shown
    assert "ticket #4127" in shown
    assert client.post(f"/training/bookings/{held.uid}/cancel/", {"why": " "}).status_code == 422
    assert client.post(f"/training/bookings/{held.uid}/came/", {"came": "no"}).status_code == 302

    observer = make_staff(Role.OBSERVER)
    client.force_login(observer)
    assert client.get(f"/training/bookings/{held.uid}/").status_code == 200
    assert client.post(f"/training/bookings/{held.uid}/note/", {"words": "x"}).status_code == 403
    assert TrainerNote.objects.count() == 1
    client.force_login(make_staff(Role.LEAD))
    assert client.get(f"/training/?trainer={other.pk}&week=2026-12-01").content.decode().count(elsewhere.uid) == 1
    client.force_login(make_staff())
    assert "You give no trainings" in client.get("/training/").content.decode()
    client.force_login(held.person)
    assert "cables" not in client.get(f"/account/training/{held.uid}/").content.decode(), "notes are the staff's"


def test_a_lead_sets_up_a_trainer_a_week_a_day_and_a_training(client):
    """R19: hours typed as people write them; wrong ones are sentences beside what was typed."""
    lead, dana = make_staff(Role.LEAD), make_staff(name="Dana")
    client.force_login(lead)
    made = client.post(
        "/settings/trainers/new/", {"person": dana.pk, "time_zone": "America/Toronto", "place": "Room 2"}
    )
    trainer = dana.trainer
    assert made.url == f"/settings/trainers/{trainer.pk}/"
    week = {"time_zone": "America/Toronto", "place": "", "is_active": "on", "day0": "9-12, 13:00-17:00", "day4": "9–12"}
    assert client.post(made.url, week).status_code == 302
    assert setup.weekly(trainer)[0] == [(540, 720), (780, 1020)]
    for wrong in ("nine", "12-9", "9-25", "9-12, 11-13", "9:75-12", "\x00", "1" * 300):
        answer = client.post(made.url, {**week, "day1": wrong})
        assert answer.status_code == 422
    assert setup.weekly(trainer)[4] == [(540, 720)]
    assert client.post(f"{made.url}days/", {"day_on": "2026-12-24", "spans": "9-12"}).status_code == 302
    assert client.post(f"{made.url}days/", {"day_on": "2026-12-24", "spans": "9-12, 13-14"}).status_code == 422
    assert (trainer.exceptions.get().opens, trainer.exceptions.get().closes) == (540, 720)
    terms = {"name": "Free hour", "minutes": 60, "after_buffer": 15, "every_minutes": 30, "notice_hours": 24,
             "horizon_days": 60, "change_hours": 24, "seats": 1, "payment": "free", "trainers": [trainer.pk],
             "is_offered": "on"}  # fmt: skip
    assert client.post("/settings/training/new/", terms).status_code == 302
    for field, wrong in (("minutes", "9" * 30), ("every_minutes", "7"), ("trainers", "\x00"), ("payment", "product")):
        assert client.post("/settings/training/new/", {**terms, field: wrong}).status_code == 422
    type = trainer.session_types.get()
    assert (type.slug, type.every_minutes, type.is_offered) == ("free-hour", 30, True)
    client.force_login(make_staff())
    assert client.post("/settings/training/new/", terms).status_code == 403
    assert client.post(made.url, week).status_code == 404


def test_pages_cost_as_many_queries_for_five_bookings_as_for_two(client, django_assert_num_queries):
    """Performance: the list of a customer, the choice of a time and a trainer's week do not grow with rows."""
    trainer, person = make_trainer(), make_person()
    type = make_sold(trainer)
    pages = {
        "/account/training/": (person, 12),
        f"/training/book/{type.slug}/": (person, 18),
        "/training/?week=2026-12-01": (trainer.person, 13),
    }
    booked = 0
    for wanted in (2, 5):
        while booked < wanted:
            book(type, START + hours(1.25 * booked), by=person)
            booked += 1
        for path, (reader, count) in pages.items():
            client.force_login(reader)
            client.get(path)
            with django_assert_num_queries(count):
                client.get(path)
    empty = client.get(f"/training/?week={START.date() - timedelta(days=14):%Y-%m-%d}").content.decode()
    assert "Nothing is booked in this week." in empty
    assert f"?trainer={trainer.pk}&amp;week={START.date()}" in empty, "what comes next is one click away"
