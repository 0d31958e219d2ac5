"""The desk's pages about accounts: finding one, what is masked, who may do what, what stands in the log."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts import identity
from accounts.actions import close_account, events, handles, readings, rules
from accounts.actions import identity as checks
from accounts.choices import EventKind, HandleSort, Role
from accounts.models import ActionRequest, JournalEntry, ProfileReading, ReadingDay
from billing.actions import shipments
from billing.gateways import carriers
from billing.models import Card, Shipment
from mail.models import OutgoingMail
from tests.factories.accounts import make_member, make_organisation, make_person, make_staff, sign_in
from tests.factories.billing import make_customer
from tests.factories.invoices import make_invoice, make_payment, make_seller
from tests.factories.shop import make_order
from tests.factories.tickets import make_ticket
from tickets.queries_desk.account_log import SOURCES, log_of
from tickets.queries_desk.accounts import find_accounts

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def found(text: str) -> list[str]:
    """Names of the accounts, in order."""
    return [one.person.name for one in find_accounts(text, now=NOW)]


def test_e10_the_right_account_comes_first_whatever_the_caller_says(django_assert_max_num_queries):
    """R90: Name fragment, address, invoice, phone, last four, tracking number; staff are nobody's account."""
    make_seller()
    lake, hill = make_organisation(name="Lakeview School"), make_organisation(name="Hillside Academy")
    other = make_member(organisation=lake, name="Aaron Other", email="aaron@lake.example")
    buyer = make_member(organisation=lake, name="Maria Lopez", email="maria@lake.example")
    make_member(organisation=hill, name="Mariana Lopezzi", email="mariana@hill.example")
    alone = make_person(name="Zed Alone", email="zed@alone.example")
    make_staff(Role.AGENT, name="Maria Lopez", email="staff@desk.example")
    handle = handles.find_or_create_handle(sort=HandleSort.PHONE, value="+14035550147", now=NOW)
    handles.link_handle(handle=handle, person=buyer, by=make_staff(Role.ADMIN), now=NOW)
    near = handles.find_or_create_handle(sort=HandleSort.PHONE, value="+493035550147", name="Near Number", now=NOW)
    school = make_customer(organisation=lake, name="Lakeview School District")
    order = make_order(school, "SO-2026-0042", placed_by=buyer)
    invoice = make_invoice(customer=school, order=order)
    Shipment.objects.create(order=order, state="shipped", shipped_at=NOW, tracking_number="1Z999AA10123456784")
    Card.objects.create(
        customer=make_customer(person=alone), provider_id="pm_1", brand="visa", last4="4242", added_at=NOW
    )
    table = {
        "Maria Lopez": "Maria Lopez", "maria lop": "Maria Lopez", "lopez maria": "Maria Lopez",
        "aria lopez": "Maria Lopez", "ze": "Zed Alone",
        " MARIA@lake.EXAMPLE ": "Maria Lopez", "maria@": "Maria Lopez", "@alone.example": "Zed Alone",
        str(invoice.number): "Maria Lopez", f"inv {invoice.year} {invoice.sequence}": "Maria Lopez",
        "SO-2026-0042": "Maria Lopez", "1Z 999 AA1 01 2345 6784": "Maria Lopez", "1z999aa10123": "Maria Lopez",
        "+1 (403) 555-0147": "Maria Lopez", "403.555.0147": "Maria Lopez", "0014035550147": "Maria Lopez",
        "555 0147": "Maria Lopez", "+49 30 3555 0147": "Near Number", "4242": "Zed Alone", "•••• 4242": "Zed Alone",
        "Lakeview School": "Aaron Other", "Maria Lopes": "Maria Lopez",
    }  # fmt: skip
    for text, name in table.items():
        with django_assert_max_num_queries(34):
            assert found(text)[:1] == [name], text
    assert near.person.name in found("555 0147") and other.name in found(str(invoice.number))[1:]
    assert "staff@desk.example" not in [one.person.email for one in find_accounts("maria lopez", now=NOW)]
    for nothing in (
        "",
        " ",
        "\x00",
        "zyzzyva",
        "%",
        "_",
        "'; --",
        "٠١٢٣٤٥٦٧",
        "9" * 500,
        "@",
        "a",
        "\u202e",
        "()",
        "+",
    ):
        assert found(nothing) in ([], found("a")), nothing


@pytest.fixture
def desk(client, customer, agent):
    """A ticket of the customer, and its agent at the screen."""
    ticket = make_ticket(requester=customer, subject="I cannot get in")
    sign_in(client, agent)
    return client, customer, ticket, f"/customers/{customer.pk}/"


def test_an_opened_profile_is_masked_journalled_and_counted_once_a_day(desk, agent, lead):
    """E10: every opened profile logged; the matrix: masked fields, reveal logged with its ticket, 200 a day tell."""
    client, customer, ticket, address = desk
    page = client.get(f"{address}?ticket={ticket.pk}").content.decode()
    assert client.get(address).status_code == 200
    assert (
        customer.email not in page
        and "c•••@robotics.example" in page
        and "no-store" in client.get(address)["Cache-Control"]
    )
    opened = JournalEntry.objects.filter(action="accounts.open_profile")
    assert list(opened.values_list("by", "subject", "data")) == [
        (agent.pk, f"accounts.person:{customer.pk}", {"ticket": ticket.pk})
    ]
    assert ReadingDay.objects.get(by=agent).profiles == 1

    refused = client.post(f"{address}show/", {"field": "email"})
    assert refused.status_code == 422 and customer.email not in refused.content.decode()
    assert client.post(f"{address}show/", {"field": "password", "ticket": ticket.pk}).status_code == 404
    shown = client.post(f"{address}show/", {"field": "email", "ticket": ticket.pk})
    assert customer.email in shown.content.decode()
    entry = JournalEntry.objects.get(action="accounts.reveal")
    assert (entry.by, entry.data) == (agent, {"field": "email", "ticket": ticket.pk})

    day = ReadingDay.objects.get(by=agent).day
    ReadingDay.objects.filter(by=agent).update(profiles=rules.rules().profiles_a_day - 1)
    for number in range(3):
        readings.open_profile(subject=make_person(), by=agent, ticket_id=None, day=day, now=NOW)
        told = OutgoingMail.objects.filter(subject__contains="profiles")
        assert told.count() == (1 if number else 0)
    assert told.get().to_address == lead.email


def test_an_agent_proves_a_caller_by_plain_forms_and_the_code_is_on_no_screen(desk, django_client):
    """E4, E5 and U53: no script. The mailed code is on no answer to the agent; the number is, and only to them."""
    client, customer, ticket, address = desk
    said = {"ticket": ticket.pk}
    seen = [client.post(f"{address}code/", said, follow=True)]
    code = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", OutgoingMail.objects.latest("pk").text)[0]
    wrong = client.post(f"{address}code/typed/", {"code": "BBBB-BBBB", **said})
    assert (
        wrong.status_code == 422 and "4 times more" in wrong.content.decode() and "BBBB-BBBB" in wrong.content.decode()
    )
    known = {"birth_date": "1990-01-01", "last4": "4242"}
    assert client.post(f"{address}code/typed/", {"code": "", **known, **said}).status_code == 422
    assert identity.level_of(customer, ticket.pk, timezone.now()) == 0
    seen += [wrong, client.get(f"{address}?ticket={ticket.pk}"), client.get(f"{address}log/")]
    assert not any(code in one.content.decode() for one in seen)
    assert client.post(f"{address}code/typed/", {"code": code, **said}).status_code == 303
    assert identity.level_of(customer, ticket.pk, timezone.now()) == 1

    client.post(f"{address}number/", {"purpose": "Change of address", **said})
    number = identity.number_of(identity.asked_in_session(customer, timezone.now()))
    split = f"{number[:3]} {number[3:]}"
    assert split in client.get(f"{address}?ticket={ticket.pk}").content.decode()
    colleague, browser = django_client(), django_client()
    sign_in(colleague, make_staff(Role.AGENT))
    assert split not in colleague.get(f"{address}?ticket={ticket.pk}").content.decode()
    sign_in(browser, customer)
    page = browser.get("/me/caller/").content.decode()
    assert "Alma Agent" in page and "Change of address" in page and split not in page
    assert browser.post("/me/caller/", {"number": "12"}).status_code == 422
    assert browser.post("/me/caller/", {"number": split}).status_code == 302
    assert identity.level_of(customer, ticket.pk, timezone.now()) == 2
    assert (
        "Level 2" in client.get(f"/desk/tickets/{ticket.pk}/caller/", headers={"HX-Request": "true"}).content.decode()
    )


def test_what_is_done_to_an_account_asks_for_its_level_its_right_and_a_second_person(desk, lead, django_client):
    """E5, E7 and the matrix, through the pages: button absent and POST 403 for those without the right."""
    client, customer, ticket, address = desk
    said = {"ticket": ticket.pk, "reason": "They moved"}
    new = {"kind": "change_email", "new_value": "cara@new.example", **said}
    assert f"{address}change/" not in client.get(f"{address}?ticket={ticket.pk}").content.decode()
    assert client.post(f"{address}change/", new).status_code == 403
    assert JournalEntry.objects.filter(action="accounts.refused", data={"tried": "addresses.change"}).count() == 1
    leads, other = django_client(), django_client()
    sign_in(leads, lead)
    second = make_staff(Role.REVIEWER)
    sign_in(other, second)
    early = leads.post(f"{address}change/", new)
    assert early.status_code == 422 and "cara@new.example" in early.content.decode()
    assert client.post(f"{address}cancel/", said).status_code == 422
    assert not ActionRequest.objects.exists()

    now = timezone.now()
    check = checks.read_number(person=customer, ticket_id=ticket.pk, purpose="", by=lead, now=now)
    checks.type_number(person=customer, text=identity.number_of(check), now=now)
    for bad in ("no address", "help@desk.example", lead.email, customer.email, "x" * 400, "a\x00b@c.example"):
        assert leads.post(f"{address}change/", {**new, "new_value": bad}).status_code == 422, bad
    assert leads.post(f"{address}change/", new).status_code == 303
    request = ActionRequest.objects.get()
    decide = f"/customers/requests/{request.pk}/"
    assert leads.post(f"{decide}approve/").status_code == 403  # E7
    session = django_client()
    sign_in(session, lead)
    assert session.post(f"{decide}approve/").status_code == 403
    assert client.post(f"{decide}approve/").status_code == 403
    assert other.post(f"{decide}reject/", {"reason": ""}).status_code == 422
    assert "Needs a second person" in other.get("/customers/").content.decode()
    assert other.post(f"{decide}approve/").status_code == 303
    assert other.post(f"{decide}approve/").status_code == 422
    request.refresh_from_db()
    assert request.state == "approved" and customer.email not in other.get(address).content.decode()
    for odd in ("0", str(2**63), "9" * 30):
        assert other.post(f"/customers/requests/{odd}/approve/").status_code == 404
        assert client.get(f"/customers/{odd}/").status_code == 404


def test_the_log_holds_this_account_alone_and_no_secret(desk, stranger, django_client):
    """R88: another customer's line never, tokens masked; whatever kind of line it is."""
    client, customer, ticket, address = desk
    make_seller()
    secrets = (
        "POST /pay/link/q9ZkT3xLr7QmW2vB8nYd5sFh1JcU6aEo0PiGtRk4MxA/: 200",
        "Authorization: Bearer sd_live_abcdef123456",
        "password=hunter2&code=BCDF-GH23", "?token=abc&next=/x", "card 4242 4242 4242 4242", "otp 123456",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig", "whsec_1234567890abcdef", "api_key: 'topsecretvalue'",
    )  # fmt: skip
    hidden = (
        "q9ZkT3xLr7QmW2vB8nYd5sFh1JcU6aEo0PiGtRk4MxA", "abcdef123456", "hunter2", "BCDF-GH23", "abc&", "4242 4242",
              "123456", "eyJzdWIiOiIxIn0", "1234567890abcdef", "topsecretvalue",
    )  # fmt: skip
    for person, mark in ((customer, "MINE"), (stranger, "THEIRS")):
        for words in secrets:
            events.note(person=person, kind=EventKind.REQUEST, words=f"{mark} {words}", now=NOW)
        buyer = make_customer(person=person)
        make_payment(invoice=make_invoice(customer=buyer))
        make_order(buyer, f"SO-2026-{mark}", placed_by=person)
        make_ticket(requester=person, subject=f"{mark} subject")
        browser = django_client()
        sign_in(browser, person)
        browser.post("/me/", {"name": mark})
        browser.get(f"/reset/{'k7' * 20}{mark}/")
    checks.mail_code(person=stranger, ticket_id=ticket.pk, by=make_staff(Role.AGENT, name="THEIRS"), now=NOW)
    page = client.get(f"{address}log/").content.decode()
    assert "MINE" in page and "THEIRS" not in page and stranger.email not in page
    assert not [one for one in hidden if one in page] and "k7k7" not in page
    assert {"POST /me/: 422", "GET /reset/•••/: 410"} <= set(re.findall(r"(?:POST|GET) /[^<]*", page))
    for kind in SOURCES:
        assert "THEIRS" not in client.get(f"{address}log/?of={kind}").content.decode()
    for odd in ("?of=x&before=never", "?before=2026-01-01", "?ticket=0"):
        assert client.get(f"{address}log/{odd}").status_code in (200, 404)
    for number in range(120):
        events.note(person=customer, kind=EventKind.SIGNED_IN, words=str(number), now=NOW - timedelta(minutes=number))
    lines, after, pages = [], timezone.now() + timedelta(minutes=1), 0
    while after:
        some, after = log_of(customer, kind="doors", before=after)
        lines, pages = [*lines, *some], pages + 1
    assert pages == 3 and len({line.words for line in lines}) == 120


def test_e12_a_silent_carrier_leaves_what_was_last_known_and_how_old_it_is(desk, monkeypatch):
    """R91: Nobody waits for a carrier: the page asks none, whatever it would answer."""
    client, customer, _, address = desk
    make_seller()
    order = make_order(make_customer(person=customer), "SO-2026-0042")
    now = timezone.now()
    box = Shipment.objects.create(
        order=order, state="shipped", carrier="ups", shipped_at=now - timedelta(days=1), tracking_number="1Z999AA188",
        last_scan="Crossed the border", last_scan_at=now - timedelta(hours=5), asked_at=now - timedelta(hours=5),
        promised_on=date(2026, 5, 14),
    )  # fmt: skip
    asked: list[str] = []

    class Down:
        def where_is(self, number, *, shipped_at, now):
            asked.append(number)
            raise carriers.CarrierSilent

    monkeypatch.setitem(carriers._gateways, "ups", Down())
    page = " ".join(re.sub(r"<[^>]+>", " ", client.get(address).content.decode()).split())
    assert asked == [] and "UPS does not answer. Last known: Crossed the border, 5 hours ago" in page
    assert "Promised for 14 May 2026" in page
    shipments.ask_carrier(shipment_id=box.pk, now=now)
    box.refresh_from_db()
    assert asked == ["1Z999AA188"] and box.last_scan == "Crossed the border"
    carriers._gateways.pop("ups")  # the twin, which names a day
    Shipment.objects.filter(pk=box.pk).update(tracking_number="1Z999AA1")
    shipments.ask_carrier(shipment_id=box.pk, now=now)
    box.refresh_from_db()
    assert box.promised_on >= (now + timedelta(days=1)).date() and box.asked_at == now


def test_strangers_customers_and_observers_stand_before_their_doors(desk, stranger, observer, editor, django_client):
    """S22: every page and every deed of the back office."""
    address = desk[3]
    deeds = ("code", "code/typed", "number", "reset", "cancel", "keep", "show")
    for person, looking, doing in ((stranger, 404, (404,)), (observer, 200, (403,)), (editor, 200, (403, 422))):
        browser = django_client()
        sign_in(browser, person)
        for page in ("/customers/", address, "/customers/?q=cara"):
            assert browser.get(page).status_code == looking, (person, page)
        for deed in deeds:
            answer = browser.post(f"{address}{deed}/", {"ticket": "", "field": "email"})
            assert answer.status_code in doing, (person, deed, answer.status_code)
    assert not ProfileReading.objects.filter(by=stranger).exists()


def test_an_admin_says_how_long_changes_wait_and_what_waits_keeps_its_day(client, admin, customer):
    sign_in(client, admin)
    known = {"change_hours": "72", "undo_days": "14", "profiles_a_day": "200"}
    assert 'value="72"' in client.get("/settings/accounts/").content.decode()
    for name, bad in (("change_hours", "23"), ("undo_days", "0"), ("profiles_a_day", "9" * 30), ("undo_days", "x")):
        assert client.post("/settings/accounts/", {**known, name: bad}).status_code == 422
    first = close_account.cancel_own(person=customer, reason="", now=NOW)
    assert client.post("/settings/accounts/", {**known, "undo_days": "3"}).status_code == 302
    first.refresh_from_db()
    assert first.due_at == NOW + timedelta(days=14)
    close_account.undo(request=first, by=customer, now=NOW)
    assert close_account.cancel_own(person=customer, reason="", now=NOW).due_at == NOW + timedelta(days=3)
    assert JournalEntry.objects.filter(action="accounts.back_office_rules").count() == 1
