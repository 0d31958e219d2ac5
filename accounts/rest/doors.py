"""Two ways into the API: a token, or the session of a member of staff. Both count in PostgreSQL (S46)."""

from django.conf import settings
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled
from rest_framework.request import Request

from accounts.actions.api_tokens import note_token_used, sha256_of
from accounts.models import ApiToken, Person
from supportdesk.lib.audience import READING
from supportdesk.lib.client_address import client_ip, network_of
from supportdesk.lib.throttle import Limit, hit

WRONG_TOKENS = Limit("wrong API tokens from one place", times=20, seconds=300)
OWN_SITE = frozenset({"same-origin", "none"})
SCHEME = "bearer"


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer sd_…`. The token acts as its person, whose rights are read at this request (S28)."""

    def authenticate(self, request: Request) -> tuple[Person, ApiToken] | None:
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != SCHEME:
            raise AuthenticationFailed("Send a token: Authorization: Bearer sd_…")
        now = timezone.now()
        rows = ApiToken.objects.live(now).filter(person__is_active=True).select_related("person")
        token = rows.filter(token_sha256=sha256_of(secret.strip())).first()
        if token is None:
            if wait := hit(WRONG_TOKENS, network_of(client_ip(request._request)), now=now):
                raise Throttled(wait)
            raise AuthenticationFailed("This token does not work: it is unknown, revoked, or past its end.")
        count_request(token.person, now)
        note_token_used(token=token, now=now)
        return token.person, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class OwnSession(SessionAuthentication):
    """The session of the browser, with its CSRF token, from our own pages only (S49)."""

    def authenticate(self, request: Request) -> tuple[Person, None] | None:
        found = super().authenticate(request)
        if found:
            count_request(found[0], timezone.now())
        return found

    def enforce_csrf(self, request: Request) -> None:
        if request.method not in READING and request.headers.get("Sec-Fetch-Site", "same-origin") not in OWN_SITE:
            raise PermissionDenied("This request came from another site.")
        # Django's own request: the other would read the body with our parser, before we know whose it is.
        super().enforce_csrf(request._request)  # type: ignore[arg-type]


def count_request(person: Person, now) -> None:
    """One more request of this person, through whichever door. Raises Throttled."""
    limit = Limit("API requests of one person", times=settings.API_REQUESTS_A_MINUTE, seconds=60)
    if wait := hit(limit, str(person.pk), now=now):
        raise Throttled(wait)
