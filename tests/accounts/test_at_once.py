"""Two at once on PostgreSQL: one wins, and every guess is counted."""

import re
import threading

import pytest
from django.db import connection
from django.utils import timezone

from accounts.actions import codes, invites, roles
from accounts.choices import Role
from accounts.models import Grant, JournalEntry, Person, SignInCode
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, make_staff

pytestmark = pytest.mark.django_db(transaction=True)


def together(work, count: int) -> list:
    """What each thread answers, or the name of what it raises."""
    answers: list = []
    start = threading.Barrier(count)

    def run(number: int) -> None:
        start.wait()
        try:
            answers.append(work(number))
        except Exception as error:
            answers.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_right_code_typed_ten_times_at_once_lets_in_once():
    kept = codes.request_code(email="cara@x.example", now=timezone.now())
    code = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", OutgoingMail.objects.get().text)[0]

    answers = together(lambda _: codes.redeem_code(code_id=kept.pk, text=code, now=timezone.now()).email, 10)

    assert sorted(answers) == ["CodeRefused"] * 9 + ["cara@x.example"]
    assert Person.objects.count() == 1


def test_forty_guesses_at_once_are_five():
    """S46: the sixth is not even compared."""
    kept = codes.request_code(email="cara@x.example", now=timezone.now())

    together(lambda number: codes.redeem_code(code_id=kept.pk, text=f"GUESS{number:03}", now=timezone.now()), 40)

    assert SignInCode.objects.get().tries == 5
    code = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", OutgoingMail.objects.get().text)[0]
    with pytest.raises(codes.CodeRefused):
        codes.redeem_code(code_id=kept.pk, text=code, now=timezone.now())


def test_an_invitation_accepted_ten_times_at_once_counts_once():
    """S40."""
    admin = make_staff(Role.ADMIN)
    invites.invite(email="new@desk.example", roles=[Role.AGENT], by=admin, now=timezone.now())
    token = re.search(r"/invitation/([\w-]+)/", OutgoingMail.objects.get().text)[1]

    answers = together(lambda _: invites.accept_invite(token=token, now=timezone.now()).email, 10)

    assert sorted(answers) == ["InviteOver"] * 9 + ["new@desk.example"]
    assert Grant.objects.filter(person__email="new@desk.example").count() == 1
    assert JournalEntry.objects.filter(action="accounts.accept_invite").count() == 1


def test_two_invitations_at_once_leave_one_open():
    admin = make_staff(Role.ADMIN)

    answers = together(
        lambda _: invites.invite(email="new@desk.example", roles=[Role.AGENT], by=admin, now=timezone.now()).email, 6
    )

    texts = list(OutgoingMail.objects.values_list("text", flat=True))
    tokens = [re.search(r"/invitation/([\w-]+)/", text)[1] for text in texts]
    accepted = together(
        lambda number: invites.accept_invite(token=tokens[number], now=timezone.now()).email, len(tokens)
    )
    assert set(answers) <= {"new@desk.example", "CannotInvite"}
    assert accepted.count("new@desk.example") == 1


def test_a_role_granted_and_taken_by_many_at_once_is_held_once_or_not_at_all():
    admin, person = make_staff(Role.ADMIN), make_person()

    def work(number: int) -> None:
        verb = roles.grant_role if number % 2 else roles.revoke_role
        verb(person=Person.objects.get(pk=person.pk), role=Role.LEAD, by=admin, now=timezone.now())

    assert set(together(work, 10)) == {None}

    entries = list(JournalEntry.objects.order_by("number").values_list("action", flat=True))
    held = Grant.objects.filter(person=person, revoked_at__isnull=True).count()
    assert held == entries.count("accounts.grant_role") - entries.count("accounts.revoke_role")
    assert held in (0, 1)


def test_two_first_admins_at_once_are_one():
    people = [make_person(), make_person(), make_person()]

    answers = together(lambda number: roles.appoint_first_admin(person=people[number], now=timezone.now()).role, 3)

    assert sorted(answers) == ["CannotChangeRole", "CannotChangeRole", "admin"]
    assert Grant.objects.count() == 1
