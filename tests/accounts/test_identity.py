"""Identity levels: what raises them, what never does, and what may be done with each (E4, E5, E9)."""

import contextlib
import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import identity
from accounts.access import NotAllowed
from accounts.actions import change_address, close_account, reset_links
from accounts.actions import identity as checks
from accounts.actions.people import set_password
from accounts.models import IdentityCheck, JournalEntry, ResetLink
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, make_staff

pytestmark = pytest.mark.django_db
NOW = timezone.now()
TICKET = 7


def mailed_code(to) -> str:
    """What the newest mail to somebody says."""
    mail = OutgoingMail.objects.filter(to_address=to.email).latest("pk")
    return re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", mail.text)[0]


def prove(person, agent, *, now=NOW, ticket=TICKET) -> None:
    """Level 2, the way callers get there."""
    check = checks.read_number(person=person, ticket_id=ticket, purpose="A test", by=agent, now=now)
    checks.type_number(person=person, text=identity.number_of(check), now=now)


def test_e4_a_code_to_the_mailbox_gives_level_one_once_for_half_an_hour_on_one_ticket(customer, agent):
    """R92."""
    check = checks.mail_code(person=customer, ticket_id=TICKET, by=agent, now=NOW)
    code = mailed_code(customer)
    assert "asks for this code" in OutgoingMail.objects.get().text and "Never tell it to anyone who phoned you" in (
        OutgoingMail.objects.get().text
    )
    assert identity.level_of(customer, TICKET, NOW) == 0

    checks.type_code(person=customer, ticket_id=TICKET, text=code.lower(), by=agent, now=NOW)

    assert identity.level_of(customer, TICKET, NOW) == 1
    assert identity.level_of(customer, TICKET + 1, NOW) == 0
    assert identity.level_of(customer, TICKET, NOW + timedelta(minutes=30)) == 0
    with pytest.raises(checks.CodeOver):  # replayed
        checks.type_code(person=customer, ticket_id=TICKET, text=code, by=agent, now=NOW)
    kept = " ".join(str(one) for one in [*JournalEntry.objects.values_list("data", flat=True), vars(check)])
    assert code not in kept and code.replace("-", "") not in kept


@pytest.mark.parametrize(("seconds", "level"), [(600, 1), (601, 0)])
def test_e4_a_code_works_ten_minutes(customer, agent, seconds, level):
    checks.mail_code(person=customer, ticket_id=TICKET, by=agent, now=NOW)
    later = NOW + timedelta(seconds=seconds)
    with contextlib.suppress(checks.CodeOver):
        checks.type_code(person=customer, ticket_id=TICKET, text=mailed_code(customer), by=agent, now=later)
    assert identity.level_of(customer, TICKET, later) == level


def test_e4_five_wrong_codes_lock_for_half_an_hour_whatever_is_begun_anew(customer, agent):
    """New codes do not bring new tries, on another ticket neither; then half an hour later they do."""
    for _ in range(2):
        checks.mail_code(person=customer, ticket_id=TICKET, by=agent, now=NOW)
        for _ in range(2):
            with pytest.raises(checks.WrongCode):
                checks.type_code(person=customer, ticket_id=TICKET, text="WRONG", by=agent, now=NOW)
    checks.mail_code(person=customer, ticket_id=TICKET + 1, by=agent, now=NOW)
    code = mailed_code(customer)
    with pytest.raises(identity.Locked):
        checks.type_code(person=customer, ticket_id=TICKET + 1, text="WRONG", by=agent, now=NOW)

    soon = NOW + timedelta(minutes=9)
    tried = ((checks.type_code, {"text": code}), (checks.mail_code, {}), (checks.read_number, {"purpose": ""}))
    for verb, words in tried:
        with pytest.raises(identity.Locked):
            verb(person=customer, ticket_id=TICKET + 1, by=agent, now=soon, **words)
    assert identity.level_of(customer, TICKET + 1, soon) == 0

    later = NOW + timedelta(minutes=31)
    checks.mail_code(person=customer, ticket_id=TICKET, by=agent, now=later)
    checks.type_code(person=customer, ticket_id=TICKET, text=mailed_code(customer), by=agent, now=later)
    assert identity.level_of(customer, TICKET, later) == 1


def test_level_two_is_a_number_typed_into_ones_own_session(customer, stranger, agent):
    check = checks.read_number(person=customer, ticket_id=TICKET, purpose="Change of address", by=agent, now=NOW)
    number = identity.number_of(check)
    assert re.fullmatch(r"\d{6}", number) and number not in str(vars(check))
    with pytest.raises(checks.CodeOver):  # somebody else's session
        checks.type_number(person=stranger, text=number, now=NOW)

    checks.type_number(person=customer, text=f" {number[:3]} {number[3:]} ", now=NOW)

    assert identity.level_of(customer, TICKET, NOW) == 2
    with pytest.raises(checks.CodeOver):
        checks.type_number(person=customer, text=number, now=NOW)
    checks.read_number(person=customer, ticket_id=TICKET, purpose="", by=agent, now=NOW)
    checks.decline_number(person=customer, now=NOW)
    assert identity.asked_in_session(customer, NOW) is None


def test_e5_what_a_caller_knows_raises_no_level(customer, agent):
    """No method for it in the code, and none that the database would keep."""
    for method, level in (("birth_date", 1), ("last_four", 2), ("mail_code", 2), ("own_session", 1)):
        with pytest.raises(IntegrityError), transaction.atomic():
            IdentityCheck.objects.create(
                person=customer, ticket=TICKET, by=agent, method=method, level=level, created_at=NOW, expires_at=NOW,
                verified_at=NOW, level_until=NOW + timedelta(minutes=30),
            )  # fmt: skip
    assert identity.level_of(customer, TICKET, NOW) == 0
    with pytest.raises(identity.NotProven, match="Nothing that they know"):
        change_address.propose(
            person=customer, kind="change_email", new_value="new@x.example", reason="Knows the birth date",
            ticket_id=TICKET, by=make_staff("lead"), now=NOW,
        )  # fmt: skip
    with pytest.raises(identity.NotProven):
        close_account.cancel_for(person=customer, reason="Last four 4242", ticket_id=TICKET, by=agent, now=NOW)


def test_a_code_goes_only_to_the_address_on_file_and_only_once_it_has_settled(customer, agent, admin):
    for change, refusal in (
        ({"email_changed_at": NOW - timedelta(hours=71)}, identity.NoDestination),
        ({"email_changed_at": NOW - timedelta(hours=73)}, None),
        ({"email": "0@no-mail.invalid"}, identity.NoDestination),
    ):
        for field, value in change.items():
            setattr(customer, field, value)
        customer.save()
        if refusal is None:
            checks.mail_code(person=customer, ticket_id=TICKET, by=agent, now=NOW)
            continue
        with pytest.raises(refusal):
            checks.mail_code(person=customer, ticket_id=TICKET, by=agent, now=NOW)
    with pytest.raises(checks.CannotCheck):
        checks.mail_code(person=admin, ticket_id=TICKET, by=agent, now=NOW)
    with pytest.raises(NotAllowed):
        checks.mail_code(person=customer, ticket_id=TICKET, by=make_person(), now=NOW)


def test_e9_a_reset_link_works_once_for_an_hour_ends_sessions_and_is_told(customer, agent):
    """R89."""
    set_password(person=customer, password="an old long password", by=customer, now=NOW)
    before = customer.get_session_auth_hash()
    reset_links.send(person=customer, ticket_id=TICKET, by=agent, now=NOW)
    reset_links.send(person=customer, ticket_id=TICKET, by=agent, now=NOW)
    first, second = [re.search(r"/reset/([\w-]+)/", one.text)[1] for one in OutgoingMail.objects.order_by("pk")]
    with pytest.raises(reset_links.LinkOver):
        reset_links.find(token=first, now=NOW + timedelta(minutes=60))

    reset_links.use(token=first, password="a new long password", now=NOW + timedelta(minutes=59))

    customer.refresh_from_db()
    assert customer.check_password("a new long password") and customer.get_session_auth_hash() != before
    for token in (first, second, "", "x\x00y", "nothing"):
        with pytest.raises(reset_links.LinkOver):
            reset_links.use(token=token, password="another long password", now=NOW)
    assert OutgoingMail.objects.latest("pk").subject.startswith("Your password was changed")
    assert first not in str(list(JournalEntry.objects.values_list("data", flat=True)))
    assert not ResetLink.objects.filter(token_hash=first).exists()


def test_e9_three_links_an_hour_to_an_address_on_file_and_none_for_staff(customer, agent, admin):
    for _ in range(3):
        reset_links.send(person=customer, ticket_id=TICKET, by=agent, now=NOW)
    with pytest.raises(reset_links.CannotSend, match="Three links"):
        reset_links.send(person=customer, ticket_id=TICKET, by=agent, now=NOW)
    reset_links.ask(email=customer.email, now=NOW)
    assert OutgoingMail.objects.filter(to_address=customer.email).count() == 3
    reset_links.send(person=customer, ticket_id=TICKET, by=agent, now=NOW + timedelta(minutes=61))
    with pytest.raises(reset_links.CannotSend):
        reset_links.send(person=admin, ticket_id=TICKET, by=agent, now=NOW)
    assert set(OutgoingMail.objects.values_list("to_address", flat=True)) == {customer.email}
