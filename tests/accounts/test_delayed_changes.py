"""Change of address after 72 hours and a second person, cancellation with 14 days to undo (E6, E7, R87)."""

import re
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

import timers
from accounts import closing, identity
from accounts.access import NotAllowed
from accounts.actions import change_address, close_account, handles, proposals, readings, reset_links
from accounts.actions import identity as checks
from accounts.actions.people import find_or_create_person
from accounts.choices import HandleSort, Role
from accounts.models import ActionRequest, Handle, JournalEntry, Person, ReadingDay
from billing.choices import SubscriptionState
from billing.models import Subscription
from mail.models import OutgoingMail
from supportdesk.faults import account_invariants
from supportdesk.faults.invariants import violations
from tests.accounts.test_identity import prove
from tests.billing.money import killed_at
from tests.billing.plans import at, make_subscription
from tests.crowds import Crowd
from tests.factories.accounts import make_staff
from tests.factories.billing import make_customer
from timers.actions.sweep import sweep

DAY = at(date(2026, 3, 10))
TICKET = 7
SECOND = timedelta(seconds=1)
HOURS_72, DAYS_14 = timedelta(hours=72), timedelta(days=14)


def propose(customer, by, value="cara@new.example", kind="change_email", now=DAY) -> ActionRequest:
    """Asked for by `by`, once the customer has shown level 2."""
    prove(customer, by, now=now)
    return change_address.propose(
        person=customer, kind=kind, new_value=value, reason="They moved", ticket_id=TICKET, by=by, now=now
    )


def link_to(email: str) -> str:
    """The token of the newest link that calls something back."""
    texts = OutgoingMail.objects.filter(to_address=email, text__contains="/account-change/").order_by("-pk")
    return re.search(r"/account-change/([\w-]+)/", texts.first().text)[1]


@pytest.mark.django_db
def test_e6_an_address_changes_after_72_hours_and_until_then_everything_goes_to_the_old_one(customer, lead, reviewer):
    old = customer.email
    request = propose(customer, lead)
    for by in (lead, customer, make_staff(Role.AGENT)):
        with pytest.raises(NotAllowed):
            change_address.approve(request=request, by=by, now=DAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        ActionRequest.objects.filter(pk=request.pk).update(state="approved", due_at=DAY, decided_by=lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        ActionRequest.objects.filter(pk=request.pk).update(state="approved", due_at=DAY)
    change_address.approve(request=request, by=reviewer, now=DAY)

    reset_links.send(person=customer, ticket_id=TICKET, by=lead, now=DAY + timedelta(hours=71))
    assert OutgoingMail.objects.latest("pk").to_address == old
    change_address.execute(request_id=request.pk, now=DAY + HOURS_72 - SECOND)
    assert Person.objects.get(pk=customer.pk).email == old
    reset = re.search(r"/reset/([\w-]+)/", OutgoingMail.objects.latest("pk").text)[1]
    before = customer.get_session_auth_hash()

    for _ in range(2):
        sweep(now=DAY + HOURS_72 + SECOND)
        change_address.execute(request_id=request.pk, now=DAY + HOURS_72 + SECOND)

    person, request = Person.objects.get(pk=customer.pk), ActionRequest.objects.get()
    assert (person.email, person.email_verified_at, request.state) == ("cara@new.example", None, "executed")
    assert person.get_session_auth_hash() != before
    told = OutgoingMail.objects.filter(subject__contains="was changed").values_list("to_address", flat=True)
    assert sorted(told) == sorted([old, person.email])
    with pytest.raises(reset_links.LinkOver):
        reset_links.find(token=reset, now=DAY + timedelta(hours=71, minutes=30))
    with pytest.raises(identity.NoDestination):
        identity.destination(person, DAY + 2 * HOURS_72)
    assert identity.destination(person, DAY + 2 * HOURS_72 + 2 * SECOND) == person.email
    assert JournalEntry.objects.filter(action="accounts.change_address").count() == 1
    assert "new.example" not in str(list(JournalEntry.objects.values_list("data", flat=True)))


@pytest.mark.django_db
def test_e6_the_link_at_the_old_address_restores_everything_and_tells_who_proposed_it(client, customer, lead, reviewer):
    old = customer.email
    request = change_address.approve(request=propose(customer, lead), by=reviewer, now=DAY)
    token = link_to(old)
    with pytest.raises(proposals.LinkOver):
        change_address.call_back(token=token, now=request.due_at)
    soon = DAY + timedelta(minutes=5)
    assert identity.level_of(customer, TICKET, soon) == 2
    change_address.call_back(token=token, now=soon)
    assert identity.level_of(customer, TICKET, soon) == 0
    sweep(now=DAY + HOURS_72 + SECOND)
    assert Person.objects.get(pk=customer.pk).email == old and ActionRequest.objects.get().state == "undone"
    called_back = OutgoingMail.objects.filter(subject__contains="called back")
    assert set(called_back.values_list("to_address", flat=True)) == {lead.email, reviewer.email}
    for text in (token, "", "x" * 500, "\x00"):
        with pytest.raises(proposals.LinkOver):
            change_address.call_back(token=text, now=DAY)
    assert client.get(f"/account-change/{token}/").status_code == 410


@pytest.mark.django_db
def test_a_change_of_address_waits_for_nobody_who_took_it_meanwhile(customer, lead, reviewer):
    """Only one waits; who is shut out, has the address, or a number of somebody else, is found on the day as well."""
    request = change_address.approve(request=propose(customer, lead), by=reviewer, now=DAY)
    with pytest.raises(proposals.CannotPropose):
        propose(customer, lead, "other@new.example")
    find_or_create_person(email="cara@new.example", now=DAY)
    change_address.execute(request_id=request.pk, now=DAY + HOURS_72)
    request.refresh_from_db()
    assert request.state == "failed" and "by now" in request.failure
    assert OutgoingMail.objects.latest("pk").to_address == lead.email
    with pytest.raises(proposals.CannotDecide):
        change_address.approve(request=request, by=reviewer, now=DAY)

    phone = propose(customer, lead, "+1 (403) 555-0148", "change_phone")
    change_address.approve(request=phone, by=reviewer, now=DAY)
    change_address.execute(request_id=phone.pk, now=DAY + HOURS_72)
    assert change_address.phone_of(customer) == "+14035550148"
    again = propose(customer, lead, "+1 403 555 0149", "change_phone", DAY + HOURS_72)
    change_address.approve(request=again, by=reviewer, now=DAY + HOURS_72)
    change_address.execute(request_id=again.pk, now=DAY + 2 * HOURS_72)
    assert change_address.phone_of(customer) == "+14035550149"
    assert Handle.objects.get(value="+14035550148").person != customer
    other = handles.find_or_create_handle(sort=HandleSort.PHONE, value="+14035550150", now=DAY)
    handles.link_handle(handle=other, person=find_or_create_person(email="o@x.example", now=DAY), by=lead, now=DAY)
    for taken in ("+1 403 555 0150", "+1 403 555 0149", "no number"):
        with pytest.raises(proposals.CannotPropose):
            propose(customer, lead, taken, "change_phone", DAY + 2 * HOURS_72)


@pytest.fixture
def plan(customer, db) -> Subscription:
    """The customer, alone in their company, pays a plan."""
    return make_subscription(on=date(2026, 3, 1), customer=make_customer(person=customer))


def state_of(plan: Subscription) -> tuple[str, bool]:
    """Where a plan stands, and whether it ends when it would renew."""
    plan.refresh_from_db()
    return plan.state, plan.ends_at_renewal


def test_r87_an_undo_on_day_13_brings_everything_back_and_on_day_15_nothing_does(customer, agent, plan):
    assert any("Classroom software" in one.words for one in closing.matters_of(customer))
    prove(customer, agent, now=DAY)
    request = close_account.cancel_for(person=customer, reason="Moving", ticket_id=TICKET, by=agent, now=DAY)
    assert state_of(plan) == (SubscriptionState.ACTIVE, True) and request.due_at == DAY + DAYS_14
    with pytest.raises(proposals.CannotPropose):
        close_account.cancel_own(person=customer, reason="", now=DAY)
    sweep(now=DAY + timedelta(days=13))

    close_account.undo(request=request, by=agent, now=DAY + timedelta(days=13))
    sweep(now=DAY + timedelta(days=15))
    customer.refresh_from_db()
    assert customer.is_active and state_of(plan) == (SubscriptionState.ACTIVE, False)

    later = DAY + timedelta(days=16)
    again = close_account.cancel_own(person=customer, reason="", now=later)
    token = link_to(customer.email)
    close_account.undo_by_link(token=token, now=later + timedelta(days=13))
    assert state_of(plan)[1] is False
    third = close_account.cancel_own(person=customer, reason="", now=later)
    for when in (later + DAYS_14, later + timedelta(days=15)):  # before any worker came by
        with pytest.raises(close_account.TooLate):
            close_account.undo(request=third, by=customer, now=when)
        with pytest.raises(proposals.LinkOver):
            close_account.undo_by_link(token=link_to(customer.email), now=when)
    for _ in range(2):
        sweep(now=later + DAYS_14 + SECOND)
        close_account.execute(request_id=third.pk, now=later + DAYS_14 + SECOND)
    customer.refresh_from_db()
    assert not customer.is_active and state_of(plan)[0] == SubscriptionState.ENDED
    assert ActionRequest.objects.get(pk=again.pk).state == "undone"
    assert OutgoingMail.objects.filter(subject__contains="is closed").count() == 1
    assert JournalEntry.objects.filter(action="accounts.close_account").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_change_and_close_once(customer, lead, reviewer):
    """Second persons, links, workers and undos that come together: one of them counts, whoever it is."""
    admin = make_staff(Role.ADMIN)
    request = propose(customer, lead)
    with Crowd(6) as crowd:

        def decide(by):
            return lambda: change_address.approve(request=request, by=by, now=DAY).state

        answers = crowd.act([decide(by) for by in (reviewer, admin) * 3])
        assert sum(answer == "approved" for answer in answers) == 1
        assert OutgoingMail.objects.filter(subject__contains="about to change").count() == 1
        due = DAY + HOURS_72
        crowd.act([lambda: change_address.execute(request_id=request.pk, now=due)] * 6)
        assert JournalEntry.objects.filter(action="accounts.change_address").count() == 1

        plan = make_subscription(on=date(2026, 3, 1), customer=make_customer(person=customer))
        person = Person.objects.get(pk=customer.pk)
        crowd.act([lambda: close_account.cancel_own(person=person, reason="", now=DAY)] * 6)
        closing_one = ActionRequest.objects.get(kind="cancel_account")
        assert closing_one.data == {"billing": {"plans": [plan.pk]}}
        undone = crowd.act([lambda: close_account.undo(request=closing_one, by=person, now=DAY).state] * 6)
        assert undone.count("undone") == 1 and state_of(plan) == (SubscriptionState.ACTIVE, False)
        last = close_account.cancel_own(person=person, reason="", now=DAY)
        crowd.act([lambda: close_account.execute(request_id=last.pk, now=last.due_at)] * 6)
    assert OutgoingMail.objects.filter(subject__contains="is closed").count() == 1
    assert Subscription.objects.filter(pk=plan.pk, state=SubscriptionState.ENDED).exists()


@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_nothing_is_half_done_and_the_next_try_does_it(customer, lead, reviewer):
    plan = make_subscription(on=date(2026, 3, 1), customer=make_customer(person=customer))
    request = propose(customer, lead)
    assert killed_at("accounts.address.approved", lambda: change_address.approve(request=request, by=reviewer, now=DAY))
    assert ActionRequest.objects.get().state == "proposed" and not link_was_mailed()
    change_address.approve(request=request, by=reviewer, now=DAY)
    due = DAY + HOURS_72 + SECOND
    for point in ("accounts.address.changed", "accounts.address.before_commit"):
        assert killed_at(point, lambda: change_address.execute(request_id=request.pk, now=due))
        assert Person.objects.get(pk=customer.pk).email == customer.email
    sweep(now=due)
    person = Person.objects.get(pk=customer.pk)
    assert person.email == "cara@new.example"

    assert killed_at("accounts.close.begun", lambda: close_account.cancel_own(person=person, reason="", now=due))
    assert state_of(plan)[1] is False
    closing_one = close_account.cancel_own(person=person, reason="", now=due)
    assert killed_at("accounts.close.undone", lambda: close_account.undo(request=closing_one, by=person, now=due))
    assert state_of(plan)[1] is True
    over = closing_one.due_at + SECOND
    for point in ("accounts.close.plans_ended", "accounts.close.before_commit"):
        assert killed_at(point, lambda: close_account.execute(request_id=closing_one.pk, now=over))
        assert Person.objects.get(pk=customer.pk).is_active and state_of(plan)[0] == SubscriptionState.ACTIVE
    sweep(now=over)
    assert not Person.objects.get(pk=customer.pk).is_active and state_of(plan)[0] == SubscriptionState.ENDED
    assert OutgoingMail.objects.filter(subject__contains="is closed").count() == 1
    assert broken(over) == set()


@pytest.mark.django_db
def test_an_invariant_names_a_change_that_nobody_carries_out_and_a_count_that_is_wrong(customer, lead, reviewer):
    request = change_address.approve(request=propose(customer, lead), by=reviewer, now=DAY)
    readings.open_profile(subject=customer, by=lead, ticket_id=TICKET, now=DAY)
    assert broken(DAY) == set()
    late = request.due_at + timedelta(minutes=11)
    assert broken(late) == {("a change of an account whose day has come was done", f"actionrequest:{request.pk}")}
    timers.cancel(kind=change_address.TIMER, subject=request.pk)
    ReadingDay.objects.update(profiles=2)
    assert {says for says, _ in broken(DAY)} == {
        "a change of an account waits exactly while its timer does",
        "the profiles that count for a day are those that were opened",
    }


def broken(now) -> set[tuple[str, str]]:
    """What our invariants say, by row."""
    ours = {says for _, says, _ in account_invariants.CHECKS}
    return {(one.says, one.row) for one in violations(now=now) if one.says in ours}


def link_was_mailed() -> bool:
    """Whether any link to call something back is in the outbox."""
    return OutgoingMail.objects.filter(text__contains="/account-change/").exists()


@pytest.mark.django_db(transaction=True)
def test_e4_guesses_and_right_codes_at_once_count_as_one_each(customer, agent):
    """Forty guesses are five, and a right number that is typed ten times gives its level once."""
    check = checks.read_number(person=customer, ticket_id=TICKET, purpose="", by=agent, now=DAY)
    number = identity.number_of(check)
    with Crowd(10) as crowd:
        answers = crowd.act([lambda: checks.type_number(person=customer, text=number, now=DAY).level] * 10)
        assert answers.count(2) == 1
        assert JournalEntry.objects.filter(action="accounts.show_identity").count() == 1
        checks.read_number(person=customer, ticket_id=TICKET, purpose="", by=agent, now=DAY + SECOND)
        later = DAY + 2 * SECOND
        for _ in range(4):
            crowd.act([lambda: checks.type_number(person=customer, text="0", now=later)] * 10)
    tried = customer.identity_checks.latest("pk")
    assert tried.tries == 5 and JournalEntry.objects.filter(action="accounts.lock_identity").count() <= 1
    with pytest.raises(identity.Refused):
        checks.type_number(person=customer, text=identity.number_of(tried), now=later)
