"""Activity, the weekly mail and the log of readings: run twice, two at once, killed in the middle."""

from datetime import timedelta

import pytest
import time_machine

from accounts.models import JournalEntry, Person
from insights.actions.activity import keep_activity
from insights.actions.weekly import choose, mail_the_week
from insights.models import ActiveCount, ActiveMonth, WeeklyReader
from mail.models import OutgoingMail
from tests.billing.money import killed_at
from tests.crowds import Crowd
from tests.factories.accounts import make_person, sign_in
from tests.factories.tickets import WEDNESDAY, make_mailbox, make_ticket
from tickets.actions.readings import note_reading
from tickets.models import Reading, Ticket

DAY = timedelta(days=1)
MONDAY = WEDNESDAY.replace(day=9, hour=12)


@pytest.mark.django_db(transaction=True)
def test_activity_is_kept_once_however_often_and_whatever_is_killed(rules):
    people = [make_person() for _ in range(6)]
    Person.objects.filter(pk__in=[one.pk for one in people]).update(last_seen_at=WEDNESDAY)
    later = WEDNESDAY + DAY

    assert killed_at("insights.activity.written", lambda: keep_activity(now=later))
    assert (ActiveMonth.objects.count(), ActiveCount.objects.count()) == (0, 0), "rows and their count, or neither"
    with Crowd(4) as crowd:
        answers = crowd.act([lambda: keep_activity(now=later)] * 4)
    keep_activity(now=later)
    assert not [one for one in answers if isinstance(one, Exception)]
    assert ActiveMonth.objects.count() == 6 == ActiveCount.objects.get().customers


@pytest.mark.django_db(transaction=True)
def test_the_week_is_mailed_once_to_who_chose_it_and_may_still_read_it(rules, client, observer, admin, lead):
    make_mailbox()
    with time_machine.travel(WEDNESDAY, tick=False):
        for person, wanted in ((observer, "yes"), (lead, "yes"), (lead, "no"), (admin, "yes"), (admin, "maybe\x00")):
            sign_in(client, person)
            assert client.post("/me/weekly/", {"wanted": wanted}).status_code == 302
    choose(person=make_person(), is_wanted=True, now=WEDNESDAY)  # no longer of the staff
    mails = OutgoingMail.objects.filter(source_key__startswith="weekly:")

    assert mail_the_week(now=MONDAY - timedelta(hours=6)) == 0, "not before seven on Monday"
    assert mail_the_week(now=WEDNESDAY + DAY) == 0, "who chose it this week begins with the next"
    assert killed_at("insights.weekly.mailed", lambda: mail_the_week(now=MONDAY))
    assert mails.count() == 0, "the mail and what remembers it, or neither"
    with Crowd(3) as crowd:
        answers = crowd.act([lambda: mail_the_week(now=MONDAY)] * 3)
    for later in (MONDAY, MONDAY + 2 * DAY, MONDAY + 6 * DAY):
        mail_the_week(now=later)
    assert not [one for one in answers if isinstance(one, Exception)]
    assert sorted(mails.values_list("to_address", flat=True)) == sorted([observer.email, admin.email])
    text = mails.first().text
    assert "Contacts per 100 customers" in text and "/insights/" in text and "/me/weekly/" in text
    assert mail_the_week(now=MONDAY + 7 * DAY) == 2 and WeeklyReader.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_an_observer_reads_any_ticket_changes_nothing_and_leaves_a_trace_of_it(client, observer, agent):
    """Once a ticket and day, in the journal too; who works here leaves none, and nothing is sent ahead."""
    ticket = make_ticket(subject="Somebody else’s")
    entries = JournalEntry.objects.filter(action="tickets.read")

    with time_machine.travel(WEDNESDAY, tick=False):
        sign_in(client, agent)
        assert client.get(f"/inbox/all/{ticket.pk}/").status_code == 200 and not entries.exists()
        sign_in(client, observer)
        ahead = client.get(f"/inbox/all/{ticket.pk}/", headers={"X-Quiet": "yes"})
        assert (ahead.status_code, entries.count()) == (204, 0)
        for _ in range(2):
            assert client.get(f"/inbox/all/{ticket.pk}/").status_code == 200
        entry = entries.get()
        assert (entry.by_id, entry.subject, Reading.objects.count()) == (observer.pk, f"tickets.ticket:{ticket.pk}", 1)
        state = Ticket.objects.values().get(pk=ticket.pk)
        for verb in ("assign", "close", "open", "snooze", "tags", "team", "priority"):
            assert client.post(f"/desk/tickets/{ticket.pk}/{verb}/", {}).status_code in (403, 404), verb
        assert client.post(f"/inbox/all/{ticket.pk}/write/", {"kind": "reply", "text": "No"}).status_code == 403
        assert client.post("/settings/costs/", {"rate": "1"}).status_code == 403
        assert Ticket.objects.values().get(pk=ticket.pk) == state
    assert killed_at("tickets.readings.noted", lambda: note_reading(ticket=ticket, by=observer, now=WEDNESDAY + DAY))
    assert (entries.count(), Reading.objects.count()) == (1, 1)
    with Crowd(4) as crowd:
        answers = crowd.act([lambda: note_reading(ticket=ticket, by=observer, now=WEDNESDAY + DAY)] * 4)
    assert sorted(map(str, answers)) == ["False", "False", "False", "True"]
    assert (entries.count(), Reading.objects.count()) == (2, 2)
