"""Tokens to test with."""

from datetime import UTC, datetime

from accounts.actions.api_tokens import make_token as make
from accounts.choices import Scope
from accounts.models import ApiToken, Person

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


def make_token(person: Person, *scopes: str, now: datetime = NOW, **fields) -> tuple[ApiToken, str]:
    """A token of `person` with these scopes, all of them when none is named, and its secret."""
    return make(person=person, name="Test", scopes=scopes or Scope.values, by=person, now=now, **fields)
