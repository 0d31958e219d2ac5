"""Who is entitled: shown by a session, a signature, a mailed link or an agent who says why; claims stay claims."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import JournalEntry, Person
from billing.actions import paid
from billing.models import Subscription
from mail.models import OutgoingMail
from tests.api.conftest import Program
from tests.factories.accounts import make_person
from tests.factories.api import make_token
from tests.factories.invoices import make_invoice
from tests.factories.tickets import make_mailbox, make_ticket
from tests.tickets.support.conftest import HOUR, buy, entitled, subscribe
from tickets.actions import clocks
from tickets.actions.entitling import claims, identity
from tickets.actions.setup import entitlements as setup
from tickets.entitlements import status
from tickets.models import ClaimLink, ContactForm, Entitlement, EntitlementCheck, PriorityClaim, Ticket, TicketEvent
from tickets.support_choices import CheckMethod, CheckResult, Support, Wish

pytestmark = pytest.mark.django_db
QUESTION = {"subject": "The display stays dark", "text": "Please call us."}


def newest() -> Ticket:
    return Ticket.objects.order_by("-pk")[0]


def claim_links() -> list[str]:
    texts = OutgoingMail.objects.filter(subject__startswith="Is ticket").order_by("pk").values_list("text", flat=True)
    return [re.search(r"/claim/[\w-]+/", text)[0] for text in texts]


def test_N1_a_subscriber_who_is_signed_in_and_asks_for_a_call_has_priority_without_an_agent(
    client, plan, lakeview, agent, now, django_client
):
    """N1, R11: and their colleague, who is not named, inherits nothing; nor does anybody on another channel."""
    customer, olga = lakeview
    make_mailbox()
    subscribe(plan, customer, olga, now)
    client.force_login(olga)
    page = client.get("/help/").content.decode()
    client.post("/help/", QUESTION | {"wish": "call"})

    ticket = newest()
    assert "How shall we help?" in page
    assert (ticket.support, ticket.wish, ticket.support_level.name) == (Support.PRIORITY, Wish.CALL, "Priority")
    assert ticket.first_response_due_at == ticket.entitled_at + timedelta(minutes=30)
    check = EntitlementCheck.objects.get()
    assert (check.method, check.result, check.person, check.by) == ("session", "entitled", olga, None)
    ticket.support_level.targets.update(first_response_minutes=45)
    assert clocks.recompute_level(level_id=ticket.support_level_id, now=timezone.now()) == 1
    ticket.refresh_from_db()
    assert ticket.first_response_due_at == ticket.entitled_at + timedelta(minutes=45)
    client.force_login(agent)
    assert "Priority</span>" in client.get("/inbox/unassigned/").content.decode()
    head = client.get(f"/inbox/all/{ticket.pk}/").content.decode()
    assert "Asks for a call" in head and "Priority</span>" in head

    colleague = olga.memberships.get().organisation.memberships.exclude(person=olga).get().person
    client.force_login(colleague)
    client.post("/help/", QUESTION)
    assert newest().support == "" and status(colleague, now).result is None

    Entitlement.objects.update(channels=["chat"])
    client.force_login(olga)
    client.post("/help/", QUESTION | {"wish": "call", "subject": "Again"})
    assert newest().support == ""


def test_R11_an_address_that_was_not_proven_shows_nothing_though_somebody_is_signed_in(client, now):
    person = make_person(verified=False)
    entitled(person, now=now)
    make_mailbox()
    client.force_login(person)

    client.post("/help/", QUESTION)

    assert newest().support == Support.CLAIMED


def test_N2_a_chat_that_claims_priority_waits_in_the_standard_queue_until_a_contact_confirms_it(
    client, plan, lakeview, agent, now, django_client
):
    """N2, R12, S12, S36 to S39: one click mails it, GET changes nothing, a button does, the clock starts then."""
    customer, olga = lakeview
    make_mailbox()
    subscribe(plan, customer, olga, now)
    program = Program(make_token(agent, "channels:pass", now=timezone.now())[1])
    body = {"id": "m1", "sender": {"id": "v1", "email": "OLGA@lakeview.example"}, "text": "CANARY-chat, call me"}
    program.post("channels/chat/messages/", body)
    ticket = newest()
    standard = ticket.first_response_due_at

    assert (ticket.support, ticket.entitled_at, ticket.support_level) == (Support.CLAIMED, None, None)
    assert EntitlementCheck.objects.get().method == CheckMethod.CLAIM
    client.force_login(agent)
    assert "Claimed</span>" in client.get("/inbox/unassigned/").content.decode()
    panel = client.get(f"/desk/tickets/{ticket.pk}/support/", headers={"HX-Request": "true"}).content.decode()
    assert "Ask their contact" in panel
    known = Entitlement.objects.get()
    for _ in range(2):  # pressed twice, asked once
        client.post(f"/desk/tickets/{ticket.pk}/support/ask/", {"entitlement": known.pk})
    mail = OutgoingMail.objects.get(subject__startswith="Is ticket")
    assert mail.to_address == olga.email and "CANARY" not in mail.text + mail.html
    [address] = claim_links()
    assert not ClaimLink.objects.filter(token_sha256__contains=address[7:-1]).exists()

    browser = django_client()
    for _ in range(3):
        page = browser.get(address)
    ticket.refresh_from_db()
    assert page.status_code == 200 and "CANARY" not in page.content.decode()
    assert page["Referrer-Policy"] == "no-referrer" or "noindex" in page["X-Robots-Tag"]
    assert (ticket.support, PriorityClaim.objects.get().answered_at) == (Support.CLAIMED, None)

    assert browser.post(address, {"do": "confirm"}).status_code == 200
    ticket.refresh_from_db()
    assert ticket.support == Support.PRIORITY and ticket.first_response_due_at <= standard
    assert ticket.first_response_due_at == min(standard, ticket.entitled_at + timedelta(minutes=30))
    assert browser.post(address, {"do": "confirm"}).status_code == 410
    assert EntitlementCheck.objects.filter(result="entitled").get().method == CheckMethod.EMAIL_CODE
    assert browser.get("/tickets/").status_code == 302  # nobody was signed in by it
    assert browser.get("/claim/" + "a" * 43 + "/").status_code == 404


def test_N2_the_link_works_a_day_and_what_nobody_confirmed_stays_standard(lakeview, agent, customer, now):
    """N2: 24 hours exactly; and a contact may say that it is not theirs."""
    _, olga = lakeview
    known = entitled(olga, organisation=olga.memberships.get().organisation, now=now)
    ticket = make_ticket(requester=customer, now=now)
    claims.ask_contacts(ticket=ticket, entitlement=known, by=agent, now=now)
    token = claim_links()[0].split("/")[2]

    assert claims.open_claim(token, now=now + 24 * HOUR - timedelta(seconds=1)).person == olga
    with pytest.raises(claims.ClaimOver):
        claims.open_claim(token, now=now + 24 * HOUR)
    link = claims.open_claim(token, now=now + 23 * HOUR)
    with pytest.raises(claims.ClaimOver):
        claims.confirm(link=link, now=now + 24 * HOUR)
    ticket.refresh_from_db()
    assert (ticket.support, ticket.entitled_at) == (Support.CLAIMED, None)

    claims.ask_contacts(ticket=ticket, entitlement=known, by=agent, now=now + 25 * HOUR)
    assert PriorityClaim.objects.count() == 2
    again = claims.open_claim(claim_links()[1].split("/")[2], now=now + 26 * HOUR)
    claims.deny(link=again, now=now + 26 * HOUR)
    ticket.refresh_from_db()
    assert ticket.support == "" and EntitlementCheck.objects.order_by("-pk")[0].result == CheckResult.DENIED
    assert TicketEvent.objects.filter(ticket=ticket, kind="claim_denied").count() == 1


def test_N2_a_link_of_somebody_who_is_a_contact_no_more_answers_for_nobody(client, lakeview, agent, customer, now):
    """Taken out of the entitlement, or another reader of the mailbox: the link that is out there opens nothing."""
    _, olga = lakeview
    known = entitled(olga, organisation=olga.memberships.get().organisation, now=now)
    ticket = make_ticket(requester=customer, now=now)
    claims.ask_contacts(ticket=ticket, entitlement=known, by=agent, now=now)
    link, seat = ClaimLink.objects.get(person=olga), known.contacts.get(person=olga)
    opened = claims.open_claim(claim_links()[0].split("/")[2], now=now + HOUR)
    assert opened == link
    for undo in (lambda: seat.delete(), lambda: Person.objects.filter(pk=olga.pk).update(email_changed_at=now + HOUR)):
        undo()
        link = ClaimLink.objects.get(pk=link.pk)
        with pytest.raises(claims.ClaimOver):
            claims.confirm(link=link, now=now + 2 * HOUR)
        assert client.get(claim_links()[0]).status_code == 410
        assert client.post(claim_links()[0], {"do": "deny"}).status_code == 410
        known.contacts.get_or_create(person=olga, defaults={"added_at": now})
    ticket.refresh_from_db()
    assert (ticket.support, PriorityClaim.objects.get().answered_at) == (Support.CLAIMED, None)


def test_N2_a_typed_address_proves_nothing_on_any_door(client, lakeview, agent, now):
    """R12: the form of strangers, mail, the API of programs and an agent's own typing all end in a claim at most."""
    _, olga = lakeview
    entitled(olga, now=now)
    make_mailbox()
    client.post("/help/", QUESTION | {"name": "X", "address": olga.email, "has_priority": "on"})
    by_form = newest().support
    by_mail = make_ticket(requester=olga, now=now).support
    client.post("/help/", QUESTION | {"name": "X", "address": "nobody@x.example", "has_priority": "on"})
    by_stranger = newest()

    assert (by_form, by_mail, by_stranger.support) == (Support.CLAIMED, Support.CLAIMED, "")
    assert not Ticket.objects.filter(support=Support.PRIORITY).exists()


def test_R12_a_site_that_signs_its_user_shows_it_and_nothing_else_does(agent, admin, lakeview, now):
    """HMAC-SHA256: the right secret, the same address, within a day; the old secret for a day more."""
    _, olga = lakeview
    entitled(olga, now=now)
    make_mailbox()
    program = Program(make_token(agent, "channels:pass", now=timezone.now())[1])
    numbers = iter(range(100))

    def chat(**sender) -> int:
        number = next(numbers)
        who = {"id": f"v{number}", "email": olga.email, **sender}
        return program.post("channels/chat/messages/", {"id": f"m{number}", "sender": who, "text": "Hello"}).status_code

    at = datetime.now(UTC).replace(microsecond=0)
    stamp = int(at.timestamp())
    assert (
        chat(signed_at=stamp, signature=identity.sign("", address=olga.email, at=at)) == 422
        or not Ticket.objects.count()
    )
    before = Ticket.objects.count()
    secret = identity.new_secret(by=admin, now=now)
    good = identity.sign(secret, address=olga.email, at=at)
    late = at - timedelta(days=1, seconds=5)
    wrong = [
        {"signature": good, "signed_at": stamp + 1},
        {"signature": good, "signed_at": stamp, "email": "colin@lakeview.example"},
        {"signature": good[:-1], "signed_at": stamp},
        {"signature": "", "signed_at": stamp},
        {"signature": good},
        {"signature": identity.sign("", address=olga.email, at=at), "signed_at": stamp},
        {"signature": identity.sign(secret, address=olga.email, at=late), "signed_at": int(late.timestamp())},
        {"signature": "é" * 64, "signed_at": stamp},
        {"signature": good, "signed_at": 2**40},
    ]
    assert {chat(**one) for one in wrong} <= {400, 422}
    assert Ticket.objects.count() == before

    assert chat(signature=good, signed_at=stamp) == 201
    ticket = newest()
    check = EntitlementCheck.objects.get(result="entitled")
    assert (ticket.support, check.method, check.person) == (Support.PRIORITY, CheckMethod.HMAC, olga)
    assert ticket.requester != olga  # a visitor stays a visitor: none of her tickets, none of her mail

    identity.new_secret(by=admin, now=now)
    assert chat(signature=good, signed_at=stamp) == 201
    with pytest.raises(identity.NotSigned):
        identity.person_signed(
            address=olga.email, signed_at=stamp, signature=good, now=now + timedelta(days=1, hours=1)
        )


def test_R12_a_form_in_another_site_shows_whom_that_site_signed(client, admin, lakeview, now):
    """The embed: signed by the site it is priority; unsigned, forged or tampered with it is an ordinary question."""
    _, olga = lakeview
    entitled(olga, now=now)
    make_mailbox()
    ContactForm.objects.create(name="Site", slug="site", heading="Ask us", origins=["https://school.example"])
    at = datetime.now(UTC).replace(microsecond=0)
    signature = identity.sign(identity.new_secret(by=admin, now=now), address=olga.email, at=at)
    good = {"signed_user": olga.email, "signed_at": str(int(at.timestamp())), "signature": signature}
    asked = QUESTION | {"name": "O", "address": "somebody@school.example"}
    said = []
    for extra in (good, good | {"signature": "0" * 64}, good | {"signed_user": "x@x.example"}, {"signed_at": "٣"}, {}):
        answer = client.post("/embed/site/", asked | extra | {"subject": f"Question {len(said)}"})
        assert answer.status_code == 302
        said.append(newest().support)

    assert said == [Support.PRIORITY, "", "", "", ""]
    again = client.post("/embed/site/", good).content.decode()
    assert f'value="{signature}" data-signed="signature"' in again


def test_R12_whoever_answers_where_only_they_can_shows_what_was_claimed(client, lakeview, now):
    """A subscriber mails, is a claim, signs in and answers: priority, and no agent did anything."""
    _, olga = lakeview
    entitled(olga, now=now)
    ticket = make_ticket(requester=olga, now=now)
    client.force_login(olga)

    client.post(f"/tickets/{ticket.pk}/answer/", {"text": "Here is the serial number."})

    ticket.refresh_from_db()
    assert ticket.support == Support.PRIORITY


def test_N3_what_ended_yesterday_entitles_nobody_and_what_ended_during_the_ticket_is_kept(
    client, plan, lakeview, agent, now
):
    """N3, R11: with the link to renew it; by the dates of the plan, even if no timer ran."""
    customer, olga = lakeview
    make_mailbox()
    subscription = subscribe(plan, customer, olga, now - timedelta(days=40))
    client.force_login(olga)
    client.post("/help/", QUESTION)
    kept = newest()
    yesterday = (now - timedelta(days=1)).date()
    Subscription.objects.filter(pk=subscription.pk).update(
        ends_at_renewal=True, period_starts_on=yesterday - timedelta(days=30), period_ends_on=yesterday
    )  # cancelled, and the timer that ends it has not run
    received = client.post("/help/", QUESTION | {"subject": "Another"})["Location"]
    ended = newest()
    assert 'href="/store/priority-support/">Renew it' in client.get(received).content.decode()

    kept.refresh_from_db()
    assert (kept.support, ended.support) == (Support.PRIORITY, Support.ENDED)
    assert status(olga, now).result == CheckResult.ENDED
    client.force_login(agent)
    panel = client.get(f"/desk/tickets/{ended.pk}/support/").content.decode()
    assert "/store/priority-support/" in panel and "Ended" in panel
    client.post(f"/desk/tickets/{ended.pk}/support/offer/")
    page = client.get(f"/inbox/all/{ended.pk}/?write=reply").content.decode()
    assert "Renew it: " in page and "/store/priority-support/" in page


def test_N3_a_plan_that_ended_long_ago_is_no_badge_and_one_that_begins_tomorrow_is_nothing_yet(customer, now):
    entitled(customer, now=now, starts_at=now - timedelta(days=400), ends_at=now - timedelta(days=91))
    entitled(customer, now=now, starts_at=now + timedelta(days=1))

    assert make_ticket(requester=customer, now=now).support == ""
    assert status(customer, now).result == CheckResult.ENDED


def test_R11_each_moment_of_an_entitlement_is_what_its_dates_say(customer, now):
    """From its first moment on, up to and without its last."""
    row = entitled(customer, now=now, starts_at=now, ends_at=now + HOUR)
    second = timedelta(seconds=1)
    moments = {now - second: None, now: "entitled", now + HOUR - second: "entitled", now + HOUR: "ended"}

    assert {at: status(customer, at).result for at in moments} == moments
    row.incidents, row.incidents_used = 1, 1
    row.save()
    assert status(customer, now).result == CheckResult.USED_UP
    later = entitled(customer, now=now, incidents=2)
    sooner = entitled(customer, now=now, incidents=2, ends_at=now + HOUR)
    assert status(customer, now).entitlement == sooner != later  # what ends first is used first
    assert status(customer, now + HOUR).entitlement == later
    whole = entitled(customer, now=now)
    assert status(customer, now).entitlement == whole


def test_N5_a_pack_is_bought_once_however_often_its_payment_is_told_and_goes_back_with_its_money(pack, lakeview, now):
    """N5, R11: three incidents each; what nobody used goes with a refund."""
    customer, olga = lakeview
    line = buy(pack, customer, olga, now, quantity=2)
    invoice = make_invoice(customer=customer, order=line.order)
    for _ in range(3):
        paid.when_paid(invoice, now)

    row = Entitlement.objects.get()
    assert (row.incidents, row.incidents_left, row.organisation, row.ends_at) == (
        6, 6, customer.organisation, now + timedelta(days=365),
    )  # fmt: skip
    Entitlement.objects.update(incidents_used=2)
    invoice.paid = invoice.refunded = 12_000
    paid.when_given_back(invoice, now + HOUR)
    row.refresh_from_db()
    assert (row.incidents, row.incidents_left, row.ends_at) == (2, 0, now + HOUR)
    paid.when_paid(invoice, now + 2 * HOUR)  # paid once more: what nobody used is there again
    for _ in range(2):
        paid.when_taken_back(invoice, now + 3 * HOUR)  # and a bank takes it back
        row.refresh_from_db()
        assert (row.incidents, row.incidents_left, row.ends_at) == (2, 0, now + 3 * HOUR)


def test_N5_an_incident_is_used_when_its_customer_says_so_and_by_nothing_else(client, customer, agent, now):
    row = entitled(customer, now=now, incidents=2)
    make_mailbox()
    client.force_login(customer)
    page = client.get("/help/").content.decode()
    client.post("/help/", QUESTION)
    without = newest()
    client.post("/help/", QUESTION | {"subject": "Now", "use_incident": "on"})
    used = newest()
    client.force_login(agent)
    address = f"/desk/tickets/{without.pk}/support/vouch/"
    refused = client.post(address, {"entitlement": row.pk, "words": "  "})
    for _ in range(2):
        client.post(address, {"entitlement": row.pk, "words": "They rang and asked for it"})

    row.refresh_from_db()
    assert "2 of Priority by hand left" in page and refused.status_code == 422
    assert (used.support, row.incidents_used) == (Support.PRIORITY, 2)
    assert list(EntitlementCheck.objects.filter(spends=True).order_by("pk").values_list("method", flat=True)) == [
        "session", "attested",
    ]  # fmt: skip
    client.force_login(customer)
    assert "Use one incident" not in client.get("/help/").content.decode()


def test_N7_somebody_who_asks_for_a_call_and_is_not_entitled_is_offered_it_with_articles_in_one_click(
    client, agent, editor, plan, customer, now
):
    """N7: the panel's button fills the reply: where it is sold and what they may read; what was typed stays."""
    from tests.factories.knowledgebase import make_article, make_space  # noqa: PLC0415 - only here

    make_article(make_space("public"), "The display stays dark", "Hold the button for ten seconds.", approver=editor)
    make_article(make_space(), "STAFF-CANARY display stays dark", "Never tell.")
    ticket = make_ticket(requester=customer, subject="The display stays dark", text="Call me, the display stays dark")
    client.force_login(agent)
    panel = client.get(f"/desk/tickets/{ticket.pk}/support/", headers={"HX-Request": "true"}).content.decode()
    assert f'formaction="/desk/tickets/{ticket.pk}/support/offer/"' in panel

    response = client.post(f"/desk/tickets/{ticket.pk}/support/offer/", {"kind": "reply", "text": "Hello Cara,"})

    page = client.get(response["Location"]).content.decode()
    assert "Hello Cara," in page and "/store/priority-support/" in page and "/articles/the-display-stays-dark/" in page
    assert "STAFF-CANARY" not in page.split("<textarea")[1].split("</textarea>")[0]


def test_R11_leads_name_contacts_within_what_was_bought_and_everybody_else_is_refused(
    client, lead, agent, lakeview, now
):
    """Contacts do not inherit; a third of two is refused; who is taken out keeps the tickets that had it."""
    customer, olga = lakeview
    row = entitled(olga, organisation=customer.organisation, now=now, most_contacts=2)
    ticket = make_ticket(requester=olga, now=now)
    client.force_login(agent)
    assert client.post(f"/settings/entitlements/{row.pk}/contacts/", {"address": "a@x.example"}).status_code == 403
    client.force_login(lead)
    add = [
        client.post(f"/settings/entitlements/{row.pk}/contacts/", {"address": address}).status_code
        for address in ("colin@lakeview.example", "colin@lakeview.example", "third@lakeview.example", "not an address")
    ]
    assert add == [302, 302, 422, 422]
    client.post(f"/settings/entitlements/{row.pk}/contacts/{olga.pk}/remove/")

    assert status(olga, now).result is None
    assert (
        make_ticket(requester=olga, now=now).support == ""
        and Ticket.objects.get(pk=ticket.pk).support == Support.CLAIMED
    )
    assert JournalEntry.objects.filter(action="tickets.add_contact").count() == 1


def test_R11_a_product_made_to_bring_priority_entitles_whose_plans_run_already(lakeview, admin, now):
    """And saying it again adds nothing."""
    customer, olga = lakeview
    from tests.factories.billing import make_plan  # noqa: PLC0415 - only here

    product = make_plan(name="Gold")
    subscribe(product, customer, olga, now)
    assert status(olga, now).result is None
    words = {"incidents": None, "lasts_days": None, "channels": [], "level": None, "most_contacts": 3}
    for _ in range(2):
        setup.offer(product=product, by=admin, now=now, **words)

    assert status(olga, now).is_entitled and Entitlement.objects.count() == 1
    with pytest.raises(setup.CannotEntitle):
        setup.offer(product=product, by=admin, now=now, **words | {"incidents": 4})
