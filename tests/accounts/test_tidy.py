"""What is over goes; what still counts stays. And the first admin, from the command line."""

from datetime import timedelta
from io import StringIO

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import journal
from accounts.actions import codes, tidy
from accounts.models import CacheEntry, Grant, JournalEntry, Person, SignInCode, ThrottleCount
from accounts.tasks import note_journal_head
from supportdesk.lib.throttle import Limit, hit
from tests.factories.accounts import make_person

pytestmark = pytest.mark.django_db

PASSWORD = "a quiet river bends"


def test_what_is_over_is_removed_and_the_rest_stays(client, django_client):
    now = timezone.now()
    person = make_person(email="cara@x.example", password=PASSWORD)
    for browser in (client, django_client()):
        browser.post("/sign-in/", {"email": person.email, "password": PASSWORD})
    ended = UserSession.objects.latest("pk")
    Session.objects.filter(session_key=ended.session_key).update(expire_date=now - timedelta(seconds=1))
    ThrottleCount.objects.all().delete()
    hit(Limit("tests", times=1, seconds=60), "old", now=now - timedelta(hours=1))
    hit(Limit("tests", times=1, seconds=60), "new", now=now)
    cache.set("old", 1, 60)
    CacheEntry.objects.filter(key__contains="old").update(expires_at=now - timedelta(hours=1))
    cache.set("new", 1, 60)
    codes.request_code(email="old@x.example", now=now - timedelta(days=2))
    codes.request_code(email="new@x.example", now=now)

    for _ in range(2):
        tidy.tidy(now=now)

    assert (Session.objects.count(), UserSession.objects.count()) == (1, 1)
    assert SignInCode.objects.get().email == "new@x.example"
    assert not ThrottleCount.objects.filter(resets_at__lte=now).exists()
    assert [key.rpartition(":")[2] for key in CacheEntry.objects.values_list("key", flat=True)] == ["new"]
    assert client.get("/me/").status_code == 200


def appoint(*args) -> str:
    out = StringIO()
    call_command("appoint_admin", *args, stdout=out)
    return out.getvalue()


def test_the_first_admin_is_appointed_at_the_command_line():
    assert "ada@desk.example is an admin now" in appoint("Ada@desk.example", "--name", "Ada")

    person = Person.objects.get()
    assert (person.name, person.roles, person.email_verified_at is not None) == ("Ada", {"admin"}, True)
    assert "accounts.appoint_first_admin" in JournalEntry.objects.values_list("action", flat=True)
    with pytest.raises(CommandError, match="There is an admin already"):
        appoint("eve@desk.example")
    with pytest.raises(CommandError, match="Write an address"):
        appoint("no address")
    assert Grant.objects.count() == 1


def test_the_head_of_the_journal_is_noted_outside_the_database(caplog):
    """S59: given back to verify_journal, it shows a cut-off end."""
    caplog.set_level("INFO")
    entry = journal.record(by=None, action="tests.write", subject="x", now=timezone.now())

    note_journal_head()

    assert caplog.records[-1].fields == {"number": 1, "hash": entry.hash}
    call_command("verify_journal", head=f"1:{entry.hash}", stdout=StringIO())
