"""E7, S33: somebody who decides becomes linked to the account within the half minute in which it can be undone."""

import pytest
from django.utils import timezone

from accounts.choices import Role
from accounts.models import JournalEntry, Person
from billing.choices import MoneyTaskKind
from billing.models import MoneyTask, Recipient, Refund
from selfservice.choices import DecisionState
from selfservice.models import Decision
from tests.factories.accounts import make_staff, sign_in
from tests.factories.billing import make_seller
from tests.selfservice.reviews import (
    let_pass,
    make_certificate,
    make_credit,
    make_refund,
    press,
    set_up_review,
    the_decision,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _company(db) -> None:
    set_up_review()
    make_seller()


@pytest.fixture
def other() -> Person:
    """A second reviewer."""
    return make_staff(Role.REVIEWER, name="Otis Other", email="otis@desk.example")


def link(person: Person, row) -> None:
    """From now on the invoices of the account go to `person`, too."""
    customer = row.invoice.customer if hasattr(row, "invoice") else row.customer
    Recipient.objects.create(customer=customer, email=person.email, added_at=timezone.now())


def flagged(person: Person) -> tuple[int, int]:
    """Matters of money, and entries of the journal, about `person`."""
    tasks = MoneyTask.objects.filter(kind=MoneyTaskKind.LINKED_ACCOUNT, words__startswith=person.shown_name)
    return tasks.count(), JournalEntry.objects.filter(action="billing.linked_account", by=person).count()


@pytest.mark.parametrize("verdict", ["approve", "reject"])
@pytest.mark.parametrize("make", [make_refund, make_credit, make_certificate])
def test_E7_a_link_that_arises_before_the_decision_takes_effect_stops_it_and_is_kept_once(
    client, reviewer, make, verdict
):
    row = make()
    sign_in(client, reviewer)
    said = (
        {"amount": "900.00" if make is make_credit else "40.00"}
        if verdict == "approve"
        else {"reason": "own", "words": "It does not fit."}
    )
    assert press(client, row, **said).status_code == 302

    link(reviewer, row)
    let_pass()
    let_pass(60)

    decision = Decision.objects.get()
    row.refresh_from_db()
    assert (decision.state, Refund.objects.count()) == (DecisionState.OVERTAKEN, 0)
    assert row.state in ("open", "provisional"), "it waits for somebody else"
    assert "Invoices of this account are sent to your address." in decision.outcome
    assert flagged(reviewer) == (1, 1)


def test_S33_the_second_person_is_looked_at_again_as_well(client, reviewer, other):
    wish = make_refund(200_000)
    sign_in(client, reviewer)
    press(client, wish, amount="1500")
    sign_in(client, other)
    assert client.post(f"/review/decisions/{the_decision(reviewer).pk}/second/", {"agrees": "yes"}).status_code == 302

    link(other, wish)
    let_pass()
    let_pass(60)

    assert (Decision.objects.get().state, Refund.objects.count()) == (DecisionState.OVERTAKEN, 0)
    assert (flagged(other), flagged(reviewer)) == ((1, 1), (0, 0))
