"""F3, S31, S33, U33, U35 on PostgreSQL: twice, at once, killed in the middle, a decision has its effects once."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts.choices import Role
from accounts.models import JournalEntry, Person
from billing.models import CreditNote, MoneyTask, Recipient, Refund
from mail.models import OutgoingMail
from selfservice.actions import review, review_work
from selfservice.choices import DecisionState
from selfservice.models import Decision, ReviewClaim
from supportdesk.faults.invariants import violations
from tests.billing.money import killed_at
from tests.crowds import Crowd
from tests.factories.accounts import make_staff, sign_in
from tests.factories.billing import make_seller
from tests.factories.tickets import make_ticket
from tests.selfservice.reviews import let_pass, make_refund, set_up_review
from tickets.models import Note

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 10


@pytest.fixture(autouse=True)
def seller(transactional_db):
    return make_seller()


@pytest.fixture
def rita(seller) -> Person:
    return make_staff(Role.REVIEWER, name="Rita Reviewer", email="rita@desk.example")


@pytest.fixture
def otis(seller) -> Person:
    return make_staff(Role.REVIEWER, name="Otis Other", email="otis@desk.example")


def decide(wish, by: Person, *, key: str, amount: int | None = 4_000, reason: str = "") -> Decision:
    """As the screen does: an amount, or a reason."""
    verdict = "reject" if reason else "approve"
    return review.decide(
        kind="refund", subject=wish.pk, verdict=verdict, amount=amount, valid_until=None, reason=reason, by=by,
        key=key, now=timezone.now(),
    )  # fmt: skip


def at_once(*calls: Callable[[], object]) -> list[str]:
    """Let all begin together, each on a connection of its own; what came of each, sorted."""
    barrier, said = threading.Barrier(len(calls)), []

    def run(call: Callable[[], object]) -> None:
        barrier.wait()
        try:
            said.append(str(call()))
        except Exception as refusal:
            said.append(type(refusal).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(said)


def broken() -> list:
    """What does not hold of money and decisions."""
    return [one for one in violations(now=timezone.now()) if one.invariant in ("I4", "I5", "I6", "I7")]


def test_S33_approve_and_reject_at_the_same_time_one_wins_and_the_other_is_told(rita, otis):
    for round_ in range(5):
        wish = make_refund(10_000)
        said = at_once(
            lambda wish=wish, n=round_: decide(wish, rita, key=f"yes{n}"),
            lambda wish=wish, n=round_: decide(wish, otis, key=f"no{n}", reason="It works for us."),
        )
        assert len([one for one in said if one == "CannotDecide"]) == 1, said
    let_pass()

    assert Decision.objects.filter(state=DecisionState.DONE).count() == 5
    assert Refund.objects.count() == Decision.objects.filter(verdict="approve").count()
    assert broken() == []


def test_S33_two_double_clicks_at_once_yes_and_no_one_is_done_and_the_other_gets_409(rita, otis):
    set_up_review()
    people = [
        (rita, {"verdict": "approve", "amount": "40"}),
        (otis, {"reason": "own", "words": "It works for us."}),
    ] * 2
    seats = []
    for person, typed in people:
        client = Client()
        sign_in(client, person)
        seats.append((person, client, typed))
    with Crowd(4) as crowd:
        for round_ in range(ROUNDS):
            wish = make_refund(10_000)
            ReviewClaim.objects.all().delete()
            address = f"/review/refund/{wish.pk}/decide/"
            answers = crowd.act([
                partial(client.post, address, {**typed, "key": f"a-double-click-{person.pk}-{round_:06}"})
                for person, client, typed in seats
            ])  # fmt: skip
            one = Decision.objects.get(subject=wish.pk)
            done = [302 if person == one.by else 409 for person, _, _ in seats]
            assert [answer.status_code for answer in answers] == done
    let_pass()
    assert Refund.objects.count() == CreditNote.objects.count() == Decision.objects.filter(verdict="approve").count()
    assert broken() == []


def test_S33_two_windows_of_one_reviewer_do_not_both_stay_below_the_threshold(rita):
    for round_ in range(5):
        first = make_refund(90_000)
        other = make_refund(90_000, customer=first.invoice.customer)
        at_once(*[
            lambda wish=wish, n=round_: decide(wish, rita, key=f"page{n}-{wish.pk}", amount=90_000)
            for wish in (first, other)
        ])  # fmt: skip
        states = Decision.objects.filter(subject__in=[first.pk, other.pk]).values_list("state", flat=True)
        assert sorted(states) == [DecisionState.SECOND, DecisionState.WAITING]


def test_S31_one_form_twenty_times_at_once_is_one_decision_and_one_refund(rita):
    wish = make_refund(10_000)

    said = at_once(*[lambda: decide(wish, rita, key="the-same-page")] * 20)
    later = timezone.now() + timedelta(seconds=31)
    one = Decision.objects.get()
    at_once(*[lambda: review.carry_out(decision_id=one.pk, now=later)] * 8)

    assert said == [str(one)] * 20
    assert (Refund.objects.count(), CreditNote.objects.count()) == (1, 1)
    assert broken() == []


def test_U33_undo_and_carrying_out_at_once_are_one_or_the_other(rita):
    for round_ in range(5):
        wish = make_refund(10_000)
        one = decide(wish, rita, key=f"page{round_}")
        due = one.carry_out_at
        at_once(
            lambda one=one, due=due: review.carry_out(decision_id=one.pk, now=due),
            lambda one=one, due=due: review.undo(decision=one, by=rita, now=due - timedelta(seconds=1)),
        )
        one.refresh_from_db()
        sent = Refund.objects.filter(request=wish).count()
        assert (one.state, sent) in ((DecisionState.DONE, 1), (DecisionState.UNDONE, 0))
    assert broken() == []


def test_U35_reviewers_who_ask_at_once_get_different_items(rita, otis):
    for _ in range(3):
        make_refund(10_000)
    people = [rita, otis, make_staff(Role.REVIEWER)]

    def take(person: Person) -> str:
        now = timezone.now()
        session = review_work.be_here(person=person, now=now)
        item, _ = review_work.take_next(person=person, session=session, now=now)
        assert item
        return item.number

    for _ in range(4):
        ReviewClaim.objects.all().delete()
        said = at_once(*[lambda person=person: take(person) for person in people])
        assert len(set(said)) == 3, said


@pytest.mark.parametrize("point", ["review.decide.before_commit", "review.decide.after_commit"])
def test_F3_killed_while_deciding_the_form_sent_again_decides_once(rita, point):
    wish = make_refund(10_000)

    assert killed_at(point, lambda: decide(wish, rita, key="the-page"))
    decide(wish, rita, key="the-page")
    let_pass()

    assert (Decision.objects.get().state, Refund.objects.count()) == (DecisionState.DONE, 1)
    assert broken() == []


@pytest.mark.parametrize(
    "point",
    [
        "review.carry_out.before_verb", "review.carry_out.told", "billing.refund_request.credited",
        "billing.refund_request.queued", "billing.refund_request.before_commit", "review.carry_out.after_verb",
        "review.carry_out.before_commit",
    ],
)  # fmt: skip
def test_F3_killed_while_carrying_out_every_effect_comes_once(rita, point):
    wish = make_refund(10_000)
    make_ticket(requester=wish.invoice.customer.person)
    one = decide(wish, rita, key="the-page")
    mails = OutgoingMail.objects.count()

    assert killed_at(point, lambda: review.carry_out(decision_id=one.pk, now=one.carry_out_at))
    assert (Refund.objects.count(), Note.objects.count(), OutgoingMail.objects.count()) == (0, 0, mails)
    let_pass()
    let_pass(60)

    one.refresh_from_db()
    assert (one.state, Refund.objects.count(), CreditNote.objects.count()) == (DecisionState.DONE, 1, 1)
    assert (Note.objects.count(), OutgoingMail.objects.count()) == (1, mails + 1)
    assert broken() == []


@pytest.mark.parametrize("point", ["review.carry_out.after_verb", "review.carry_out.before_commit"])
def test_E7_a_link_of_the_half_minute_is_written_down_once_killed_and_by_many_at_once(rita, point):
    wish = make_refund(10_000)
    one = decide(wish, rita, key="the-page")
    Recipient.objects.create(customer=wish.invoice.customer, email=rita.email, added_at=timezone.now())

    assert killed_at(point, lambda: review.carry_out(decision_id=one.pk, now=one.carry_out_at))
    assert MoneyTask.objects.count() == 0
    at_once(*[lambda: review.carry_out(decision_id=one.pk, now=one.carry_out_at)] * 5)

    one.refresh_from_db()
    assert (one.state, Refund.objects.count(), MoneyTask.objects.count()) == (DecisionState.OVERTAKEN, 0, 1)
    assert JournalEntry.objects.filter(action="billing.linked_account", by=rita).count() == 1
    assert broken() == []


def test_F3_killed_while_undoing_it_is_undone_or_not_and_can_be_again(rita):
    wish = make_refund(10_000)
    one = decide(wish, rita, key="the-page")

    assert killed_at("review.undo.before_commit", lambda: review.undo(decision=one, by=rita, now=timezone.now()))
    one.refresh_from_db()
    assert one.state == DecisionState.WAITING
    review.undo(decision=one, by=rita, now=timezone.now())
    let_pass()

    assert Refund.objects.count() == 0
    assert broken() == []
