"""What a view may rely on once its audience is checked."""

from django.http import HttpRequest

from accounts.models import Person


class PersonRequest(HttpRequest):
    """A request behind @signed_in, @staff_only and their like: its user is a person."""

    user: Person
