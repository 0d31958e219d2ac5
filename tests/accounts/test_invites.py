"""Invitations: single use, 72 hours, worthless for anything else (S39, S40)."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import access, tokens
from accounts.actions import invites, people
from accounts.choices import Role
from accounts.models import Invite, Person
from mail.models import Mailbox, OutgoingMail
from tests.factories.accounts import make_person

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def mailed_token() -> str:
    return re.search(r"/invitation/([\w-]+)/", OutgoingMail.objects.latest("pk").text)[1]


@pytest.fixture
def token(admin) -> str:
    invites.invite(email="New@desk.example", name="Nina New", roles=[Role.AGENT, Role.LEAD], by=admin, now=NOW)
    return mailed_token()


def test_an_invitation_makes_a_member_of_staff_once(client, token):
    shown = client.get(f"/invitation/{token}/")
    assert (shown.status_code, Person.objects.filter(email="new@desk.example").exists()) == (200, False)

    accepted = client.post(f"/invitation/{token}/")

    person = Person.objects.get(email="new@desk.example")
    assert (accepted.status_code, accepted["Location"]) == (302, "/me/second-factor/")
    assert (person.name, person.roles, person.email_verified_at is not None) == ("Nina New", {"agent", "lead"}, True)
    assert client.get("/me/").status_code == 200
    assert client.post(f"/invitation/{token}/").status_code == 410
    assert client.get(f"/invitation/{token}/").status_code == 410


def test_opening_an_invitation_fifty_times_changes_nothing(client, token):
    """S38."""
    for _ in range(25):
        client.get(f"/invitation/{token}/")
        client.head(f"/invitation/{token}/")

    assert Invite.objects.get().used_at is None


def test_an_invitation_ends_after_72_hours(token):
    last = NOW + timedelta(hours=72) - timedelta(seconds=1)
    assert invites.find_invite(token=token, now=last)

    with pytest.raises(invites.InviteOver):
        invites.accept_invite(token=token, now=NOW + timedelta(hours=72))

    assert not Person.objects.filter(email="new@desk.example").exists()


def test_a_newer_invitation_replaces_the_older_one(token, admin):
    invites.invite(email="new@desk.example", roles=[Role.AGENT], by=admin, now=NOW)

    with pytest.raises(invites.InviteOver):
        invites.accept_invite(token=token, now=NOW)
    assert invites.accept_invite(token=mailed_token(), now=NOW).roles == {"agent"}


def test_the_token_is_not_kept_and_is_for_nothing_else(token):
    """S39."""
    kept = Invite.objects.get()

    assert token not in str(Invite.objects.values_list())
    assert kept.token_hash == tokens.hash_for("invite", token) != tokens.hash_for("code", token)
    assert not tokens.matches("code", token, kept.token_hash)


@pytest.mark.parametrize("wrong", ["", "x", "x" * 43, "x" * 5000, "\x00", "None", "../..", "%00"])
def test_a_wrong_short_or_empty_token_is_over(client, token, wrong):
    """S39."""
    with pytest.raises(invites.InviteOver):
        invites.accept_invite(token=wrong, now=NOW)
    assert client.get(f"/invitation/{wrong}/").status_code in (404, 410)


def test_an_empty_hash_matches_nothing():
    """S39."""
    assert not tokens.matches("invite", "", tokens.hash_for("invite", ""))
    assert not tokens.matches("invite", "x", "")


def test_an_invitation_of_an_admin_who_was_removed_is_over(token, admin):
    """S28."""
    Person.objects.filter(pk=admin.pk).update(is_active=False, deactivated_at=NOW)

    with pytest.raises(invites.InviteOver):
        invites.accept_invite(token=token, now=NOW)


def test_somebody_deactivated_is_not_let_in_by_an_old_invitation(token, admin):
    """S28."""
    person = make_person(email="new@desk.example")
    people.deactivate_person(person=person, by=admin, now=NOW)

    with pytest.raises(invites.InviteOver):
        invites.accept_invite(token=token, now=NOW)


def test_only_an_admin_invites_and_never_themselves(agent, admin):
    """S27."""
    with pytest.raises(access.NotAllowed):
        invites.invite(email="x@y.example", roles=[Role.ADMIN], by=agent, now=NOW)
    with pytest.raises(invites.CannotInvite):
        invites.invite(email=admin.email.upper(), roles=[Role.LEAD], by=admin, now=NOW)
    for roles in ([], ["emperor"]):
        with pytest.raises(invites.CannotInvite):
            invites.invite(email="x@y.example", roles=roles, by=admin, now=NOW)

    assert not Invite.objects.exists()


def test_a_mailbox_of_the_desk_is_not_invited(admin):
    """S11: every agent reads what arrives there."""
    Mailbox.objects.create(address="support@desk.example")

    for address in ("support@desk.example", "support+anna@desk.example"):
        with pytest.raises(invites.CannotInvite):
            invites.invite(email=address, roles=[Role.ADMIN], by=admin, now=NOW)


def test_an_invitation_can_be_withdrawn(token, admin):
    invites.withdraw_invite(invite=Invite.objects.get(), by=admin, now=NOW)

    with pytest.raises(invites.InviteOver):
        invites.accept_invite(token=token, now=NOW)


def test_guessing_invitations_is_slowed_down(client):
    """S46."""
    answers = [client.get(f"/invitation/guess{n}/").status_code for n in range(40)]

    assert answers.count(429) == 10
