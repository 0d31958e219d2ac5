"""What people are told, as they choose it."""

import re

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from accounts import notifications
from accounts.actions.notifications import choose_notifications
from accounts.choices import NotificationKind, NotificationWay
from accounts.models import NotificationChoice
from mail.actions import choices, reach
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind, MailState, Sort
from mail.models import OptOut, OutgoingMail
from tests.factories.accounts import make_staff, sign_in

pytestmark = pytest.mark.django_db
MENTIONED, MAIL, DESK = NotificationKind.MENTIONED, NotificationWay.MAIL, NotificationWay.DESK


def test_staff_are_told_everything_until_they_choose_and_then_what_they_chose(client, agent, lead):
    sign_in(client, agent)
    assert notifications.wants(agent, MENTIONED) and notifications.wants(agent, MENTIONED, DESK)

    answer = client.post("/me/notifications/", {"mentioned": ["desk"], "due": ["mail", "desk"]}, follow=True)

    assert "Saved." in answer.content.decode()
    assert not notifications.wants(agent, MENTIONED)
    assert notifications.wants(agent, MENTIONED, DESK)
    assert not notifications.wants(agent, "assigned", DESK)
    assert notifications.wanting([agent, lead, agent], MENTIONED) == [lead]
    assert notifications.wanting([agent, lead, agent], "due") == [agent, lead]


def test_choosing_twice_keeps_one_row_each(agent):
    for _ in range(2):
        choose_notifications(person=agent, wanted={("due", "mail")}, by=agent, now=timezone.now())

    assert NotificationChoice.objects.filter(person=agent).count() == 8
    assert notifications.choices_of(agent)["due", "mail"] is True
    assert sum(notifications.choices_of(agent).values()) == 1


def test_customers_and_people_who_left_are_told_nothing_of_the_desk(customer, agent):
    agent.is_active = False

    assert not notifications.wants(customer, MENTIONED)
    assert not notifications.wants(agent, MENTIONED)


def test_asking_for_many_people_is_one_query_for_their_choices(django_assert_num_queries):
    staff = [make_staff() for _ in range(4)]
    for person in staff:
        person.granted_roles = ["agent"]

    with django_assert_num_queries(1):
        assert notifications.wanting(staff, MENTIONED) == staff


@pytest.mark.parametrize("typed", [{"mentioned": ["pigeon"]}, {"mentioned": ["mail", "\x00"]}, {"due": "😀"}])
def test_a_way_that_does_not_exist_is_refused_and_changes_nothing(client, agent, typed):
    sign_in(client, agent)

    answer = client.post("/me/notifications/", typed)

    assert (answer.status_code, NotificationChoice.objects.count()) == (422, 0)
    assert "There is a problem" in answer.content.decode()


def page_of(address="cara@r.example"):
    return choices.choices_address(address)


def test_a_customer_chooses_by_the_link_in_a_mail_without_signing_in():
    browser = Client(enforce_csrf_checks=True)
    page = browser.get(page_of())
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', page.content.decode())[1]
    assert page.content.decode().count("checked") == len(Sort)

    answer = browser.post(page_of(), {"wanted": ["answers", "closings"], "csrfmiddlewaretoken": token}, follow=True)

    assert "Saved. It holds from the next mail on." in answer.content.decode()
    assert choices.wanted_by("CARA@r.example") == {Sort.ANSWERS, Sort.CLOSINGS}
    assert "sessionid" not in browser.cookies and "session" not in browser.cookies
    assert (page["X-Robots-Tag"], "no-store" in page["Cache-Control"]) == ("noindex", True)
    assert OutgoingMail.objects.count() == 0


def test_looking_fifty_times_changes_nothing_S38():
    codes = {getattr(Client(), method)(page_of()).status_code for method in ("get", "head") for _ in range(25)}

    assert (codes, OptOut.objects.count()) == ({200}, 0)


@pytest.mark.parametrize(
    "token",
    ["x", "é", reach.stop_token(address="cara@r.example"), signing.dumps("a@b.c"), "0" * 4000],
    ids=["one letter", "no ASCII", "to stop", "no salt", "long"],
)
def test_a_token_for_something_else_is_404_S39(client, token):
    assert client.get(f"/mail/choices/{token}/").status_code == 404
    assert client.post(f"/mail/choices/{token}/", {"wanted": []}).status_code == 404
    assert OptOut.objects.count() == 0


def test_who_stops_answers_is_told_by_a_last_mail_that_leads_back(client):
    for _ in range(2):
        client.post(page_of(), {"wanted": []})

    mail = OutgoingMail.objects.get()
    assert (mail.to_address, mail.subject, mail.kind) == (
        "cara@r.example", "You get no more answers by mail", Kind.TRANSACTIONAL,
    )  # fmt: skip
    assert page_of() in mail.text
    client.post(page_of(), {"wanted": Sort.values})
    assert choices.wanted_by("cara@r.example") == set(Sort.values)


@pytest.mark.parametrize(
    ("kind", "sort", "is_sent"),
    [
        (Kind.ACKNOWLEDGEMENT, "acknowledgements", False),
        (Kind.NOTIFICATION, "nudges", False),
        (Kind.BULK, "surveys", False),
        (Kind.TRANSACTIONAL, "surveys", True),
        (Kind.NOTIFICATION, "", True),
        (Kind.REPLY, "", True),
    ],
)
def test_a_sort_that_was_stopped_is_not_sent_and_everything_else_is(kind, sort, is_sent):
    now = timezone.now()
    choices.choose(address="cara@r.example", wanted={Sort.ANSWERS}, now=now)

    mail = queue_mail(
        kind=kind, mailbox=None, to=Address("Cara@R.example"), subject="A", text="B", opt_out_scope=sort, now=now
    )

    assert (mail.state == MailState.QUEUED) is is_sent
    if not is_sent:
        assert mail.last_error == "This address asked for no more mail of this sort."


def test_a_signed_in_customer_has_the_same_choices(client, customer, stranger):
    client.force_login(customer)

    client.post("/me/notifications/", {"wanted": ["answers"]})

    assert choices.wanted_by(customer.email) == {"answers"}
    assert choices.wanted_by(stranger.email) == set(Sort.values)
    assert client.get("/me/notifications/").content.decode().count("checked") == 1
