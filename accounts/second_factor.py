"""Whether somebody proves themselves twice."""

from allauth.mfa.models import Authenticator
from django.db.models import QuerySet

from accounts.models import Person

SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def has_second_factor(person: Person, *, besides: Authenticator | None = None) -> bool:
    """Has an authenticator app or a passkey, besides the one named. Recovery codes alone do not count.

    The person of a request brings the answer along (accounts.backends).
    """
    if besides:
        return factors_of(person).exclude(pk=besides.pk).exists()
    known = getattr(person, "has_a_second_factor", None)
    return factors_of(person).exists() if known is None else known


def factors_of(person) -> QuerySet[Authenticator]:
    """What counts as a second factor; `person` may be a reference of an outer query."""
    return Authenticator.objects.filter(user=person, type__in=SECOND_FACTORS)


def check_second_code(person: Person, code: str) -> bool:
    """Whether `code` is one of the person's app or recovery codes right now. A code counts once (S48)."""
    kept = Authenticator.objects.filter(user=person).exclude(type=Authenticator.Type.WEBAUTHN).order_by("pk")
    return any(authenticator.wrap().validate_code(code) for authenticator in kept)


def has_passkey(person: Person) -> bool:
    """Has a passkey or security key."""
    return Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN).exists()
