"""A request of the API once we know whose it is."""

from rest_framework.request import Request

from accounts.models import ApiToken, Person


class Call(Request):
    """What a view gets behind `Rights`: `user` is a member of staff, `auth` their token, None for a session."""

    user: Person
    auth: ApiToken | None
