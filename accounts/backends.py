"""Who a password or a session belongs to."""

from collections.abc import Callable

from django.contrib.auth.backends import BaseBackend
from django.db.models import Exists, OuterRef
from django.http import HttpRequest

from accounts.addresses import NotAnAddress
from accounts.models import Person
from accounts.second_factor import factors_of

_also_known: dict[str, Callable[[], Exists]] = {}


def know_also(name: str, make: Callable[[], Exists]) -> None:
    """Let the person of a session carry one more thing, that an app above looks up by OuterRef("pk"), in that query."""
    _also_known[name] = make


class PersonBackend(BaseBackend):
    """Sign-in by address and password. Somebody inactive or unproven is nobody (S10, S28)."""

    def authenticate(self, request: HttpRequest | None, *, email: str = "", password: str = "", **ignored):
        """The person, or None. Each call hashes one password, so that its duration says nothing (S45)."""
        if not (email and password):
            return None
        try:
            person = Person.objects.with_roles().by_address(email).first()
        except NotAnAddress:
            person = None
        if person is None or not person.has_usable_password():
            Person().set_password(password)
            return None
        right = person.check_password(password)
        return person if right and person.is_active and person.email_verified_at else None

    def get_user(self, user_id: int) -> Person | None:
        """The person of a session with their roles and whether they have a second factor, in one query.

        None ends the session at its next request.
        """
        people = Person.objects.active().with_roles().annotate(has_a_second_factor=Exists(factors_of(OuterRef("pk"))))
        more = {name: make() for name, make in _also_known.items()}
        return people.annotate(**more).filter(pk=user_id).first()
