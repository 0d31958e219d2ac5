"""Whatever is sent, the answer is a sentence in one shape, and never a 500 (S25, S26, S53, S56, S57)."""

import json

import pytest
from django.db import OperationalError
from django.test import Client

from tests.factories.tickets import make_ticket
from tickets.actions import state
from tickets.api import views
from tickets.models import Message, Ticket

pytestmark = pytest.mark.django_db

RIGHT = {"requester": {"email": "cara@school.example"}, "subject": "Kits", "text": "How many?"}
DEEP = b"[" * 100_000


def error_of(answer, status: int, code: str) -> dict:
    """The error after its shape was checked: exactly three names, and a sentence for people."""
    assert answer.status_code == status, answer.content[:300]
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert set(body) == {"error"}
    assert {"code", "message", "fields"} <= set(body["error"])
    assert body["error"]["code"] == code
    message = body["error"]["message"]
    assert message[0].isupper() and message[-1] in ".…}" and " " in message
    return body["error"]


@pytest.mark.parametrize(
    ("raw", "status", "code", "words"),
    [
        (b"", 400, "invalid", "requester"),
        (b"{", 400, "malformed", "not JSON"),
        (b"nul", 400, "malformed", "not JSON"),
        (b"\xff\xfe{}", 400, "malformed", "UTF-8"),
        (b"\xef\xbb\xbf{}", 400, "malformed", "not JSON"),
        (b"[]", 400, "malformed", "JSON object"),
        (b"null", 400, "malformed", "JSON object"),
        (b'"text"', 400, "malformed", "JSON object"),
        (DEEP, 400, "malformed", "nested deeper"),
        (DEEP + b"]" * 100_000, 400, "malformed", "nested deeper"),
        (b'{"subject":' * 100_000, 400, "malformed", "nested deeper"),
        (b'{"a":' * 9 + b"1" + b"}" * 9, 400, "malformed", "nested deeper"),
        (b"{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}", 400, "malformed", "more than 5000 values"),
        (b'{"a":[' + b"1," * 100_000 + b"1]}", 400, "malformed", "more than 5000 values"),
        (b'{"text":"' + b"x" * 5_000_000 + b'"}', 413, "too_large", "2.5 MB"),
        (b'{"subject":NaN}', 400, "malformed", "NaN"),
        (b'{"subject":-Infinity}', 400, "malformed", "Infinity"),
        (b'{"subject":1e999}', 400, "malformed", "too large"),
        (b'{"subject":' + b"9" * 10_000 + b"}", 400, "malformed", "not JSON"),
        (b'{"subject":"a","subject":"b"}', 400, "malformed", "stands twice"),
        (b'{"subject":"a\\u0000b"}', 400, "malformed", "NUL"),
        (b'{"subject":"a\\ud800b"}', 400, "malformed", "surrogate"),
        (b'{"a\\u0000b":1}', 400, "malformed", "NUL"),
        (b'{"\\udfff":1}', 400, "malformed", "surrogate"),
        (b'{"x":"' + b'\\"' * 300_000, 400, "malformed", "not JSON"),
    ],
)
def test_a_body_that_cannot_be_read_gets_a_sentence_s53_s56(program, agent, raw, status, code, words):
    error = error_of(program(agent).post("tickets/", raw), status, code)

    assert words in error["message"]
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    "name", ["paid", "price", "is_staff", "owner", "credit_limit", "status", "id", "assignee", "channel", "by", "html"]
)
def test_a_name_that_was_not_asked_for_is_refused_by_that_name_s26(program, agent, name):
    error = error_of(program(agent).post("tickets/", {**RIGHT, name: 1}), 400, "invalid")

    assert error["fields"] == {name: ["There is no field of this name."]}
    assert name in error["message"]
    assert not Ticket.objects.exists()


def test_a_name_inside_another_is_refused_by_its_path_s26(program, agent):
    body = {**RIGHT, "requester": {"email": "a@b.example", "is_staff": True}}

    assert error_of(program(agent).post("tickets/", body), 400, "invalid")["fields"] == {
        "requester.is_staff": ["There is no field of this name."]
    }


@pytest.mark.parametrize("name", ["paid", "is_staff", "category", "assignee", "requester", "last_message_id", "visit"])
def test_a_change_cannot_reach_what_is_not_listed_s26(program, agent, name):
    ticket = make_ticket()
    before = Ticket.objects.values().get()

    error_of(program(agent).patch(f"tickets/{ticket.pk}/", {"priority": "high", name: 1}), 400, "invalid")

    assert Ticket.objects.values().get() == before


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"subject": 5}, "subject"),
        ({"subject": ""}, "subject"),
        ({"subject": None}, "subject"),
        ({"subject": "x" * 999}, "subject"),
        ({"text": ["x"]}, "text"),
        ({"text": "x" * 100_001}, "text"),
        ({"requester": "cara@school.example"}, "requester"),
        ({"requester": {}}, "requester.email"),
        ({"requester": {"email": "nobody"}}, "requester.email"),
        ({"requester": {"email": "a@b.example\r\nBcc: c@d.example"}}, "requester.email"),
        ({"requester": {"email": "x" * 300 + "@b.example"}}, "requester.email"),
        ({"requester": {"email": "a@b.example", "name": "x" * 256}}, "requester.name"),
        ({"priority": "enormous"}, "priority"),
        ({"priority": ["low"]}, "priority"),
        ({"priority": {"low": 1}}, "priority"),
        ({"team": 10**30}, "team"),
        ({"team": "1"}, "team"),
        ({"team": True}, "team"),
        ({"team": 0}, "team"),
        ({"team": -1}, "team"),
        ({"team": 1.5}, "team"),
        ({"tags": "urgent"}, "tags"),
        ({"tags": ["x" * 61]}, "tags.0"),
        ({"tags": ["x"] * 21}, "tags"),
        ({"attachments": ["made up"]}, "attachments"),
        ({"attachments": [5]}, "attachments.0"),
        ({"attachments": ["x"] * 11}, "attachments"),
    ],
)
def test_a_value_that_cannot_be_names_its_field(program, agent, change, path):
    error = error_of(program(agent).post("tickets/", {**RIGHT, **change}), 400, "invalid")

    assert list(error["fields"]) == [path]
    assert all(words[-1] == "." and words[0].isupper() for words in error["fields"][path]), error["fields"]
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    "until",
    ["tomorrow", "2099-01-01", "2099-01-01T00:00:00", "2099-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
     "9999-12-31T23:59:59-14:00", "2099-01-01T24:00:01Z", "2099-01-01 00:00:00Z", 4070908800, True, None, [], {}],
)  # fmt: skip
def test_a_time_needs_its_zone_and_a_year_that_will_come(program, agent, until):
    ticket = make_ticket()

    error = error_of(program(agent).post(f"tickets/{ticket.pk}/snooze/", {"until": until}), 400, "invalid")

    assert list(error["fields"]) == ["until"]
    ticket.refresh_from_db()
    assert ticket.snoozed_until is None


@pytest.mark.parametrize(
    "query",
    ["sort=owner__password", "sort=requester__password", "sort=?", "sort=-pk", "_connector=OR", "requester__email=a",
     "requester__password__startswith=a", "id__in=1", "page=2", "offset=1", "format=html", "search=x", "limit=0",
     "limit=101", "limit=-1", "limit=1e1", "limit=٣", "limit=99999999999", "limit=", "cursor=x", "cursor=" + "A" * 3000,
     "team=x", "team=", "q=", "q=%20", "q=" + "x" * 401, "q=is:nonsense", "q=%00", "category=", "tag=", "cursor=",
     "team=0", "team=1.0", "team=%201", "team=9223372036854775808", "team=" + "9" * 5000, "assignee=you", "assignee=0",
     "category=new,", "category=paid", "priority=low,lowest", "created_after=yesterday", "created_after=2026-03-04",
     "created_after=2026-03-04T00:00:00", "team=1&team=2", "sort=id&sort=-id", "tag=%00", "a%00b=1",
     "created_before=0000-01-01T00:00:00Z"],
)  # fmt: skip
def test_a_parameter_that_is_not_listed_is_refused_by_its_name_s25(program, agent, query):
    error = error_of(program(agent).get(f"tickets/?{query}"), 400, "invalid")

    assert len(error["fields"]) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_without_parameters_takes_none_s25(program, agent, method):
    ticket = make_ticket()
    path = f"tickets/{ticket.pk}/" if method == "GET" else f"tickets/{ticket.pk}/close/"

    error = error_of(program(agent)(method, f"{path}?force=1"), 400, "invalid")

    assert "takes none" in error["fields"]["force"][0]
    ticket.refresh_from_db()
    assert ticket.category == "new"


@pytest.mark.parametrize(
    "path",
    ["tickets/0/", "tickets/999999999/", "tickets/9223372036854775807/", "tickets/9223372036854775808/",
     "tickets/" + "9" * 400 + "/", "tickets/" + "9" * 6000 + "/", "tickets/-1/", "tickets/x/", "tickets/%00/",
     "tickets/1", "messages/9223372036854775808/", "attachments/9223372036854775808/", "people/9223372036854775808/",
     "organisations/9223372036854775808/members/", "organisations/1/members/9223372036854775808/", "nothing/here/",
     "tickets/1/delete/", "../admin/", "%ff/", "people/a%0Ab/", "%0A", "x%0D%0A"],
)  # fmt: skip
def test_what_does_not_exist_is_404_in_the_same_shape(program, agent, path):
    for method in ("GET", "POST", "PATCH", "DELETE"):
        answer = program(agent)(method, path, None)
        if answer.status_code != 405:
            error_of(answer, 404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_another_method_is_405_and_says_which_there_are(program, agent, method):
    answer = program(agent)(method, "tickets/")

    error_of(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", "x", ""],
)
def test_a_body_of_another_type_is_415(program, agent, content_type):
    client = Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {program(agent).secret}"}

    answer = client.generic("POST", "/api/tickets/", b'{"subject":"x"}', content_type=content_type, headers=headers)

    error_of(answer, 415, "unsupported_media_type")


def test_a_length_that_is_a_lie_is_refused(program, agent):
    client = Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {program(agent).secret}"}

    for length in ("x", "-5", "99999999", "9" * 400, "²"):
        answer = client.generic("POST", "/api/tickets/", b"{}", headers=headers, CONTENT_LENGTH=length)
        assert answer.status_code in (400, 413), length


def test_a_body_in_pieces_is_refused_rather_than_read_as_empty(program, agent):
    answer = program(agent).post("tickets/", RIGHT, Transfer_Encoding="chunked")

    assert "Content-Length" in error_of(answer, 400, "malformed")["message"]


def test_a_list_of_wrong_names_stays_short(program, agent):
    error = error_of(program(agent).post("tickets/", {f"k{n}" * 100: n for n in range(1000)}), 400, "invalid")

    assert len(error["fields"]) == 20
    assert all(len(name) <= 100 for name in error["fields"])


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{7*7}}", "{user.password}", "'; DROP TABLE x; --",
                                  "\u202e\u200b", "😀" * 100, "a\r\nBcc: x@y.example", "\x1b[31m"])  # fmt: skip
def test_odd_words_come_back_as_they_were_written(program, agent, text):
    """S53, S55."""
    who = program(agent)

    made = who.post("tickets/", {**RIGHT, "text": text})

    assert made.status_code == 201, made.content
    [message] = who.get(f"tickets/{made.json()['id']}/messages/").json()["results"]
    assert message["text"] == text.replace("\r\n", "\n")


def test_a_refusal_of_the_desk_is_422_with_its_own_sentence(program, agent):
    ticket = make_ticket()
    state.close_ticket(ticket=ticket, by=agent, now=ticket.created_at, unanswered=True)

    error = error_of(program(agent).post(f"tickets/{ticket.pk}/wait/"), 422, "refused")

    assert error["message"] == "A ticket that is closed cannot become waiting on customer."
    ticket.refresh_from_db()
    assert ticket.category == "closed"


def test_what_nobody_foresaw_says_nothing_of_itself_s57(program, agent, monkeypatch):
    """A constraint of the database that no check of ours foresees is a bug: 500, generic, nothing kept."""

    def broken(**said):
        raise RuntimeError("SELECT secret FROM /srv/supportdesk")

    monkeypatch.setattr(views, "open_ticket", broken)

    answer = program(agent).post("tickets/", RIGHT)

    error = error_of(answer, 500, "server_error")
    assert error["message"] == "Something went wrong here. Nothing was changed; please try again."
    assert b"SELECT" not in answer.content and b"srv" not in answer.content
    assert not Message.objects.exists()


def test_a_database_that_does_not_answer_is_503(program, agent, monkeypatch):
    """F6."""

    def away(person):
        raise OperationalError("server closed the connection")

    who = program(agent)
    monkeypatch.setattr(views, "tickets_for", away)

    answer = who.get("tickets/")

    error_of(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "5"


def test_numbers_beyond_what_a_database_keeps_are_no_rows(program, agent):
    ticket = make_ticket()
    body = {"text": "x", "last_seen": 2**63}

    error = error_of(program(agent).post(f"tickets/{ticket.pk}/reply/", body), 400, "invalid")

    assert list(error["fields"]) == ["last_seen"]
    assert json.dumps(error)
