"""Every form of the desk takes whatever is sent in any of its fields: words or a redirect, never a 500 (S4, S25)."""

from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.choices import Role
from tests.factories.accounts import make_staff, sign_in
from tests.factories.tickets import make_ticket
from tickets.actions.bulk import choose
from tickets.models import CustomField, Macro, Ticket
from tickets.steps import STEPS

pytestmark = pytest.mark.django_db

SCRIPT = "\"'><img src=x onerror=alert(1)>"
PAYLOADS = (
    SCRIPT, "a\x00b\u202e", "\udfff", "9" * 30, "9223372036854775808", "9999-12-31", "0001-01-01T00:00", "²",
    "x" * 150_000,
)  # fmt: skip
# What stands in the other fields while one of them is hostile.
FORMS = {
    "/desk/bulk/": {"verb": "read", "ticket": "{pk}", "q": "", "in": "all", "after": "", "following": ""},
    "/desk/bulk/{job}/snooze/": {"until": "at", "at": "tomorrow", "condition": ""},
    "/desk/bulk/{job}/tag/": {"tag": "x"},
    "/desk/tickets/{pk}/hold/": {"at": "2026-12-01"},
    "/desk/tickets/{pk}/follow-up/": {"at": "2026-12-01"},
    "/desk/tickets/{pk}/snooze/": {"until": "at", "at": "tomorrow", "condition": ""},
    "/desk/tickets/{pk}/tags/": {"keep": "a", "add": "b"},
    "/desk/tickets/{pk}/fields/": {"field_text": "x", "field_number": "1", "field_date": "2026-12-01"},
    "/desk/tickets/{pk}/merge/": {"into": "1"},
    "/desk/tickets/{pk}/split/": {"messages": "1", "subject": "x"},
    "/desk/tickets/{pk}/ties/": {"side": "related", "number": "1"},
    "/desk/tickets/{pk}/child/": {"subject": "x", "text": "y", "team": "1", "assignee": "", "sees": "staff"},
    "/desk/tickets/{pk}/draft/": {"kind": "reply", "text": "x", "key": "a" * 32, "draft": "", "to": "", "cc": ""},
    "/inbox/all/{pk}/write/": {
        "kind": "reply", "text": "x", "to": "a@b.example", "last_seen": "0", "later": "at", "at": "tomorrow",
        "kept": "1", "used": "1", "key": "b" * 32, "draft": "1.1",
    },
    "/desk/tickets/{pk}/call/": {
        "direction": "incoming", "outcome": "spoke", "began_at": "today 0:00", "readers": "private", "minutes": "1",
        "number": "+14035550147", "text": "x", "then": "", "key": "x",
    },
    "/desk/views/new/": {"name": "x", "q": "is:open", "order": "newest", "whom": "mine"},
    "/desk/presence/": {"screen": "1", "ticket": "{pk}", "doing": "viewing", "rows": "1,2"},
    "/desk/away/": {"how": "at", "until": "tomorrow"},
}  # fmt: skip


@pytest.fixture
def ticket(customer) -> Ticket:
    for kind in ("text", "number", "date"):
        CustomField.objects.create(key=kind, name=kind.title(), kind=kind)
    return make_ticket(requester=customer)


@pytest.fixture
def boss():
    return make_staff(Role.AGENT, Role.LEAD, Role.ADMIN)


@pytest.fixture
def browser(boss) -> Client:
    """What no form foresaw is an answer here, so that all of it is seen at once."""
    client = Client(raise_request_exception=False)
    sign_in(client, boss)
    return client


def send(browser: Client, address: str, fields: dict[str, str]):
    """As programs of hostile people do: bytes that are no UTF-8 included."""
    body = "&".join(f"{name}={quote(value, errors='surrogatepass')}" for name, value in fields.items())
    return browser.post(address, body, content_type="application/x-www-form-urlencoded")


def is_markup(answer) -> bool:
    """Whether a browser reads it as a page; everything here is served with nosniff."""
    return not answer.headers.get("Content-Type", "").startswith("application/json")


@pytest.mark.parametrize("form", FORMS)
def test_any_field_of_a_form_takes_anything(browser, boss, ticket, form):
    job = choose.choose(tickets=Ticket.objects.filter(pk=ticket.pk), source="Test", by=boss, now=timezone.now())
    numbers = {"pk": ticket.pk, "job": job.pk}
    address, fields = form.format(**numbers), {key: value.format(**numbers) for key, value in FORMS[form].items()}
    trouble = []
    for name in fields:
        for payload in PAYLOADS:
            kept = transaction.savepoint()
            answer = send(browser, address, {**fields, name: payload})
            transaction.savepoint_rollback(kept)
            if answer.status_code not in (200, 302, 303, 400, 404, 409, 410, 422):
                trouble.append((name, payload[:20], answer.status_code))
            elif is_markup(answer) and SCRIPT.encode() in answer.content:
                trouble.append((name, payload[:20], "not escaped"))

    assert trouble == []


@pytest.mark.parametrize("step", STEPS)
def test_any_step_of_a_macro_takes_anything_and_can_be_used_afterwards(browser, ticket, step):
    """“00000199999999999999 hours” was read by its first digits and kept by all of them."""
    trouble = []
    for payload in (*PAYLOADS[:-1], "00000199999999999999", "x=" + "9" * 30):
        kept = transaction.savepoint()
        fields = {"name": "M", "text": "", "step_rows": "1", "step_0_what": step, "step_0_value": payload}
        answer = send(browser, "/settings/macros/new/", fields)
        if answer.status_code in (302, 303):
            answer = browser.post(f"/desk/tickets/{ticket.pk}/macros/{Macro.objects.latest('pk').pk}/")
        if answer.status_code >= 500 or SCRIPT.encode() in answer.content:
            trouble.append((payload[:20], answer.status_code))
        transaction.savepoint_rollback(kept)

    assert trouble == []
