"""Stopping mail with one click: a person's, a mail program's, and never a scanner's."""

import re

import pytest
from django.core import signing
from django.test import Client

from mail.actions import deliver, reach
from mail.choices import Kind, MailState
from mail.models import OptOut
from tests.factories.mail import NOW, make_outgoing

pytestmark = pytest.mark.django_db


def path(address="cara@r.example", scope="all"):
    return f"/mail/stop/{reach.stop_token(address=address, scope=scope)}/"


def test_opening_the_link_fifty_times_changes_nothing_S38():
    url = path()

    codes = {getattr(Client(), method)(url).status_code for method in ("get", "head") for _ in range(25)}

    assert (codes, OptOut.objects.count()) == ({200}, 0)


def test_one_click_of_a_mail_program_stops_the_mail_without_page_or_cookie_S38_U26():
    client = Client(enforce_csrf_checks=True)

    answer = client.post(path(), {"List-Unsubscribe": "One-Click"}, HTTP_SEC_FETCH_SITE="cross-site")
    again = client.post(path(), {"List-Unsubscribe": "One-Click"})

    assert (answer.status_code, again.status_code) == (200, 200)
    assert list(OptOut.objects.values_list("address", "scope", "ended_at")) == [("cara@r.example", "all", None)]


def test_a_person_stops_and_takes_it_back_on_the_page_U26():
    client = Client(enforce_csrf_checks=True)

    page = client.get(path()).content.decode()
    stopped = client.post(path(), {"stop": "1"}).content.decode()
    during = reach.has_opted_out("cara@r.example", "all")
    undone = client.post(path(), {"undo": "1"}).content.decode()

    assert "Stop this mail?" in page
    assert ("You get no more mail of this sort" in stopped, "Undo" in stopped, during) == (True, True, True)
    assert "Undone. Mail of this sort goes to cara@r.example again." in undone
    assert not reach.has_opted_out("cara@r.example", "all")


def test_a_post_that_asks_for_nothing_does_nothing():
    answer = Client().post(path(), {"List-Unsubscribe": "whatever"})

    assert (answer.status_code, OptOut.objects.count()) == (200, 0)


@pytest.mark.parametrize(
    "token",
    [
        "x", "a:b:c", "W10:1abcde:xyz", "é", "0" * 5000,
        signing.dumps(["cara@r.example", "all"]),
        signing.dumps(["cara@r.example", "all"], salt="billing.invoice"),
        signing.dumps("all", salt="mail.stop"),
        signing.dumps(["cara@r.example"], salt="mail.stop"),
    ],
    ids=["one letter", "colons", "a lookalike", "no ASCII", "long", "no salt", "other salt", "no list", "one of two"],
)  # fmt: skip
def test_a_token_made_for_something_else_is_404_and_stops_nothing_S39(token):
    answers = [Client().get(f"/mail/stop/{token}/"), Client().post(f"/mail/stop/{token}/", {"stop": "1"})]

    assert ([one.status_code for one in answers], OptOut.objects.count()) == ([404, 404], 0)


def test_an_empty_token_is_404_S39():
    assert Client().post("/mail/stop//", {"stop": "1"}).status_code == 404


def test_the_page_is_kept_out_of_caches_and_search_engines():
    answer = Client().get(path())

    assert answer["X-Robots-Tag"] == "noindex"
    assert "no-store" in answer["Cache-Control"]


def test_bulk_mail_carries_its_own_stop_link_and_that_link_works_U26(sink, clock):
    mail = make_outgoing(to="cara@r.example", kind=Kind.BULK, opt_out_scope="news")
    deliver.deliver_one(mail_id=mail.pk, clock=clock)
    message = sink.received[0].message
    link = re.fullmatch(r"<http://[^/]+(/mail/stop/[^/]+/)>", str(message["List-Unsubscribe"]))[1]

    Client().post(link, {"List-Unsubscribe": "One-Click"})
    later = make_outgoing(to="Cara@R.example", kind=Kind.BULK, opt_out_scope="news")
    other_sort = make_outgoing(to="cara@r.example", kind=Kind.BULK, opt_out_scope="invoices")
    reply = make_outgoing(to="cara@r.example", kind=Kind.REPLY)

    assert str(message["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
    assert link in sink.received[0].text
    assert [one.state for one in (later, other_sort, reply)] == [
        MailState.CANCELLED,
        MailState.QUEUED,
        MailState.QUEUED,
    ]
    assert later.last_error == "This address asked for no more mail of this sort."


def test_an_opt_out_between_writing_and_sending_is_honoured(sink, clock):
    mail = make_outgoing(to="cara@r.example", kind=Kind.BULK)
    reach.opt_out(address="cara@r.example", scope="all", now=NOW)

    deliver.deliver_due(limit=10, clock=clock)

    mail.refresh_from_db()
    assert (mail.state, sink.received) == (MailState.CANCELLED, [])


def test_an_old_link_holds_through_a_change_of_keys_F33(settings):
    url = path()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new key", [settings.SECRET_KEY]

    assert Client().post(url, {"stop": "1"}).status_code == 200
    assert OptOut.objects.count() == 1
