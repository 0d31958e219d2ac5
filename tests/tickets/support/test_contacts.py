"""Customers name who may use their entitlement; mail that their domain signed shows who writes (R11, R12, N2)."""

from datetime import timedelta

import pytest

from accounts.models import Person
from mail.models import OutgoingMail
from tests.crowds import Crowd
from tests.factories.accounts import make_person
from tests.factories.mails import arrive, make_mail
from tests.factories.tickets import make_mailbox
from tests.tickets.support.conftest import HOUR, entitled, subscribe
from tickets.actions.entitling import contacts
from tickets.entitlements import status
from tickets.models import Entitlement, EntitlementCheck, EntitlementContact, Ticket
from tickets.support_choices import Support

HOSTILE = [
    "",
    "\x00",
    "x" * 400,
    "nobody",
    "a@b",
    "<script>@lakeview.example",
    "é@lakeview.example\r\nBcc: x@y.example",
]


@pytest.mark.django_db
def test_R11_a_contact_names_and_takes_out_colleagues_and_nobody_else_does(client, plan, lakeview, now):
    """R11: only colleagues, only as many as were bought, each told once; whoever is not named finds nothing here."""
    customer, olga = lakeview
    make_mailbox()
    subscribe(plan, customer, olga, now)
    row = Entitlement.objects.get()
    colin = Person.objects.get(email="colin@lakeview.example")
    name, out = f"/account/support/{row.pk}/name/", f"/account/support/{row.pk}/people/{{}}/remove/"
    for stranger in (make_person(), colin):  # nobody names themselves
        client.force_login(stranger)
        assert "You have no priority support" in client.get("/account/support/").content.decode()
        assert client.post(name, {"address": stranger.email}).status_code == 404
        assert client.post(out.format(olga.pk)).status_code == 404
    client.force_login(olga)
    page = client.get("/account/support/").content.decode()
    assert row.name in page and "olga@lakeview.example" in page and "Take out" not in page
    make_person(email="known@elsewhere.example")
    refused = {
        client.post(name, {"address": address}).content.decode().count("Only colleagues can be named")
        for address in ("known@elsewhere.example", "unknown@elsewhere.example")
    }
    assert refused == {2}, "in the summary and at the field, whether there is such an account or not"
    for wrong in HOSTILE:
        assert client.post(name, {"address": wrong}).status_code == 422
    mails = OutgoingMail.objects.count()
    for _ in range(2):
        assert client.post(name, {"address": "Colin@Lakeview.example"}).url == "/account/support/"
    assert OutgoingMail.objects.count() == mails + 1
    assert status(colin, now + HOUR).is_entitled
    answer = client.post(name, {"address": "third@lakeview.example"})
    assert answer.status_code == 422 and "At most 2 people may be named" in answer.content.decode()
    assert 'value="third@lakeview.example"' in answer.content.decode(), "what was typed stays"
    for key in (olga.pk, 2**62, olga.pk):
        assert client.post(out.format(key)).status_code in (302, 404)
    assert list(row.contacts.values_list("person", flat=True)) == [colin.pk]
    client.force_login(colin)
    client.post(out.format(colin.pk))
    assert "Somebody has to be left" in client.get("/account/support/").content.decode()
    assert row.contacts.count() == 1


@pytest.mark.django_db(transaction=True)
def test_R11_two_contacts_who_name_at_once_name_no_more_than_was_bought_and_leave_somebody(plan, lakeview, now):
    """Races on PostgreSQL: the last free place goes to one; of two who leave at once one stays."""
    customer, olga = lakeview
    subscribe(plan, customer, olga, now)
    row = Entitlement.objects.get()

    def name(place: int):
        return contacts.name_colleague(entitlement=row, address=f"p{place}@lakeview.example", by=olga, now=now)

    def leave(person_id: int):
        return contacts.take_out(entitlement=row, person_id=person_id, by=olga, now=now)

    with Crowd(6) as crowd:
        said = crowd.act([lambda place=place: name(place) for place in range(6)])
        assert sum(isinstance(one, Person) for one in said) == 1
        assert EntitlementContact.objects.filter(entitlement=row).count() == 2
        crowd.act([lambda key=key: leave(key) for key in row.contacts.values_list("person", flat=True)])
    assert EntitlementContact.objects.filter(entitlement=row).count() == 1


@pytest.mark.django_db(transaction=True)
def test_N2_R12_only_a_mail_that_its_own_domain_signed_shows_who_writes(now):
    """N2: a From line is a claim; DKIM of the sender's domain, found good by our own server, is proof, in a later
    mail on the same ticket too."""
    mailbox = make_mailbox(trusted_authserv_ids=["mx.desk.example"])
    person = make_person(email="cara@robotics.example")
    entitled(person, now=now)
    line = "mx.desk.example; dkim={} header.d={}; dmarc={} header.from=robotics.example; spf=pass"
    claims = {
        "none": (),
        "somebody else's server": (("Authentication-Results", line.format("pass", "robotics.example", "pass")
                                    .replace("mx.desk", "mx.evil")),),
        "another domain": (("Authentication-Results", "mx.desk.example; dkim=pass header.d=evil.example; "
                            "dmarc=fail header.from=robotics.example"),),
        "broken": (("Authentication-Results", line.format("fail", "robotics.example", "fail")),),
    }  # fmt: skip
    for what, headers in claims.items():
        made = arrive(make_mail(headers=headers, subject=what), mailbox=mailbox, now=now)
        assert Ticket.objects.get(pk=made.ticket).support == Support.CLAIMED, what
    signed = (("Authentication-Results", line.format("pass", "robotics.example", "pass")),)
    proven = arrive(make_mail(headers=signed, subject="Signed"), mailbox=mailbox, now=now)
    ticket = Ticket.objects.get(pk=proven.ticket)
    check = EntitlementCheck.objects.get(ticket=ticket)
    assert (ticket.support, check.method, check.person, check.result) == (Support.PRIORITY, "mail", person, "entitled")

    first = Ticket.objects.order_by("pk")[0]
    number = f"Re: none (ticket {first.pk})"
    later = arrive(make_mail(headers=signed, subject=number), mailbox=mailbox, now=now + timedelta(minutes=5))
    first.refresh_from_db()
    assert (later.ticket, first.support) == (first.pk, Support.PRIORITY)
    assert first.entitled_at == now + timedelta(minutes=5), "clocks of priority run from the proof"
