"""IMAP, against a real Dovecot: every message once, whatever happens in between (cases 92-100)."""

import json
import os
import tempfile
import threading
from collections import Counter
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from mail import oauth
from mail.actions.fetch import fetch_in_turn, fetch_mail, mailboxes_to_fetch
from mail.choices import RawState
from mail.models import Mailbox, RawMail
from supportdesk.lib.locks import try_lock
from tests.factories.mail import make_mailbox, raw_bytes
from tests.mail.dovecot import PASSWORD, dovecot
from tests.mail.processes import at_once, python
from tests.sinks import free_port

pytestmark = [
    pytest.mark.imap,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(os.environ.get("TEST_IMAP") != "1", reason="TEST_IMAP=1 runs Debian's dovecot"),
]


@pytest.fixture
def folder():
    """Short and open to Dovecot's own user, which pytest's folders are not."""
    with tempfile.TemporaryDirectory(prefix="sd-imap-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def server(folder):
    with dovecot(folder) as server:
        yield server


def box(server, **fields):
    values = {
        "imap_host": "127.0.0.1",
        "imap_port": server.port,
        "imap_security": "none",
        "imap_username": "help@desk.example",
        "imap_secret": PASSWORD,
    }
    return make_mailbox(address="help@desk.example", **{**values, **fields})


def kept():
    return [row.read() for row in RawMail.objects.order_by("pk")]


def test_every_mail_is_taken_once_in_order_and_stays_unseen_on_the_server(server, clock):
    mails = [raw_bytes(subject=f"{number}") for number in range(5)]
    mailbox = box(server)
    server.deliver(*mails[:3])

    first = fetch_mail(mailbox=mailbox, clock=clock)
    server.deliver(*mails[3:])
    second = fetch_mail(mailbox=mailbox, clock=clock)
    third = fetch_mail(mailbox=mailbox, clock=clock)

    assert (first.new, second.new, third.new, first.error) == (3, 2, 0, "")
    assert kept() == mails
    assert {flag for flags in server.flags() for flag in flags} == set()
    mailbox.refresh_from_db()
    assert (mailbox.last_uid, mailbox.last_error, mailbox.last_fetched_at) == (5, "", clock())


def test_after_weeks_away_everything_is_fetched_however_much_and_however_old_cases_93_94_95(server, clock):
    """Complaint 17."""
    old = "Date: Mon, 02 Jan 2023 00:00:00 +0000\r\n"
    mails = [raw_bytes(subject=f"{number}", headers=old if number % 2 else "") for number in range(260)]
    server.deliver(*mails)
    mailbox = box(server)

    pages = [fetch_mail(mailbox=mailbox, clock=clock, limit=100).new for _ in range(4)]

    assert pages == [100, 100, 60, 0]
    assert kept() == mails


def test_a_crash_between_commit_and_cursor_doubles_nothing_case_97_F1(server, clock):
    mails = [raw_bytes(subject=f"{number}") for number in range(4)]
    server.deliver(*mails)
    mailbox = box(server)

    code = (
        "from django.utils import timezone\n"
        "from mail.actions.fetch import fetch_mail\n"
        "from mail.models import Mailbox\n"
        "fetch_mail(mailbox=Mailbox.objects.get(), clock=timezone.now)"
    )
    killed = python(code, FAILPOINT="mail.fetch.stored:2")
    mailbox.refresh_from_db()
    cursor, rows = mailbox.last_uid, RawMail.objects.count()
    again = fetch_mail(mailbox=mailbox, clock=clock)

    assert (killed.returncode, cursor, rows) == (-9, 1, 2), killed.stderr
    assert (again.new, again.known) == (2, 1)
    assert kept() == mails


def test_two_fetchers_at_once_are_one_and_a_busy_one_case_96(server, clock):
    server.deliver(*[raw_bytes(subject=f"{number}") for number in range(30)])
    mailbox = box(server)

    results = at_once(*[lambda: fetch_mail(mailbox=Mailbox.objects.get(pk=mailbox.pk), clock=clock)] * 3)
    fetch_mail(mailbox=mailbox, clock=clock)

    assert RawMail.objects.count() == 30
    assert Counter(one.known for one in results) == {0: 3}
    assert sum(one.new for one in results) == 30


def test_silent_servers_hold_one_worker_and_a_working_one_does_not_wait_for_them_F30(server, clock):
    server.deliver(raw_bytes())
    works = box(server)
    silent = [make_mailbox(imap_host="127.0.0.1", imap_port=1, failing_since=clock()) for _ in range(2)]
    during = []

    def fetch(mailbox):
        return fetch_in_turn(mailbox=mailbox, clock=clock, limit=10)

    with try_lock("mail.fetch.failing"):  # one of them keeps a worker waiting
        during = at_once(*[partial(fetch, mailbox) for mailbox in [*silent, works]])
    after = fetch(silent[0])

    assert [one.is_busy for one in during] == [True, True, False]
    assert during[2].new == 1
    assert (after.is_busy, after.error.startswith("127.0.0.1 cannot be reached")) == (False, True)


def test_mailboxes_are_asked_in_the_order_in_which_they_waited(server, clock):
    first, second, never = (make_mailbox(imap_host="imap.example") for _ in range(3))
    for mailbox, minutes in ((first, 1), (second, 2)):
        Mailbox.objects.filter(pk=mailbox.pk).update(last_fetched_at=clock() - timedelta(minutes=minutes))

    assert mailboxes_to_fetch() == [never, second, first]


def test_when_the_server_renumbers_the_folder_it_is_read_again_and_nothing_is_doubled(server, clock):
    mails = [raw_bytes(subject=f"{number}") for number in range(3)]
    server.deliver(*mails)
    mailbox = box(server)
    fetch_mail(mailbox=mailbox, clock=clock)
    before = mailbox.uid_validity

    server.renumber()
    server.deliver(raw_bytes(subject="new"))
    done = fetch_mail(mailbox=mailbox, clock=clock)

    assert mailbox.uid_validity != before
    assert (done.new, done.known, RawMail.objects.count()) == (1, 3, 4)


def test_a_mail_over_the_limit_is_shown_with_its_header_and_the_next_one_is_taken_case_92_case_98(
    server, clock, settings
):
    settings.MAIL_MAX_BYTES = 2000
    server.deliver(raw_bytes(subject="huge", text="x" * 3000), raw_bytes(subject="next"))
    mailbox = box(server)

    done = fetch_mail(mailbox=mailbox, clock=clock)

    assert (done.new, done.aside) == (1, 1)
    huge, following = RawMail.objects.order_by("pk")
    assert (huge.state, huge.reason_code, huge.subject_line) == (RawState.QUARANTINED, "too_large", "huge")
    assert huge.reason.endswith("at most 2,000 are taken. It waits on the mail server.")
    assert (following.state, following.subject_line) == (RawState.PENDING, "next")


def test_hostile_bytes_are_fetched_as_they_are_and_stop_nobody_case_92(server, clock):
    hostile = [
        b'From: "\r\n\r\nx\r\n',
        b"\r\n",
        b"From: \xff\xfe\r\nTo: a <@b:\r\n\r\n\x01\r\n",
        b"no header at all\r\n",
    ]
    server.deliver(*hostile, raw_bytes(subject="next"))

    done = fetch_mail(mailbox=box(server), clock=clock)

    assert (done.new, done.error) == (5, "")
    assert kept()[:4] == hostile


@pytest.mark.parametrize("name", ["Support & Verkauf", "Anfragen Zürich", 'with "quotes"', "日本語"])
def test_folders_with_any_name_are_opened_case_99(server, clock, name):
    server.deliver(raw_bytes(subject="in the folder"), folder=name)

    done = fetch_mail(mailbox=box(server, imap_folder=name), clock=clock)

    assert (done.new, done.error) == (1, "")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"imap_secret": "wrong"}, "127.0.0.1 refused our sign-in"),
        ({"imap_folder": "No such folder"}, "The folder “No such folder” cannot be opened"),
        ({"imap_port": 1}, "127.0.0.1 cannot be reached"),
        ({"imap_security": "starttls"}, "127.0.0.1 cannot be reached"),
    ],
)
def test_what_is_wrong_is_said_on_the_mailbox_since_when_and_cleared_when_it_works(server, clock, fields, words):
    server.deliver(raw_bytes())
    mailbox = box(server, **fields)
    since = clock()

    fetch_mail(mailbox=mailbox, clock=clock)
    clock.later(hours=30)
    fetch_mail(mailbox=mailbox, clock=clock)
    trouble = (mailbox.last_error, mailbox.failing_since)
    Mailbox.objects.filter(pk=mailbox.pk).update(
        imap_secret=PASSWORD, imap_folder="INBOX", imap_port=server.port, imap_security="none"
    )
    done = fetch_mail(mailbox=mailbox, clock=clock)

    assert trouble[0].startswith(words)
    assert PASSWORD not in trouble[0]
    assert trouble[1] == since
    assert (done.new, mailbox.last_error, mailbox.failing_since) == (1, "", None)


def test_a_server_that_dies_mid_way_leaves_the_cursor_where_we_stopped(folder, clock):
    mails = [raw_bytes(subject=f"{number}") for number in range(60)]
    with dovecot(folder) as server:
        server.deliver(*mails)
        mailbox = box(server)
        calls = []

        def moving():
            calls.append(1)
            if len(calls) == 20:
                server.cut()
            return clock()

        first = fetch_mail(mailbox=mailbox, clock=moving)
        assert first.error
        server.start()
        second = fetch_mail(mailbox=mailbox, clock=clock)

    assert (first.new + second.new, second.error) == (60, "")
    assert first.new < 60
    assert kept() == mails


class Tokens(BaseHTTPRequestHandler):
    """A token endpoint, and the address at which Dovecot asks whose a token is."""

    asked: list[dict] = []
    access = "access-1"

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        Tokens.asked.append({name: values[0] for name, values in form.items()})
        good = form["refresh_token"] == ["refresh-1"]
        self._answer(
            {"access_token": Tokens.access, "expires_in": 3600} if good else {"error": "x"}, 200 if good else 400
        )

    def do_GET(self):
        token = parse_qs(urlsplit(self.path).query).get("access_token")
        self._answer(
            {"username": "help@desk.example"} if token == [Tokens.access] else {},
            200 if token == [Tokens.access] else 401,
        )

    def _answer(self, values, status):
        body = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        return


@pytest.fixture
def tokens():
    oauth._tokens.clear()
    Tokens.asked, Tokens.access = [], "access-1"
    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Tokens)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_xoauth2_refreshes_its_token_once_and_again_when_it_is_refused(folder, tokens, clock):
    with dovecot(folder, f"{tokens}/tokeninfo?access_token=") as server:
        server.deliver(raw_bytes())
        mailbox = box(
            server, imap_authentication="xoauth2", imap_secret="refresh-1", oauth_token_url=f"{tokens}/token",
            oauth_client_id="client", oauth_client_secret="client-secret",
        )  # fmt: skip

        first = fetch_mail(mailbox=mailbox, clock=clock)
        fetch_mail(mailbox=mailbox, clock=clock)
        asked_once = list(Tokens.asked)
        Tokens.access = "access-2"
        server.stop()
        server.start()  # forgets that it knew the old token
        refused = fetch_mail(mailbox=mailbox, clock=clock)
        healed = fetch_mail(mailbox=mailbox, clock=clock)

    assert (first.new, first.error) == (1, "")
    assert asked_once == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "refresh-1",
            "client_id": "client",
            "client_secret": "client-secret",
        }
    ]
    assert ("refused our sign-in" in refused.error, healed.error) == (True, "")


def test_a_refresh_token_that_ended_is_said_in_words(server, tokens, clock):
    mailbox = box(
        server, imap_authentication="xoauth2", imap_secret="refresh-over", oauth_token_url=f"{tokens}/token",
        oauth_client_id="client",
    )  # fmt: skip

    done = fetch_mail(mailbox=mailbox, clock=clock)

    assert done.error == "127.0.0.1 refused to renew the sign-in of this mailbox (400)."
