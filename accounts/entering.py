"""From a proven person to a session, by way of the second factor where they have one."""

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.flows.logout import logout
from allauth.account.models import Login
from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.actions import events
from accounts.choices import EventKind
from accounts.models import Person
from supportdesk.lib.client_address import client_ip, network_of

BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


def enter(request: HttpRequest, person: Person, *, method: str, next_address: str) -> HttpResponse:
    """Sign `person` in and lead them on, or ask for the second factor first. The session's id changes (S47)."""
    record_authentication(request, person, method=method, email=person.email)
    note_event(request, person, EventKind.SIGNED_IN, f"by {method}")
    return perform_login(request, Login(user=person, email=person.email, redirect_url=next_address))


def note_event(request: HttpRequest, person: Person, kind: EventKind, words: str = "") -> None:
    """Write into the log of somebody's account what they did, from where and with what."""
    events.note(
        person=person, kind=kind, words=words, place=network_of(client_ip(request)),
        browser=browser_of(request.headers.get("User-Agent", "")), now=timezone.now(),
    )  # fmt: skip


def browser_of(agent: str) -> str:
    """ "Firefox on Windows", as far as a browser says so."""
    name = next((words for sign, words in BROWSERS if sign in agent), "")
    system = next((words for sign, words in SYSTEMS if sign in agent), "")
    return f"{name} on {system}" if name and system else name or system


def leave(request: HttpRequest) -> None:
    """End the session. Nothing of it is kept."""
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    logout(request, show_message=False)
    request.session.flush()


def renew_session(request: HttpRequest, person: Person) -> None:
    """Keep this session after a change that ends all sessions, under a new id."""
    old = request.session.session_key
    update_session_auth_hash(request, person)
    UserSession.objects.filter(session_key=old).delete()
    UserSession.objects.create_from_request(request)


def note_proof(request: HttpRequest, *, method: str) -> None:
    """Remember that the person has just proven themselves again."""
    record_authentication(request, request.user, method=method, reauthenticated=True)
