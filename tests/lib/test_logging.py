"""What stands in the log, and what never does (S58)."""

import io
import json
import logging
import time

import pytest
import structlog

from supportdesk.lib.logging import JsonLines, configure_structlog, hide_secrets

CARD = "4242 4242 4242 4242"
SECRETS = [
    ("password=hunter22canary", "hunter22canary"), ('{"password": "hunter\\"22 canary"}', "canary"),
    ("{'new_password': 'hunter 22canary'}", "22canary"), ("csrfmiddlewaretoken=canary123&x=1", "canary123"),
    ("Authorization: Bearer canary.token-value", "canary"), ("authorization: Basic Y2FuYXJ5OmNhbmFyeQ==", "Y2FuYXJ5"),
    ("Cookie: session=canary; csrf=canary", "canary"), ("Set-Cookie: __Host-session=canary; Path=/", "canary"),
    ("api_key=canary", "canary"), ("apiKey: canary", "canary"), ("X-Webhook-Secret: canary", "canary"),
    ("sk_live_canarycanary", "canary"), ("postgres://desk:canary@db/desk", "canary"),
    ("Not Found: /i/canary-canary_canary_canary/papers/x/", "canary"),
    ("/mail/stop/canary:canary.canary:canary/", "canary"),
    ("Gone: /pay/link/canary-canary_canary_canary/", "canary"),
    ("/training/feed/7/canary-canary_canary_canary.ics", "canary"), ("/reset/canary-canary_canary_canary/", "canary"),
    ("GET /invitation/canary-canary_canary/ 200", "canary"), ("eyJhbGciOiJI.eyJzdWIiOiJj.canary", "canary"),
    (f"paid with {CARD} today", "4242"), ("card 4242424242424242", "4242"), ("4000-0566-5566-5556", "5566"),
    ("your code is BCDF-2346", "2346"), ("session_key=canary", "canary"), ("token: 'canary", "canary"),
]  # fmt: skip


@pytest.fixture
def log():
    """A logger and what it wrote."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("tests.lines")
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, lambda: written.getvalue()
    logger.removeHandler(handler)


@pytest.mark.parametrize(("text", "canary"), SECRETS)
def test_a_secret_is_hidden_in_a_message_an_argument_a_field_and_an_error(log, text, canary):
    logger, written = log

    logger.warning(text)
    logger.warning("it said %s", text)
    logger.warning("fields", extra={"fields": {"body": text, "deep": [{"inner": text}]}})
    try:
        raise RuntimeError(text)
    except RuntimeError:
        logger.exception("broken")

    assert canary not in written()
    assert len([json.loads(line) for line in written().splitlines()]) == 4


@pytest.mark.parametrize("name", ["password", "newPassword", "access_token", "Cookie", "cvc", "card_number", "api-key"])
def test_a_field_with_a_secret_name_is_hidden_whatever_it_holds(log, name):
    logger, written = log

    logger.info("x", extra={"fields": {name: ["canary"]}})
    logger.warning("x", extra={"fields": {name: ["canary"]}})

    assert "canary" not in written()


@pytest.mark.parametrize(
    "text",
    [
        "order 1234567890123456 shipped",
        "status_code=404",
        "exit code: 5",
        "ticket 12",
        "2026-11-22 09:00:00",
        "card declined",
    ],
)
def test_what_is_no_secret_can_be_read(text):
    assert hide_secrets(text) == text


def test_a_record_is_one_line_whatever_it_carries(log):
    """CR, LF, ANSI, U+2028 and direction marks in what somebody else wrote."""
    logger, written = log

    logger.warning("subject %s", 'a\r\n{"level": "critical"}\x1b[2J\x00\u2028\u202e\x85b')

    assert written().count("\n") == 1
    assert written().isascii()
    assert "\x1b" not in written()
    record = json.loads(written())
    assert (record["level"], record["logger"], record["at"][-1]) == ("warning", "tests.lines", "Z")


def test_structlog_writes_the_same_lines(log):
    _, written = log
    configure_structlog()

    structlog.get_logger("tests.lines").warning("mail taken in", mail_id=7, password="canary", card=CARD)

    record = json.loads(written())
    assert (record["event"], record["mail_id"], record["password"], record["card"]) == (
        "mail taken in", 7, "[hidden]", "[hidden]",
    )  # fmt: skip


def test_a_wrong_format_still_makes_a_record():
    record = logging.LogRecord("tests.lines", logging.WARNING, __file__, 1, "two %s %s", ("one",), None)

    assert json.loads(JsonLines().format(record))["event"] == "two %s %s ('one',)"


@pytest.mark.parametrize("piece", ["a-", "password", "token=", "1 ", "'", 'secret="\\'])
def test_a_hostile_text_takes_no_time(piece):
    """S54."""
    began = time.perf_counter()
    hide_secrets(piece * 500_000)

    assert time.perf_counter() - began < 1
