"""Signing in to real SMTP servers: TLS both ways, passwords, XOAUTH2, and what goes wrong there in words."""

import ipaddress
import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mail import gateways, oauth
from mail.actions import deliver
from mail.choices import ErrorKind, MailState, Security
from mail.gateways import SendError, read_email_url
from tests.factories.mail import make_mailbox, make_outgoing
from tests.mail.processes import at_once
from tests.sinks import SmtpSink, free_port

pytestmark = pytest.mark.django_db


@pytest.fixture
def certificate(tmp_path):
    """A certificate for localhost, in a file with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False).add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path / "localhost.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def tls(certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def send(clock, **fields):
    mail = make_outgoing(mailbox=make_mailbox(smtp_host="localhost", **fields))
    deliver.deliver_one(mail_id=mail.pk, clock=clock)
    mail.refresh_from_db()
    return mail


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_mail_goes_out_over_tls_with_a_password_that_the_wire_never_shows(certificate, clock, monkeypatch, security):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with SmtpSink(tls=tls(certificate), is_tls_from_the_start=security == Security.TLS, password="päss {w}") as sink:
        mail = send(clock, smtp_port=sink.port, smtp_security=security, smtp_username="u", smtp_secret="päss {w}")

        assert (mail.state, mail.last_error) == (MailState.SENT, "")
        assert [one.message_id for one in sink.received] == [mail.message_id]


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_a_server_that_nobody_vouches_for_gets_neither_mail_nor_password(certificate, clock, security):
    with SmtpSink(tls=tls(certificate), is_tls_from_the_start=security == Security.TLS, password="pw") as sink:
        mail = send(clock, smtp_port=sink.port, smtp_security=security, smtp_username="u", smtp_secret="pw")

        assert (mail.state, mail.error_kind, sink.received) == (MailState.QUEUED, ErrorKind.SETTINGS, [])
        assert mail.last_error.startswith("No trustworthy connection to localhost: CERTIFICATE_VERIFY_FAILED")


@pytest.mark.parametrize(("username", "is_plain"), [("", False), ("apikey", False), ("help@desk.example", True)])
def test_who_signs_in_as_an_address_sends_as_that_address_alone(clock, username, is_plain):
    with SmtpSink(password="pw" if username else "") as sink:
        mail = send(clock, smtp_port=sink.port, smtp_security="none", smtp_username=username, smtp_secret="pw")

        assert (mail.state, sink.received[0].sender == mail.from_address) == (MailState.SENT, is_plain)


def test_a_server_without_starttls_gets_no_mail_when_we_ask_for_it(clock):
    with SmtpSink() as sink:
        mail = send(clock, smtp_port=sink.port, smtp_security=Security.STARTTLS)

    assert (mail.state, mail.error_kind, sink.received) == (MailState.QUEUED, ErrorKind.CONNECTION, [])


def test_a_wrong_password_is_said_without_the_password(clock):
    with SmtpSink(password="right") as sink:
        mail = send(clock, smtp_port=sink.port, smtp_security="none", smtp_username="u", smtp_secret="canary-wrong")

    assert (mail.state, mail.error_kind) == (MailState.QUEUED, ErrorKind.SETTINGS)
    assert mail.last_error.startswith("localhost refused our sign-in: 535")
    assert "canary" not in mail.last_error


class Tokens(BaseHTTPRequestHandler):
    """A token endpoint."""

    answers: list[tuple[int, dict]] = []
    asked: list[dict] = []

    def do_POST(self):
        Tokens.asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        status, values = Tokens.answers.pop(0)
        body = json.dumps(values).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/stolen")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        return


@pytest.fixture
def token_url():
    oauth._tokens.clear()
    Tokens.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Tokens)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/token"
    server.shutdown()


def test_xoauth2_signs_in_with_a_fresh_token_and_asks_again_when_it_was_refused(clock, token_url):
    Tokens.answers = [
        (200, {"access_token": "old", "expires_in": 3600}),
        (200, {"access_token": "new", "expires_in": 3600}),
    ]
    with SmtpSink(token="new") as sink:
        mail = send(
            clock, smtp_port=sink.port, smtp_security="none", smtp_authentication="xoauth2", smtp_username="u@d.test",
            smtp_secret="refresh", oauth_token_url=token_url, oauth_client_id="client",
        )  # fmt: skip
        refused = (mail.state, mail.error_kind)
        clock.later(minutes=1)
        deliver.deliver_one(mail_id=mail.pk, clock=clock)

        mail.refresh_from_db()
        assert refused == (MailState.QUEUED, ErrorKind.SETTINGS)
        assert (mail.state, len(sink.received), len(Tokens.asked)) == (MailState.SENT, 1, 2)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((400, {"error": "invalid_grant"}), "127.0.0.1 refused to renew the sign-in of this mailbox (400)."),
        ((302, {}), "127.0.0.1 refused to renew the sign-in of this mailbox (302)."),
        ((200, {"no": "token"}), "127.0.0.1 gave no access token for this mailbox."),
    ],
)
def test_a_token_that_is_not_to_be_had_is_said_in_words(clock, token_url, answer, words):
    Tokens.answers = [answer]
    with SmtpSink(token="new") as sink:
        mail = send(
            clock, smtp_port=sink.port, smtp_security="none", smtp_authentication="xoauth2", smtp_username="u@d.test",
            smtp_secret="refresh", oauth_token_url=token_url, oauth_client_id="client",
        )  # fmt: skip

    assert (mail.state, mail.error_kind, mail.last_error) == (MailState.QUEUED, ErrorKind.SETTINGS, words)


def test_a_refresh_token_is_never_sent_without_tls():
    mailbox = make_mailbox(oauth_token_url="http://login.example/token", oauth_client_id="c")

    with pytest.raises(oauth.NoToken, match="has to begin with https"):
        oauth.access_token(mailbox=mailbox, secret="refresh")


def test_a_server_that_drips_is_cut_off_at_the_deadline(clock, monkeypatch):
    import socket  # noqa: PLC0415 - a server that is worse than any library allows
    import time  # noqa: PLC0415

    monkeypatch.setattr(gateways, "DEADLINE_SECONDS", 1.5)
    listener = socket.create_server(("127.0.0.1", 0))

    def drip():
        peer, _ = listener.accept()
        try:
            while True:  # a byte now and then: no read ever times out
                peer.sendall(b"2")
                time.sleep(0.1)
        except OSError:
            peer.close()

    threading.Thread(target=drip, daemon=True).start()
    began = time.monotonic()
    mail = send(clock, smtp_port=listener.getsockname()[1], smtp_security="none")
    listener.close()

    assert time.monotonic() - began < 10
    assert (mail.state, mail.error_kind) == (MailState.QUEUED, ErrorKind.CONNECTION)


def test_a_lease_outlives_any_exchange():
    assert deliver.LEASE.total_seconds() > gateways.DEADLINE_SECONDS + gateways.TIMEOUT_SECONDS


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://relay", ("relay", 25, Security.NONE, "", "")),
        ("smtp+tls://u%40d.example:p%2Fw@host", ("host", 587, Security.STARTTLS, "u@d.example", "p/w")),
        ("smtps://u:canary@host", ("host", 465, Security.TLS, "u", "canary")),
        ("smtps://u:canary@host:587", ("host", 587, Security.STARTTLS, "u", "canary")),
        ("smtp://u:canary@host:587/?tls=True", ("host", 587, Security.STARTTLS, "u", "canary")),
        ("smtp://u:canary@host:465/?ssl=True", ("host", 465, Security.TLS, "u", "canary")),
        ("smtp://u:canary@host:25/?tls=False", ("host", 25, Security.NONE, "u", "canary")),
    ],
)
def test_email_url_is_read_as_people_write_it(url, expected):
    server = read_email_url(url)

    assert (server.host, server.port, server.security, server.username, server.secret) == expected
    assert expected[4] == "" or expected[4] not in repr(server)


@pytest.mark.parametrize("url", ["", "host", "http://x", "smtp://host:99999", "smtp://host:x"])
def test_an_email_url_that_cannot_be_read_is_refused(url):
    with pytest.raises(SendError):
        read_email_url(url)


@pytest.mark.django_db(transaction=True)
def test_the_first_mails_at_once_all_find_the_outbox(settings, tmp_path, clock):
    settings.EMAIL_URL, settings.MAIL_OUTBOX = "", tmp_path / "var" / "outbox"
    mails = [make_outgoing(to=f"p{number}@r.example").pk for number in range(6)]

    states = at_once(*[partial(deliver.deliver_one, mail_id=pk, clock=clock) for pk in mails])

    assert states == [MailState.SENT] * 6
    assert len(list((tmp_path / "var" / "outbox" / "new").iterdir())) == 6
