"""Tokens are shown once, act as their person, and end (S27, S28, S39)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.access import NotAllowed
from accounts.actions.api_tokens import CannotMakeToken, make_token, note_token_used, revoke_token, sha256_of
from accounts.actions.people import deactivate_person, reactivate_person
from accounts.choices import Scope
from accounts.models import ApiToken, JournalEntry
from tests.factories.api import NOW
from tests.factories.api import make_token as token_of

pytestmark = pytest.mark.django_db


def test_a_token_is_256_bits_and_only_its_hash_is_kept(agent):
    token, secret = make_token(person=agent, name="  Sync \n job ", scopes=["tickets:read"], by=agent, now=NOW)

    token.refresh_from_db()
    assert secret.startswith("sd_") and len(secret) == 3 + 43
    assert (token.name, token.prefix, token.scopes) == ("Sync job", secret[:10], ["tickets:read"])
    assert token.token_sha256 == sha256_of(secret)
    kept = " ".join(str(value) for value in ApiToken.objects.values().get().values())
    assert secret not in kept


def test_making_and_revoking_are_journalled_without_the_secret(agent):
    token, secret = token_of(agent)
    revoke_token(token=token, by=agent, now=NOW + timedelta(hours=1))
    revoke_token(token=token, by=agent, now=NOW + timedelta(hours=2))

    actions = list(JournalEntry.objects.order_by("number").values_list("action", "by"))
    assert actions == [("accounts.make_api_token", agent.pk), ("accounts.revoke_api_token", agent.pk)]
    assert secret not in str(list(JournalEntry.objects.values()))
    token.refresh_from_db()
    assert token.revoked_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "x" * 81},
        {"scopes": []},
        {"scopes": ["tickets:read", "everything"]},
        {"expires_at": NOW},
    ],
)
def test_an_impossible_token_is_refused_with_words(agent, wrong):
    with pytest.raises(CannotMakeToken, match=r"\w+ .*\."):
        make_token(**{"person": agent, "name": "Sync", "scopes": ["tickets:read"], "by": agent, "now": NOW, **wrong})

    assert not ApiToken.objects.exists()


def test_nobody_makes_a_token_for_somebody_else_and_no_customer_any_s27(agent, admin, customer):
    for person, by in [(agent, admin), (admin, agent), (customer, customer)]:
        with pytest.raises(NotAllowed):
            make_token(person=person, name="Sync", scopes=Scope.values, by=by, now=NOW)

    assert not ApiToken.objects.exists()


def test_an_admin_revokes_anybodys_token_and_an_agent_only_their_own_s27(agent, lead, admin):
    token, _ = token_of(agent)

    with pytest.raises(NotAllowed):
        revoke_token(token=token, by=lead, now=NOW)
    token.refresh_from_db()
    assert token.revoked_at is None
    assert JournalEntry.objects.filter(action="accounts.refused", by=lead).count() == 1

    revoke_token(token=token, by=admin, now=NOW)
    token.refresh_from_db()
    assert token.revoked_at == NOW


def test_tokens_end_with_their_person_and_do_not_come_back_s28(agent, admin):
    token, _ = token_of(agent)

    deactivate_person(person=agent, by=admin, now=NOW + timedelta(hours=1))
    reactivate_person(person=agent, by=admin, now=NOW + timedelta(hours=2))

    token.refresh_from_db()
    assert token.revoked_at == NOW + timedelta(hours=1)


def test_the_last_use_is_written_at_most_every_five_minutes(agent, django_assert_num_queries):
    token, _ = token_of(agent)
    note_token_used(token=token, now=NOW)
    token.refresh_from_db()

    with django_assert_num_queries(0):
        note_token_used(token=token, now=NOW + timedelta(minutes=4))
    with django_assert_num_queries(1):
        note_token_used(token=token, now=NOW + timedelta(minutes=6))

    assert ApiToken.objects.get().last_used_at == NOW + timedelta(minutes=6)


@pytest.mark.parametrize("scopes", [[], ["everything"]])
def test_the_database_keeps_no_token_without_known_scopes(agent, scopes):
    with pytest.raises(IntegrityError, match="a token has known scopes"), transaction.atomic():
        ApiToken.objects.create(
            name="x", person=agent, token_sha256="0" * 64, prefix="sd_", scopes=scopes, created_at=NOW
        )
