"""The table of how long certificates are good for, and what the reviewer makes of it (B2, U32)."""

from datetime import date, timedelta

import pytest

from accounts.choices import Role
from accounts.models import JournalEntry
from billing import review_facts_tax
from billing.actions import certificates, shipments
from billing.actions.certificate_rules import Term, places, terms
from billing.choices import HoldReason
from billing.models import CertificateRule, Seller, ShipmentHold
from billing.review_facts import open_tax
from mail.models import OutgoingMail
from tests.billing.test_certificates import buy, upload
from tests.factories.accounts import make_person, make_staff, sign_in
from tests.factories.billing import NOON, make_customer, make_seller, make_tax

pytestmark = pytest.mark.django_db
PAGE = "/settings/certificates/"


def entered(**more) -> dict:
    """What the page sends when nothing was changed."""
    sent = {"threshold": "2500.00"}
    for (country, region), term in {place: terms().get(place, Term(None, "")) for place in places()}.items():
        key = f"{country}-{region}".rstrip("-")
        sent |= {f"months-{key}": term.months or "", f"note-{key}": term.note}
    return sent | more


def test_B2_every_state_and_province_has_a_suggestion_and_where_sources_differ_it_says_so(db):
    found = terms()

    assert set(found) == set(places()) and len(found) > 65
    assert found["US", "FL"].months == 12 and "Sources differ" in found["US", "CT"].note


def test_an_admin_changes_the_table_and_the_threshold_and_the_journal_names_the_places(client, admin):
    make_seller()
    sign_in(client, admin)
    page = client.get(PAGE).content.decode()
    assert page.count('name="months-') == len(places())
    assert "were compared with no law and no tax office" in page  # where the months come from that nobody entered

    answer = client.post(PAGE, entered(**{"months-US-OH": "48", "note-US-OH": " Four  years ", "threshold": "9,999"}))

    assert answer.status_code == 302
    rule = CertificateRule.objects.get(country="US", region="OH")
    assert (rule.months, rule.note, Seller.objects.get().exemption_threshold) == (48, "Four years", 999_900)
    entry = JournalEntry.objects.get(action="billing.save_certificate_rules")
    assert entry.data == {"changed": ["US OH"], "threshold": 999_900}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"months-US-OH": "0"}, "Ohio: enter months from 1 to 240"), ({"months-US-OH": "241"}, "Ohio: enter months"),
        ({"months-CA": "x"}, "Canada: enter months"), ({"note-CA-AB": "n" * 256}, "Alberta: write at most 255"),
        ({"note-CA-AB": "a\x00"}, "Alberta: write it without special signs"), ({"threshold": "-1"}, "threshold"),
        ({"threshold": ""}, "Enter an amount"), ({"months-US-OH": "9" * 40}, "Ohio: enter months"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_changes_nothing(client, admin, more, words):
    make_seller()
    sign_in(client, admin)
    before = terms()

    answer = client.post(PAGE, entered(**{"months-US-TX": "7"}) | more)

    assert answer.status_code == 422 and words in answer.content.decode()
    assert (terms(), Seller.objects.get().exemption_threshold) == (before, 250_000)


def test_nobody_but_an_admin_opens_it(client):
    for role in (Role.AGENT, Role.LEAD, Role.REVIEWER, Role.OBSERVER):
        sign_in(client, make_staff(role))
        assert (client.get(PAGE).status_code, client.post(PAGE, entered()).status_code) == (403, 403)


def test_U32_the_effects_that_the_reviewer_reads_are_those_that_happen(agent, django_assert_max_num_queries):
    make_seller(exemption_threshold=250_000)
    make_tax(57_500)
    CertificateRule.objects.filter(country="US", region="OH").update(months=48, note="Four years")
    customer = make_customer(person=make_person(email="dana@lakeview.example"), name="Lakeview School", region="OH")
    reviewer = make_staff(Role.REVIEWER)
    old = upload(customer, key="old")
    certificates.approve(certificate=old, valid_until=NOON.date() + timedelta(days=5), by=reviewer, now=NOON)
    certificates.expire(certificate_id=old.pk, now=NOON + timedelta(days=7))
    certificate = upload(customer, key="new")
    free, unpaid = buy(customer, 1_000_000, "free"), buy(customer, 300_000, "unpaid")
    box = free.shipments.get()
    shipments.pack(shipment=box, by=agent, now=NOON)
    ShipmentHold.objects.filter(shipment=box, reason=HoldReason.UNPAID).update(released_at=NOON)

    with django_assert_max_num_queries(10):
        facts = review_facts_tax.facts(certificate.pk, NOON)
        approve = {effect.strong: effect.words for effect in facts.effects("approve", None)}
    reject = [(effect.strong, effect.words) for effect in facts.effects("reject", None)]

    assert [one.pk for one in open_tax()] == [certificate.pk]
    assert (facts.number, facts.suggested_until, facts.is_open) == (certificate.reference, date(2030, 11, 18), True)
    assert "48 months" in facts.until_hint and "Four years" in facts.until_hint
    assert [one.is_met for one in facts.policy] == [True, True, True, True]
    assert [one.value for one in facts.facts] == ["$13,000.00", "$747.50", "$13,000.00", "$13,000.00"]
    assert (facts.files[0].pk, facts.files[0].words) == (certificate.file.pk, "exempt.pdf, 1 kB")
    assert approve["No tax"] == "in Ohio until the last day you enter, or without an end"
    assert approve[free.number] == "goes on, it was held for this"
    assert approve[unpaid.number] == "no longer waits for this, but waits until its invoice is paid"
    assert approve["dana@lakeview.example"].startswith("gets the email")
    assert ("2 orders", "ordered with it stay untaxed") in reject
    assert (free.number, "stays held until another one is approved") in reject
    mails = OutgoingMail.objects.count()
    certificates.approve(certificate=certificate, valid_until=facts.suggested_until, by=reviewer, now=NOON)
    box.refresh_from_db()
    assert (box.state, OutgoingMail.objects.count()) == ("ready", mails + 1)
    assert review_facts_tax.facts(certificate.pk, NOON).is_open is False


def test_what_does_not_fit_is_not_met_and_a_rejection_beside_an_approved_one_says_that_it_counts_on(agent):
    make_seller()
    make_tax(57_500)
    customer = make_customer(name="Somebody else", region="TX")
    reviewer = make_staff(Role.REVIEWER)
    for key in ("first", "second"):
        certificates.reject(certificate=upload(customer, key=key), reason="No", by=reviewer, now=NOON)
    approved = upload(customer, key="third")
    certificates.approve(certificate=approved, valid_until=None, by=reviewer, now=NOON)
    renewal = upload(customer, key="fourth", number="")
    CertificateRule.objects.all().delete()

    facts = review_facts_tax.facts(renewal.pk, NOON)

    assert [one.is_met for one in facts.policy] == [False, False, False, False]
    assert facts.suggested_until is None and "No rule for Ohio" in facts.until_hint
    assert facts.effects("reject", None)[0].strong == approved.reference
    assert approved.reference in facts.if_rejected
    assert [effect.strong for effect in facts.effects("approve", None)][:2] == ["No tax", f"{approved.reference},"]
