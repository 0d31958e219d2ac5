"""Who gets in, and how far: every operation tried by everybody (S22, S28, S46, S49)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client, override_settings
from django.urls import get_resolver
from django.utils import timezone

from accounts.actions.api_tokens import revoke_token
from accounts.actions.people import deactivate_person
from accounts.actions.roles import revoke_role
from accounts.choices import Role, Scope
from accounts.models import ActionRequest, ApiToken, JournalEntry, Membership, Organisation, Person
from billing.models import (
    CreditNote,
    Invoice,
    MoneyRight,
    Payment,
    Refund,
    RefundRequest,
    Shipment,
    ShipmentHold,
)  # fmt: skip
from knowledgebase.models import Article, Revision
from tests.api.conftest import Program
from tests.factories.accounts import make_member, make_organisation, make_staff
from tests.factories.api import make_token
from tests.factories.knowledgebase import make_article, make_process, make_space
from tests.factories.mail import make_file
from tests.factories.shop import make_shop
from tests.factories.tickets import make_ticket
from tickets.actions import participants, passing
from tickets.actions.attach import Upload
from tickets.actions.flows.by_hand import begin_by_hand
from tickets.actions.note import add_note
from tickets.actions.processes import start_run
from tickets.actions.reply import reply
from tickets.models import Case, Flow, Message, Note, RunStep, Ticket, TicketEvent, TicketRelation

pytestmark = pytest.mark.django_db

BOUNDARY = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--x--\r\n'
SOON = f"{timezone.now().year + 1}-01-01T00:00:00Z"

# (method, path, body, scope, area of the right, status when it is done)
OPERATIONS = [
    ("GET", "me/", None, "", "anybody", 200),
    ("GET", "people/", None, "people:read", "people", 200),
    ("POST", "people/", {"email": "new@elsewhere.example"}, "people:write", "people", 201),
    ("GET", "people/{person}/", None, "people:read", "people", 200),
    ("PATCH", "people/{person}/", {"name": "Nora"}, "people:write", "people", 200),
    ("GET", "action-requests/", None, "people:read", "decide", 200),
    ("POST", "action-requests/{change}/approve/", {}, "people:write", "decide", 200),
    ("POST", "action-requests/{change}/reject/", {"reason": "No"}, "people:write", "decide", 200),
    ("GET", "organisations/", None, "organisations:read", "people", 200),
    ("POST", "organisations/", {"name": "New Ltd."}, "organisations:write", "people", 201),
    ("GET", "organisations/{organisation}/", None, "organisations:read", "people", 200),
    ("GET", "organisations/{organisation}/members/", None, "organisations:read", "people", 200),
    ("POST", "organisations/{organisation}/members/", {"person": "{person}"}, "organisations:write", "people", 200),
    ("DELETE", "organisations/{organisation}/members/{member}/", None, "organisations:write", "people", 204),
    ("GET", "tickets/", None, "tickets:read", "tickets", 200),
    ("POST", "tickets/", {"requester": {"email": "a@b.example"}, "subject": "A", "text": "B"}, "tickets:write",
     "tickets", 201),
    ("GET", "tickets/{ticket}/", None, "tickets:read", "tickets", 200),
    ("PATCH", "tickets/{ticket}/", {"priority": "high"}, "tickets:write", "tickets", 200),
    ("GET", "tickets/{ticket}/messages/", None, "tickets:read", "tickets", 200),
    ("GET", "tickets/{ticket}/notes/", None, "notes:read", "tickets", 200),
    ("POST", "tickets/{ticket}/notes/", {"text": "Ours"}, "notes:write", "tickets", 201),
    ("POST", "tickets/{ticket}/reply/", {"text": "Yours", "last_seen": "{last}"}, "tickets:write", "tickets", 201),
    ("POST", "tickets/{ticket}/assign/", {"person": "{staff}"}, "tickets:write", "tickets", 200),
    ("POST", "tickets/{ticket}/close/", {"unanswered": True}, "tickets:write", "tickets", 200),
    ("POST", "tickets/{closed}/reopen/", {}, "tickets:write", "tickets", 200),
    ("POST", "tickets/{ticket}/wait/", {}, "tickets:write", "tickets", 200),
    ("POST", "tickets/{ticket}/hold/", {"until": SOON}, "tickets:write", "tickets", 200),
    ("POST", "tickets/{ticket}/snooze/", {"until": "{tomorrow}"}, "tickets:write", "tickets", 200),
    ("POST", "tickets/{ticket}/wake/", {}, "tickets:write", "tickets", 200),
    ("POST", "tickets/{ticket}/follow-up/", {"at": SOON}, "tickets:write", "tickets", 200),
    ("POST", "tickets/{ticket}/merge/", {"into": "{closed}"}, "tickets:write", "tickets", 200),
    ("POST", "tickets/{ticket}/unmerge/", {}, "tickets:write", "tickets", 422),
    ("POST", "tickets/{ticket}/split/", {"messages": [1], "subject": "A"}, "tickets:write", "tickets", 422),
    ("POST", "tickets/{ticket}/unsplit/", {}, "tickets:write", "tickets", 422),
    ("POST", "tickets/{ticket}/children/", {"subject": "A", "text": "B"}, "tickets:write", "tickets", 201),
    ("GET", "tickets/{ticket}/relations/", None, "tickets:read", "tickets", 200),
    ("POST", "tickets/{ticket}/relations/", {"kind": "blocks", "one": "{ticket}", "other": "{closed}"},
     "tickets:write", "tickets", 201),
    ("DELETE", "tickets/{ticket}/relations/{tie}/", None, "tickets:write", "tickets", 204),
    ("GET", "tickets/{ticket}/watchers/", None, "tickets:read", "tickets", 200),
    ("POST", "tickets/{ticket}/watchers/", {}, "tickets:write", "tickets", 204),
    ("DELETE", "tickets/{ticket}/watchers/{staff}/", None, "tickets:write", "tickets", 204),
    ("GET", "fields/", None, "tickets:read", "tickets", 200),
    ("GET", "tags/", None, "tickets:read", "tickets", 200),
    ("GET", "search/?q=plan", None, "tickets:read notes:read", "tickets", 200),
    ("GET", "messages/{message}/", None, "tickets:read", "tickets", 200),
    ("POST", "messages/{message}/take-back/", {}, "tickets:write", "tickets", 409),
    ("POST", "messages/{message}/retry/", {}, "tickets:write", "tickets", 409),
    ("GET", "attachments/{attachment}/", None, "tickets:read", "tickets", 200),
    ("POST", "uploads/", BOUNDARY, "tickets:write", "tickets", 201),
    ("POST", "channels/uploads/", BOUNDARY, "channels:pass", "tickets", 201),
    ("POST", "channels/sms/messages/", {"id": "1", "sender": {"id": "+14035550147"}, "text": "Hi"}, "channels:pass",
     "tickets", 201),
    ("GET", "channels/sms/outgoing/", None, "channels:pass", "tickets", 200),
    ("POST", "channels/sms/outgoing/claim/", {}, "channels:pass", "tickets", 200),
    ("GET", "channels/sms/outgoing/{passed}/", None, "channels:pass", "tickets", 200),
    ("POST", "channels/sms/outgoing/{passed}/report/", {"lease": 1, "state": "sent"}, "channels:pass", "tickets", 409),
    ("GET", "channels/sms/outgoing/{passed}/files/{file}/", None, "channels:pass", "tickets", 200),
    ("GET", "tickets/{ticket}/processes/", None, "tickets:read", "tickets", 200),
    ("POST", "tickets/{closed}/processes/", {"article": "{article}"}, "tickets:write", "steps", 422),
    ("GET", "processes/{run}/", None, "tickets:read", "tickets", 200),
    ("POST", "process-steps/{step}/", {"act": "claim"}, "tickets:write", "steps", 200),
    ("POST", "tickets/{ticket}/cases/", {"flow": "proposal"}, "tickets:write", "tickets", 201),
    ("GET", "cases/", None, "tickets:read", "tickets", 200),
    ("GET", "cases/{case}/", None, "tickets:read", "tickets", 200),
    ("POST", "cases/{case}/go-on/", {"visit": 1}, "tickets:write", "cases", 200),
    ("GET", "teams/", None, "tickets:read", "tickets", 200),
    ("GET", "macros/", None, "tickets:read", "tickets", 200),
    ("GET", "rules/", None, "tickets:read", "tickets", 200),
    ("GET", "statuses/", None, "tickets:read", "tickets", 200),
    ("GET", "contact-reasons/", None, "tickets:read", "tickets", 200),
    ("GET", "customers/", None, "invoices:read", "money", 200),
    ("GET", "customers/{buyer}/", None, "invoices:read", "money", 200),
    ("GET", "products/", None, "orders:read", "money", 200),
    ("GET", "products/{product}/", None, "orders:read", "money", 200),
    ("GET", "orders/", None, "orders:read", "money", 200),
    ("GET", "orders/{order}/", None, "orders:read", "money", 200),
    ("GET", "shipments/", None, "orders:read", "money", 200),
    ("GET", "shipments/{box}/", None, "orders:read", "money", 200),
    ("POST", "shipments/{box}/release/", {"reason": "credit"}, "orders:write", "decide", 200),
    ("POST", "shipments/{ready}/ship/", {"carrier": "ups", "tracking_number": "1Z999AA10123456784"}, "orders:write",
     "money", 200),
    ("GET", "subscriptions/", None, "invoices:read", "money", 200),
    ("GET", "subscriptions/{plan}/", None, "invoices:read", "money", 200),
    ("GET", "invoices/", None, "invoices:read", "money", 200),
    ("GET", "invoices/{invoice}/", None, "invoices:read", "money", 200),
    ("GET", "invoices/{invoice}/pdf/", None, "invoices:read", "money", 200),
    ("POST", "invoices/{invoice}/void/", {"reason": "Twice"}, "invoices:write", "decide", 200),
    ("GET", "invoices/{invoice}/credit-notes/", None, "invoices:read", "money", 200),
    ("POST", "invoices/{invoice}/credit-notes/", {"reason": "Broken", "amount": 1}, "invoices:write", "decide", 201),
    ("POST", "invoices/{invoice}/transfers/", {"reference": "FT 1", "amount": 1}, "invoices:write", "money", 201),
    ("GET", "payments/", None, "invoices:read", "money", 200),
    ("GET", "payments/{payment}/", None, "invoices:read", "money", 200),
    ("POST", "payments/{payment}/refunds/", {"amount": 1, "reason": "Broken"}, "invoices:write", "give", 201),
    ("GET", "refunds/", None, "invoices:read", "money", 200),
    ("GET", "refunds/{refund}/", None, "invoices:read", "money", 200),
    ("GET", "refund-requests/", None, "invoices:read", "money", 200),
    ("GET", "refund-requests/{refund_request}/", None, "invoices:read", "money", 200),
    ("GET", "articles/", None, "articles:read", "articles", 200),
    ("POST", "articles/", {"space": "{space}", "title": "A", "markdown": "B"}, "articles:write", "articles", 201),
    ("GET", "articles/search/?q=screws", None, "articles:read", "articles", 200),
    ("GET", "articles/{article}/", None, "articles:read", "articles", 200),
    ("PATCH", "articles/{article}/", {"markdown": "New", "base_no": 1}, "articles:write", "articles", 200),
    ("POST", "invoices/{invoice}/refund-requests/", {"why": "damaged", "amount": 1}, "invoices:write", "money", 422),
]  # fmt: skip
NAMES = [f"{method} {path}" for method, path, *_ in OPERATIONS]
WORKERS = {"agent", "lead", "admin"}
DECIDERS = {"lead", "reviewer", "admin"}
WORDS = (
    ActionRequest, Ticket, Message, Note, TicketEvent, Organisation, Membership, Invoice, CreditNote, Payment, Refund,
    RefundRequest, Shipment, ShipmentHold, Article, Revision, RunStep, Case,
)  # fmt: skip


@pytest.fixture
def world(admin, client) -> dict:
    """One of everything that an address can name."""
    organisation = make_organisation()
    member, staff = make_member(organisation=organisation), make_staff(Role.AGENT)
    upload = Upload(file=make_file(), name="plan.txt", content_type="text/plain", size=7)
    ticket, closed = make_ticket(requester=member, attachments=[upload]), make_ticket(requester=member)
    now = timezone.now()
    message = reply(ticket=ticket, by=staff, text="From us", last_seen=ticket.last_message_id, now=now)
    reply(ticket=closed, by=staff, text="Bye", last_seen=closed.last_message_id, now=now, then="closed")
    add_note(ticket=ticket, by=staff, text="Secret", now=now)
    texted, _ = passing.take_in(channel="sms", provider_id="0", sender=passing.Sender("+1403"), text="Hi", now=now)
    sms = texted.message.ticket
    answer = reply(ticket=sms, by=staff, text="Yes", last_seen=texted.message_id, attachments=[upload], now=now)
    article = make_article(space=make_space())
    tie = TicketRelation.objects.create(kind="related", one=ticket, other=closed, made_at=now)
    change = ActionRequest.objects.create(
        kind="change_email", person=member, ticket=ticket.pk, level=2, reason="Moved", old_value=member.email,
        new_value="new@elsewhere.example", proposed_by=staff, proposed_at=now,
    )  # fmt: skip
    participants.add(ticket=ticket, person=staff, role="watcher", by=staff, now=now)
    run = start_run(ticket=sms, article=make_process(), by=staff, now=now)
    case = begin_by_hand(flow=Flow.objects.get(key="proposal"), ticket=sms, by=staff, now=now)
    return {
        "run": run.pk, "step": run.steps.earliest("pk").pk, "case": case.pk,
        "change": change.pk, "tie": tie.pk, "passed": answer.passed.pk, "file": answer.attachments.get().pk,
        "person": member.pk, "member": member.pk, "staff": staff.pk, "organisation": organisation.pk,
        "ticket": ticket.pk, "closed": closed.pk, "message": message.pk, "last": message.pk,
        "attachment": ticket.messages.order_by("pk").first().attachments.get().pk,
        "tomorrow": (now + timedelta(days=1)).isoformat(),
        "article": article.pk, "space": article.space.key,
        **make_shop(organisation),
    }  # fmt: skip


def filled(value, world: dict):
    """The world's numbers put into a path or a body."""
    if isinstance(value, dict):
        return {name: filled(inner, world) for name, inner in value.items()}
    if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
        return world[value[1:-1]]
    return value


def call(who: Program, method: str, path: str, body, world: dict):
    if isinstance(body, bytes):
        headers = {"Authorization": f"Bearer {who.secret}"} if who.secret else {}
        return Client(raise_request_exception=False).post(
            f"/api/{path}", body, content_type="multipart/form-data; boundary=x", headers=headers
        )
    keys = {"Idempotency_Key": f"key-{uuid4()}"} if method == "POST" else {}
    return who(method, path.format(**world), filled(body, world), **keys)


def kept() -> list:
    """Everything that a request could change, without the people whom this test makes and when they were here."""
    rows = [list(model.objects.order_by("pk").values()) for model in WORDS]
    return [*rows, list(Person.objects.filter(grants=None).order_by("pk").values("pk", "name", "email"))]


def test_every_address_of_the_api_has_a_row_in_the_matrix():
    """A route without a row fails (S22, pretix's method)."""
    api = next(r for r in get_resolver().url_patterns if str(r.pattern) == "api/")
    found = set()

    def walk(patterns, prefix=""):
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                walk(pattern.url_patterns, route)
            elif pattern.name not in ("nowhere", "schema", "description"):
                holder = pattern.callback.cls
                found.update((m.upper(), route) for m in holder.http_method_names if hasattr(holder, m))

    walk(api.url_patterns)
    tried = {(method, path) for method, path, *_ in OPERATIONS}
    assert len(tried) == len(OPERATIONS) == len(found)
    assert {(m, path.count("/"), path.split("/")[0]) for m, path in tried} == {
        (m, route.count("/"), route.split("/")[0]) for m, route in found
    }


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
def test_an_operation_is_for_those_who_may_and_leaves_everything_to_nobody_else_s22_s28(operation, world, admin):
    method, path, body, scope, area, done = operation
    before = kept()

    for who, secret in useless_tokens(admin).items():
        answer = call(Program(secret), method, path, body, world)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in"), who
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'

    customer = Client()
    customer.force_login(Person.objects.get(pk=world["person"]))
    answer = customer.generic(method, f"/api/{path.format(**world)}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")

    for one in scope.split():
        others = [other for other in Scope.values if other not in (one, one.replace(":read", ":write"))]
        answer = call(Program(make_token(admin, *others, now=timezone.now())[1]), method, path, body, world)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed")
        assert one in answer.json()["error"]["message"]

    may = {role for role in Role.values if is_for(role, method, area)}
    programs = {role: program_of_role(role, scope) for role in Role.values}
    for role in set(Role.values) - may:
        assert call(programs[role], method, path, body, world).status_code == 403, role
    assert kept() == before

    for place, role in enumerate(sorted(may)):
        answer = call(programs[role], method, path, body, world)
        again = method != "GET" and place  # The first has done it: the others may find nothing left to do.
        assert answer.status_code in ({done, 404, 409} if again else {done}), (role, answer.content)


def test_every_operation_that_writes_refuses_by_its_name_what_it_did_not_ask_for_s26(world):
    """Also those that take nothing at all."""
    before, tried = kept(), 0
    for method, path, body, scope, area, _ in OPERATIONS:
        if method not in ("POST", "PATCH", "PUT") or isinstance(body, bytes):
            continue
        role = next(role for role in Role.values if is_for(role, method, area))
        for name in ("credit_limit", "is_staff"):
            answer = call(program_of_role(role, scope), method, path, {**(body or {}), name: 1}, world)
            told = answer.json().get("error", {}).get("fields", {})
            assert (answer.status_code, told) == (400, {name: ["There is no field of this name."]}), (method, path)
            tried += 1
    assert tried > 60 and kept() == before


def useless_tokens(admin: Person) -> dict[str, str]:
    now = timezone.now()
    expired = make_token(make_staff(), now=now - timedelta(days=2), expires_at=now - timedelta(days=1))[1]
    token, revoked = make_token(make_staff(), now=now)
    revoke_token(token=token, by=token.person, now=now)
    gone = make_staff()
    deactivated = make_token(gone, now=now)[1]
    deactivate_person(person=gone, by=admin, now=now)
    return {"anonymous": "", "unknown": "sd_x", "expired": expired, "revoked": revoked, "deactivated": deactivated}


def program_of_role(role: str, scope: str) -> Program:
    scopes = scope.split() or ["tickets:read"]
    person = make_staff(Role(role))
    MoneyRight.objects.create(person=person, right="refund", granted_at=timezone.now())
    return Program(make_token(person, *scopes, now=timezone.now())[1])


def is_for(role: str, method: str, area: str) -> bool:
    """Workers do everything but decide about money; editors write articles; the others read, editors no tickets.

    Reviewers do steps of processes; a case whose role nobody holds is for leads and admins.
    """
    if area in ("steps", "cases"):
        return role in ({*WORKERS, "reviewer"} if area == "steps" else {"lead", "admin"})
    if area in ("decide", "give"):
        return role in (DECIDERS if area == "decide" else WORKERS)
    if role in WORKERS or area == "anybody" or (role == "editor" and area == "articles"):
        return True
    return method == "GET" and not (role == "editor" and area in ("tickets", "money"))


def test_e7_nobody_decides_through_the_api_what_they_proposed_at_the_desk(lead, customer, program):
    change = ActionRequest.objects.create(
        kind="change_email", person=customer, ticket=1, level=2, reason="Moved", old_value=customer.email,
        new_value="new@elsewhere.example", proposed_by=lead, proposed_at=timezone.now(),
    )  # fmt: skip
    for verb, body in (("approve", {}), ("reject", {"reason": "No"})):
        answer = program(lead, "people:write").post(f"action-requests/{change.pk}/{verb}/", body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed")
        assert program(lead, "people:write").post(f"action-requests/0/{verb}/", body).status_code == 404
    assert JournalEntry.objects.filter(action="accounts.refused", subject__contains="actionrequest").count() == 2
    change.refresh_from_db()
    assert change.state == "proposed"


def test_a_right_that_is_taken_away_is_gone_at_the_next_request_s28(agent, admin, program):
    who = program(agent)
    assert who.get("tickets/").status_code == 200

    revoke_role(person=agent, role=Role.AGENT, by=admin, now=timezone.now())

    assert who.get("tickets/").status_code == 404


def test_reading_is_part_of_writing_and_not_the_other_way_round(agent, program):
    assert program(agent, "tickets:write").get("tickets/").status_code == 200
    assert program(agent, "notes:write", "tickets:read").post("tickets/", {}).status_code == 403


def test_a_refused_write_is_journalled_with_what_was_tried(observer, program):
    """S27."""
    program(observer).post("tickets/", {})

    entry = JournalEntry.objects.get(action="accounts.refused")
    assert (entry.by, entry.data) == (observer, {"tried": "tickets.work"})


def test_the_session_of_staff_works_with_its_csrf_token_and_from_our_own_pages_only_s49(agent):
    ticket = make_ticket()
    client = Client(enforce_csrf_checks=True)
    client.force_login(agent)
    path = f"/api/tickets/{ticket.pk}/wait/"

    assert client.get("/api/tickets/").status_code == 200
    refused = client.post(path)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_allowed")
    client.get("/me/")
    token = client.cookies["csrf"].value
    other = client.post(path, headers={"X-CSRFToken": token, "Sec-Fetch-Site": "cross-site"})
    assert other.status_code == 403
    ticket.refresh_from_db()
    assert ticket.category == "new"

    assert client.post(path, headers={"X-CSRFToken": token}).status_code == 200
    ticket.refresh_from_db()
    assert ticket.category == "waiting"


def test_another_way_of_signing_in_is_told_what_to_send(anybody):
    answer = anybody.get("tickets/", Authorization="Basic YTpi")

    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "Send a token: Authorization: Bearer sd_…"


@pytest.mark.parametrize("secret", ["", " ", "sd_", "sd_" + "é" * 9, "x" * 8000, "null", "sd_' OR 1=1 --"])
def test_nonsense_for_a_token_is_no_token_s39(anybody, secret):
    assert anybody.get("tickets/", Authorization=f"Bearer {secret}").status_code == 401


def test_guessing_tokens_ends_for_its_place_and_for_nobody_else_s46(agent, program):
    guesser, rightful = Program("sd_wrong"), program(agent)

    codes = [guesser.get("tickets/").status_code for _ in range(22)]

    assert codes == [401] * 20 + [429] * 2
    assert rightful.get("tickets/").status_code == 200


@override_settings(API_REQUESTS_A_MINUTE=3)
def test_too_many_requests_are_told_when_to_go_on_s46(agent, lead, program):
    who, again = program(agent), program(agent)

    codes = [each.get("me/").status_code for each in (who, again, who, again)]

    assert codes == [200, 200, 200, 429], "a second token does not double the limit"
    answer = who.get("me/")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.json()["error"]["code"] == "too_many_requests"
    assert program(lead).get("me/").status_code == 200


def test_answers_are_kept_by_no_cache_s52(agent, program):
    headers = program(agent).get("tickets/").headers

    assert "no-store" in headers["Cache-Control"]
    assert {"Authorization", "Cookie"} <= {part.strip() for part in headers["Vary"].split(",")}


def test_me_says_who_a_token_is(agent, program):
    said = program(agent, "tickets:read").get("me/").json()

    assert said["person"]["id"] == agent.pk
    assert said["person"]["roles"] == ["agent"]
    assert said["scopes"] == ["tickets:read"]
    assert set(said["token"]) == {"name", "prefix", "expires_at"}
    token = ApiToken.objects.get()
    assert token.last_used_at is not None
