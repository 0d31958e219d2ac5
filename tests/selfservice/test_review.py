"""R33, S33, E7, U31 to U37: one person decides credit, tax and refunds, in order, one on a screen."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Grant, JournalEntry, Membership
from billing.actions import refund_requests
from billing.choices import CertificateState, CreditRequestState, MoneyTaskKind
from billing.models import Customer, MoneyTask, Refund
from mail.models import OutgoingMail
from selfservice.actions import review, review_rules
from selfservice.choices import DecisionState, Kind
from selfservice.models import Decision, ReviewClaim, ReviewReason, ReviewRules, ReviewSession
from tests.factories.accounts import make_organisation, make_staff, sign_in
from tests.factories.billing import make_customer, make_seller
from tests.factories.tickets import make_ticket
from tests.selfservice.reviews import (
    let_pass,
    make_certificate,
    make_credit,
    make_refund,
    press,
    set_up_review,
    the_decision,
)
from tickets.actions.state import set_waiting
from tickets.choices import Category
from tickets.models import Absence, Note
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db

QUERIES = 31


@pytest.fixture(autouse=True)
def _rules(db) -> None:
    set_up_review()


@pytest.fixture
def desk(client, reviewer) -> Client:
    """Rita, signed in."""
    make_seller()
    sign_in(client, reviewer)
    return client


@pytest.fixture
def other(db):
    """A second reviewer."""
    return make_staff(Role.REVIEWER, name="Otis Other", email="otis@desk.example")


def shown(client: Client) -> str:
    """What is on the screen."""
    page = client.get("/review/")
    assert page.status_code == 200
    return page.content.decode()


def at(person) -> Client:
    """Another device of somebody."""
    client = Client()
    sign_in(client, person)
    return client


def test_R33_a_refund_is_approved_by_one_form_and_sent_once_half_a_minute_later(desk):
    wish = make_refund(10_000)

    page = shown(desk)
    answer = press(desk, wish, amount="40.00")

    assert f"R-{wish.pk}" in page
    assert (answer.status_code, answer["Location"]) == (302, "/review/")
    assert Refund.objects.count() == 0, "nothing moves while it can be undone"
    let_pass()
    let_pass(60)
    one, decision = Refund.objects.get(), Decision.objects.get()
    assert (one.amount, one.request, decision.state) == (4_000, wish, DecisionState.DONE)
    assert "That was everything" in shown(desk)


def test_R33_credit_comes_before_certificates_and_these_before_refunds_and_a_no_has_a_reason(desk):
    wish, proof, wants = make_refund(), make_certificate(), make_credit(200_000)

    assert f"CA-{wants.pk}" in shown(desk)
    reason = ReviewReason.objects.get(kind=Kind.CREDIT, position=1)
    assert press(desk, wants, reason=reason.pk).status_code == 302
    assert f"TX-{proof.pk}" in shown(desk)
    refused = press(desk, proof, reason="own", words=" \x00 ")
    assert refused.status_code == 422
    assert "<title>Error: " in refused.content.decode()
    assert press(desk, proof, reason="own", words="The form is for Texas.").status_code == 302
    assert f"R-{wish.pk}" in shown(desk)
    let_pass()

    proof.refresh_from_db()
    wants.refresh_from_db()
    assert (proof.state, proof.reason) == (CertificateState.REJECTED, "The form is for Texas.")
    assert (wants.state, wants.reason) == (CreditRequestState.KEPT, reason.words), "U36: word for word"


def test_R26_a_limit_is_never_lowered_or_left_by_an_approval_since_a_no_has_a_reason(desk):
    """Where policy suggests no more than they have, one key approves nothing: what to do instead stands there."""
    wants = make_credit(200_000)
    page = shown(desk)
    assert "Nothing yet: enter an amount, or reject it" in page and "As policy suggests" not in page

    for typed in ("", "500.00", "100.00"):
        refused = press(desk, wants, amount=typed)
        assert refused.status_code == 422
        says = "They have $500.00 already. Enter more, or reject it and say why it stays." if typed else "above zero"
        assert says in refused.content.decode()
    part = desk.get(f"/review/credit/{wants.pk}/effects/", {"amount": "500"})
    assert part.status_code == 422 and "They have $500.00 already." in part.content.decode()
    assert press(desk, wants, amount="", shown="", much="200000").status_code == 302
    let_pass()

    wants.refresh_from_db()
    assert (wants.state, wants.limit_given) == (CreditRequestState.RAISED, 200_000)


def test_a_certificate_is_approved_with_the_day_that_was_typed(desk):
    proof = make_certificate()
    day = timezone.now().date() + timedelta(days=400)

    assert press(desk, proof, valid_until="2001-01-01").status_code == 422
    assert press(desk, proof, valid_until="soon").status_code == 422
    assert press(desk, proof, valid_until=day.isoformat()).status_code == 302
    let_pass()

    proof.refresh_from_db()
    assert (proof.state, proof.valid_until) == (CertificateState.APPROVED, day)


def test_S33_above_the_threshold_a_second_person_agrees_and_never_the_first(desk, reviewer, other):
    wants = make_credit(1_200_000)

    press(desk, wants, amount="12,000.00")
    decision = the_decision(reviewer)
    let_pass(60)
    own = desk.post(f"/review/decisions/{decision.pk}/second/", {"agrees": "yes"})
    wants.refresh_from_db()
    assert (decision.state, own.status_code, wants.state) == (DecisionState.SECOND, 403, CreditRequestState.OPEN)
    assert "waits for a second person: " in (end := shown(desk)) and "That was everything" in end

    second = at(other)
    assert "Rita Reviewer approved $12,000.00" in shown(second)
    assert press(second, wants, amount="1.00").status_code == 409, "agree or not, but not something else"
    assert second.post(f"/review/decisions/{decision.pk}/second/", {"agrees": "yes"}).status_code == 302
    assert second.post(f"/review/decisions/{decision.pk}/second/", {"agrees": "no"}).status_code == 409
    let_pass()

    wants.refresh_from_db()
    decision.refresh_from_db()
    assert (wants.state, wants.limit_given) == (CreditRequestState.RAISED, 1_200_000)
    assert (decision.state, decision.second) == (DecisionState.DONE, other)


def test_S33_what_the_second_person_does_not_agree_to_is_open_again(desk, reviewer, other):
    wish = make_refund(200_000)
    press(desk, wish, amount="1500")

    second, address = at(other), f"/review/decisions/{the_decision(reviewer).pk}"
    page = shown(second)
    assert "$1,500.00</b> to " in page, "U32: what the first one gave, not what was asked for"
    second.post(f"{address}/second/", {"agrees": "yes"})
    assert f'action="{address}/undo/"' in shown(second), "U33: an agreement is undone like a decision"
    second.post(f"{address}/undo/")
    ReviewClaim.objects.all().delete()
    press(desk, wish, amount="1500")
    address = f"/review/decisions/{the_decision(reviewer).pk}"
    second.post(f"{address}/second/", {"agrees": "no"})
    let_pass(60)

    assert the_decision(reviewer).state == DecisionState.UNDONE
    assert Refund.objects.count() == 0
    assert f"R-{wish.pk}" in shown(desk)


def test_S33_refunds_to_one_customer_by_one_reviewer_within_a_day_count_together(desk, reviewer, other):
    first = make_refund(90_000)
    customer = first.invoice.customer
    second, third = (make_refund(90_000, customer=customer) for _ in range(2))
    elsewhere = make_refund(90_000, card="5555555555554444", customer=make_customer(line1="8 Elsewhere Road"))

    assert press(desk, first, amount="900").status_code == 302
    assert the_decision(reviewer).state == DecisionState.WAITING
    press(desk, second, amount="100.01")
    split = the_decision(reviewer)
    assert split.state == DecisionState.SECOND, "1,000.01 to one customer"
    assert "for one customer within 24 hours a second person decides too" in shown(at(other))
    press(desk, elsewhere, amount="900")
    assert the_decision(reviewer).state == DecisionState.WAITING, "another customer"

    desk.post(f"/review/decisions/{split.pk}/undo/")
    press(desk, second, amount="100")
    assert the_decision(reviewer).state == DecisionState.WAITING, "what was undone is gone, and 1,000.00 is not above"
    Decision.objects.update(decided_at=timezone.now() - timedelta(hours=25))
    press(desk, third, amount="900")
    assert the_decision(reviewer).state == DecisionState.WAITING, "a day later"


def test_U33_the_last_decision_is_undone_for_half_a_minute_and_leaves_no_trace_outside(desk, reviewer):
    wish = make_refund(10_000)
    mails = OutgoingMail.objects.count()
    press(desk, wish, amount="100.00")
    decision = the_decision(reviewer)

    assert desk.post(f"/review/decisions/{decision.pk}/undo/").status_code == 302
    assert desk.post(f"/review/decisions/{decision.pk}/undo/").status_code == 409
    let_pass(60)

    assert (Refund.objects.count(), OutgoingMail.objects.count()) == (0, mails)
    assert f"R-{wish.pk}" in shown(desk)
    press(desk, wish, amount="100.00")
    let_pass()
    late = desk.post(f"/review/decisions/{the_decision(reviewer).pk}/undo/")
    assert (late.status_code, Refund.objects.count()) == (409, 1)
    assert "It stays" in late.content.decode()


def test_U33_a_form_sent_twice_decides_once(desk):
    wish, key = make_refund(10_000), "the-key-of-one-review-page"

    first, again = (press(desk, wish, amount="100.00", key=key) for _ in range(2))
    let_pass()
    third = press(desk, wish, amount="100.00", key=key)

    assert [first.status_code, again.status_code, third.status_code] == [302, 302, 302]
    assert (Decision.objects.count(), Refund.objects.count()) == (1, 1)


def test_U34_more_than_was_paid_is_refused_with_the_maximum_and_what_was_typed_stays(desk):
    wish = make_refund(10_000)

    for amount, words in (
        ("100.01", "Enter at most $100.00."), ("0", "above zero"), ("-5", "Enter an amount such as"),
        ("1e9", "Enter an amount such as"), ("9" * 40, "Enter at most"), ("١٠", "Enter an amount such as"),
        ("", "above zero"),
    ):  # fmt: skip
        refused = press(desk, wish, amount=amount)
        assert refused.status_code == 422, amount
        page = refused.content.decode()
        assert words in page and f'value="{amount}"' in page, amount
    assert Decision.objects.count() == 0
    assert desk.get(f"/review/refund/{wish.pk}/effects/", {"amount": "100.01"}).status_code == 422


@pytest.mark.parametrize(
    ("path", "typed", "status"),
    [
        ("refund/999999999999999999999/decide/", {}, 409), ("nothing/1/decide/", {}, 404),
        ("refund/0/decide/", {"key": "k" * 30}, 409), ("refund/5/skip/", {}, 302),
        ("decisions/99999999999999999999/undo/", {}, 404), ("decisions/7/second/", {"agrees": "perhaps"}, 404),
        ("refund/1/reject/", None, 405),
    ],
)  # fmt: skip
def test_a_hostile_address_gets_words_and_never_a_500(desk, path, typed, status):
    answer = desk.post(f"/review/{path}", {"key": "k" * 30, "verdict": "approve", "amount": "1", **(typed or {})})

    assert answer.status_code == status
    assert Decision.objects.count() == 0


def test_hostile_words_are_refused_or_kept_as_words(desk):
    proof = make_certificate()

    for typed in (
        {"key": "x"}, {"key": "k" * 65}, {"verdict": "explode"}, {"reason": "999999"}, {"reason": "²"},
        {"reason": "own", "words": "w" * 501}, {"verdict": ""}, {"reason": "own", "words": "x", "does": "explode"},
    ):  # fmt: skip
        assert press(desk, proof, **typed).status_code == 422, typed
    assert Decision.objects.count() == 0
    press(desk, proof, reason="own", words="<b>no</b>\r\nBcc: x")
    assert Decision.objects.get().reason == "<b>no</b> Bcc: x"
    assert "<b>no</b>" not in shown(desk)


def test_S26_a_decision_takes_each_of_its_fields_once_and_no_other(desk, reviewer, other):
    wish, key = make_refund(200_000), "the-key-of-one-review-page"
    said = f"key={key}&verdict=approve&amount=1500"
    address, plain = f"/review/refund/{wish.pk}/decide/", "application/x-www-form-urlencoded"

    for more, words in (
        ("&verdict=reject", "The field “verdict” was sent twice."), ("&amount=1", "The field “amount” was sent twice."),
        ("&reason=own&reason=own", "The field “reason” was sent twice."),
        ("&credit_limit=1", "This page has no field “credit_limit”."), ("&by=1", "This page has no field “by”."),
        ("&%00%3Cb%3E=1", "This page has no field “ &lt;b&gt;”."), (f"&{'x' * 999}=1", f"“{'x' * 40}”"),
    ):  # fmt: skip
        refused = desk.post(address, said + more, content_type=plain)
        assert (refused.status_code, words in refused.content.decode()) == (422, True), more
    assert Decision.objects.count() == 0

    assert desk.post(address, said, content_type=plain).status_code == 302
    agree = f"/review/decisions/{the_decision(reviewer).pk}/second/"
    for body in ("agrees=no&agrees=yes", "agrees=yes&state=done"):
        assert at(other).post(agree, body, content_type=plain).status_code == 422
    assert the_decision(reviewer).state == DecisionState.SECOND


def test_E7_nobody_sees_or_decides_what_they_asked_for_or_what_is_linked_to_them(desk, reviewer, other):
    mine, open_one = make_refund(10_000), make_refund(5_000, card="5555555555554444")
    customer = mine.invoice.customer
    Customer.objects.filter(pk=open_one.invoice.customer_id).update(line1="8 Elsewhere Road", postal_code="10001")
    Customer.objects.filter(pk=customer.pk).update(person=None, organisation=(company := make_organisation()))
    Membership.objects.create(organisation=company, person=reviewer)

    page = shown(desk)
    refused = press(desk, mine, amount="100.00")

    assert f"R-{open_one.pk}" in page and f"R-{mine.pk}" not in page and "1 left" in page
    assert (refused.status_code, Decision.objects.count()) == (403, 0)
    assert MoneyTask.objects.get().kind == MoneyTaskKind.LINKED_ACCOUNT
    assert JournalEntry.objects.filter(action="billing.linked_account", by=reviewer).count() == 1
    assert f"R-{mine.pk}" in shown(at(other)), "it goes to somebody else"


def test_U35_the_same_item_on_every_device_and_never_the_same_for_two(desk, reviewer, other):
    first, second, third = (make_refund() for _ in range(3))

    assert f"R-{first.pk}" in shown(desk)
    assert f"R-{first.pk}" in shown(at(reviewer))
    theirs = at(other)
    assert f"R-{second.pk}" in shown(theirs)
    taken = press(theirs, first, amount="1")
    assert taken.status_code == 409
    assert "Rita Reviewer has" in taken.content.decode()
    press(desk, first, amount="1")
    assert f"R-{third.pk}" in shown(desk)

    ReviewClaim.objects.filter(person=reviewer).update(
        claimed_at=timezone.now() - timedelta(hours=1), until=timezone.now() - timedelta(minutes=1)
    )
    press(theirs, second, amount="1")
    assert f"R-{third.pk}" in shown(theirs), "whoever left holds nothing for ever"
    assert "That was everything" in shown(desk)


def test_a_skipped_item_comes_after_all_others_and_then_again(desk):
    wants, wish, later = make_credit(), make_refund(), make_refund()

    desk.post(f"/review/credit/{wants.pk}/skip/")
    assert f"R-{wish.pk}" in shown(desk)
    press(desk, wish, amount="1")
    desk.post(f"/review/refund/{later.pk}/skip/")
    assert f"CA-{wants.pk}" in shown(desk)
    desk.post(f"/review/credit/{wants.pk}/skip/")
    assert f"R-{later.pk}" in shown(desk)


def test_what_was_withdrawn_meanwhile_is_409_and_what_is_withdrawn_in_the_half_minute_is_overtaken(desk):
    gone, later = make_refund(), make_refund()
    shown(desk)
    refund_requests.withdraw(request=gone, by=None, now=timezone.now())

    refused = press(desk, gone, amount="1")
    press(desk, later, amount="1")
    refund_requests.withdraw(request=later, by=None, now=timezone.now())
    let_pass()

    assert refused.status_code == 409
    assert f"R-{later.pk}" in refused.content.decode(), "with the next one on the screen"
    decision = Decision.objects.get()
    assert (decision.state, Refund.objects.count()) == (DecisionState.OVERTAKEN, 0)
    assert "withdrawn already" in decision.outcome


@pytest.mark.parametrize("verdict", [{"amount": "40.00"}, {"reason": "own", "words": "It works for us."}])
def test_U32_the_ticket_gets_one_note_and_comes_back_as_the_screen_said(desk, agent, verdict):
    wish = make_refund(10_000)
    ticket = make_ticket(requester=wish.invoice.customer.person)
    set_waiting(ticket=ticket, by=agent, now=timezone.now())

    assert f"Ticket #{ticket.pk} gets a note and reopens" in shown(desk)
    press(desk, wish, **verdict)
    assert Note.objects.count() == 0
    let_pass()
    let_pass(60)

    note = Note.objects.get()
    ticket.refresh_from_db()
    assert (note.ticket, ticket.category) == (ticket, Category.OPEN)
    assert f"R-{wish.pk}" in note.text and ("$40.00" in note.text or "It works for us." in note.text)


def test_the_review_is_for_reviewers_alone(desk, agent, lead, admin, stranger):
    wish = make_refund()

    for person, status in ((agent, 403), (lead, 403), (admin, 403), (stranger, 404)):
        theirs = at(person)
        assert theirs.get("/review/").status_code == status
        assert press(theirs, wish, amount="1").status_code == status
    assert Decision.objects.count() == 0


def test_U31_the_queries_of_a_screen_do_not_grow_with_what_waits_or_was_decided(
    desk, reviewer, django_assert_num_queries
):
    wishes = [make_refund() for _ in range(6)]
    shown(desk)
    with django_assert_num_queries(QUERIES):
        shown(desk)
    for _ in range(6):
        make_refund()
    press(desk, wishes[0], amount="1")
    let_pass()
    session, one = ReviewSession.objects.get(), Decision.objects.get()
    Decision.objects.bulk_create(
        Decision(
            key=f"old{number}", kind=Kind.REFUND, subject=10**6 + number, number=f"R-{number}", who="Somebody",
            verdict="approve", amount=1, session=session, by=reviewer, decided_at=one.decided_at,
            state=DecisionState.DONE, carry_out_at=one.carry_out_at, done_at=one.done_at,
        )
        for number in range(50)
    )  # fmt: skip
    shown(desk)
    with django_assert_num_queries(QUERIES):
        shown(desk)


def test_U37_the_end_says_what_was_done_and_when_the_next_review_is(desk, reviewer):
    ReviewRules.objects.update(starts_at="09:30")
    for _ in range(2):
        press(desk, make_refund(10_000), amount="25.00")
    assert "none was held for this" in shown(desk), "while the half minute lasts: no box waits for these"
    let_pass()
    ReviewSession.objects.update(seconds=300)

    page = shown(desk)

    assert "2 items in 5 minutes" in page and "$50.00" in page and ", 09:30" in page
    assert ReviewSession.objects.get().finished_at is not None


def test_time_counts_only_while_a_page_is_open(desk, reviewer):
    shown(desk)
    ReviewSession.objects.update(last_seen_at=timezone.now() - timedelta(seconds=20))
    assert desk.post("/review/here/").status_code == 204
    ReviewSession.objects.update(last_seen_at=timezone.now() - timedelta(hours=2))
    desk.post("/review/here/")

    assert ReviewSession.objects.get().seconds == 20


def test_the_deputy_gets_one_mail_for_what_was_left_and_nobody_else_any(admin, reviewer, other):
    make_seller(time_zone="America/Toronto")
    monday = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)  # eight in Toronto
    make_certificate(uploaded_at=monday - timedelta(days=1))
    make_certificate(uploaded_at=monday + timedelta(hours=3))  # after the review began: for tomorrow
    rules = {"starts_at": datetime(2026, 1, 1, 10).time(), "deputy_from": datetime(2026, 1, 1, 16).time()}
    rules |= {"second_credit_above": 1_000_000, "second_refund_above": 100_000}
    review_rules.save_rules(**rules, deputy=other, by=admin, now=monday)
    before = OutgoingMail.objects.count()

    for hour in (7, 8, 9, 10):  # 15:00 to 18:00
        sweep(now=monday + timedelta(hours=hour))

    mail = OutgoingMail.objects.order_by("-pk")[0]
    assert OutgoingMail.objects.count() == before + 1
    assert (mail.to_address, mail.subject) == (other.email, "The review of today is yours: 1 request waits")
    with pytest.raises(review_rules.CannotChangeRules):
        review_rules.save_rules(**rules, deputy=admin, by=admin, now=monday)


def test_R33_a_deputy_who_cannot_take_over_leaves_the_day_to_nobody_unawares(client, admin, reviewer, other):
    """Away, or without the role: the other reviewers hear of it, then the admins; the settings say so."""
    make_seller(time_zone="UTC")
    now = datetime(2026, 11, 24, 8, tzinfo=UTC)
    make_certificate(uploaded_at=now - timedelta(days=1))
    rules = {"starts_at": datetime(2026, 1, 1, 10).time(), "deputy_from": datetime(2026, 1, 1, 16).time()}
    rules |= {"second_credit_above": 1_000_000, "second_refund_above": 100_000}
    review_rules.save_rules(**rules, deputy=other, by=admin, now=now)

    def told(day: int) -> list[tuple[str, bool]]:
        newest = OutgoingMail.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        sweep(now=now + timedelta(days=day, hours=8))
        mails = OutgoingMail.objects.filter(pk__gt=newest, subject__startswith="The review of today").order_by("pk")
        return [(mail.to_address, f"{other.shown_name}, who would take over" in mail.text) for mail in mails]

    Absence.objects.create(person=other, since=now)
    assert told(0) == [(reviewer.email, True)]
    Absence.objects.all().delete()
    Grant.objects.filter(person=other).update(revoked_at=now)
    assert told(1) == [(reviewer.email, True)]
    Grant.objects.filter(person=reviewer).update(revoked_at=now)
    assert told(2) == [(admin.email, True)]
    sign_in(client, admin)
    assert f"{other.shown_name} is no reviewer any more" in client.get("/settings/review/").content.decode()


def test_admins_keep_the_rules_and_the_reasons_that_customers_read(client, admin, agent):
    make_seller()
    sign_in(client, admin)
    rules = {"starts_at": "09:15", "second_credit_above": "5,000.00", "second_refund_above": "750", "deputy": "",
             "deputy_from": "15:00"}  # fmt: skip

    assert client.get("/settings/review/").status_code == 200
    assert client.post("/settings/review/", rules).status_code == 302
    assert client.post("/settings/review/", rules | {"second_refund_above": "much"}).status_code == 422
    assert client.post("/settings/review/", rules | {"starts_at": "25:00"}).status_code == 422
    reasons = {"credit-words1": "Please send a newer reference", "credit-verdict1": "keep", "credit-words3": "No more"}
    assert client.post("/settings/review/credit/reasons/", reasons | {"credit-verdict3": "close"}).status_code == 302
    assert client.post("/settings/review/tax/reasons/", {"tax-words1": "x" * 256}).status_code == 422
    assert client.post("/settings/review/wine/reasons/", {}).status_code == 404

    kept = ReviewReason.objects.filter(kind=Kind.CREDIT, is_active=True).order_by("position")
    assert [(row.position, row.words, row.verdict) for row in kept] == [
        (1, "Please send a newer reference", "keep"), (2, "No more", "close"),
    ]  # fmt: skip
    assert ReviewRules.objects.get().second_refund_above == 75_000
    assert at(agent).post("/settings/review/", rules).status_code == 403


def test_a_decision_needs_the_right_also_where_no_page_is_between(agent):
    wish = make_refund()

    with pytest.raises(review.CannotDecide):
        review.decide(
            kind="refund", subject=wish.pk, verdict="approve", amount=1, valid_until=None, reason="", by=agent,
            key="k", now=timezone.now(),
        )  # fmt: skip
