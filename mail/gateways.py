"""The outside world for outgoing mail: an SMTP server, or with no EMAIL_URL a folder that behaves like one."""

import base64
import contextlib
import mailbox as standard_mailbox
import os
import smtplib
import socket
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings

from mail import oauth
from mail.addresses import ascii_domain, one_line
from mail.choices import Authentication, ErrorKind, Security
from mail.models import Mailbox, OutgoingMail

# One exchange may take this long in all, whatever the other side does; a lease is longer, so no two senders overlap.
TIMEOUT_SECONDS = 30
SCHEMES = {
    "smtp": (Security.NONE, 25),
    "smtp+tls": (Security.STARTTLS, 587),
    "smtps": (Security.TLS, 465),
    "smtp+ssl": (Security.TLS, 465),
}
DEADLINE_SECONDS = 240


class SendError(Exception):
    """The mail was not taken, or we cannot know. `kind` decides what happens next; `words` is for the agent."""

    def __init__(self, kind: ErrorKind, words: str, status: str = "") -> None:
        super().__init__(words)
        self.kind, self.words, self.status = kind, one_line(words, 480), status


class Courier(Protocol):
    """Hands a mail over. `where` names the server, so that one that is down is left alone for a while."""

    where: str

    def send(self, *, sender: str, recipient: str, content: bytes) -> str:
        """Deliver `content` and answer what the server said. Raises SendError."""

    def close(self) -> None:
        """End the conversation."""


@dataclass(frozen=True)
class Server:
    """An SMTP server and how to sign in there."""

    host: str
    port: int
    security: str
    username: str = ""
    secret: str = field(default="", repr=False)
    authentication: str = Authentication.PASSWORD
    mailbox: Mailbox | None = field(default=None, compare=False, repr=False)


def where(mail: OutgoingMail) -> str:
    """A name for the server that `mail` leaves by, before anybody connects to it. Never raises."""
    try:
        server = server_for(mail)
    except SendError:
        return "unreadable"
    return f"{server.username}@{server.host}:{server.port}" if server else "folder"


def courier_for(mail: OutgoingMail) -> Courier:
    """Who takes `mail`: the mailbox's own server, the one of EMAIL_URL, or the folder."""
    server = server_for(mail)
    return SmtpCourier(server, where(mail)) if server else FolderCourier(Path(settings.MAIL_OUTBOX))


def takes_any_sender(mail: OutgoingMail) -> bool:
    """Whether the server of `mail` takes an envelope sender with a plus part. Raises SendError like server_for.

    Who signs in as an address (Gmail, Microsoft 365, most hosters) may send as that address alone; relays and services
    that know us by a key or by our network look at the domain.
    """
    server = server_for(mail)
    return server is None or "@" not in server.username


class Couriers:
    """Open connections, one a server, closed together at the end."""

    def __init__(self) -> None:
        self._by_place: dict[str, Courier] = {}

    def __enter__(self) -> "Couriers":
        return self

    def __exit__(self, *_: object) -> None:
        for courier in self._by_place.values():
            courier.close()

    def of(self, mail: OutgoingMail) -> Courier:
        """The courier who takes `mail`. Raises SendError when EMAIL_URL cannot be read."""
        place = where(mail)
        if place not in self._by_place:
            self._by_place[place] = courier_for(mail)
        return self._by_place[place]


def server_for(mail: OutgoingMail) -> Server | None:
    """The SMTP server for `mail`, or None for the folder. Raises SendError when EMAIL_URL cannot be read."""
    box = mail.mailbox
    if box and box.smtp_host:
        return Server(
            box.smtp_host, box.smtp_port, box.smtp_security, box.smtp_username, box.smtp_secret,
            box.smtp_authentication, box,
        )  # fmt: skip
    return read_email_url(settings.EMAIL_URL) if settings.EMAIL_URL else None


def read_email_url(url: str) -> Server:
    """`smtp://`, `smtp+tls://` (STARTTLS) or `smtps://` (TLS from the start) as a Server.

    `?tls=True` and `?ssl=True`, as other Django tools write it, say the same as the second and the third.
    Raises SendError of kind `settings`.
    """
    try:
        parts = urlsplit(url)
        security, port = SCHEMES[parts.scheme]
        port = parts.port or port
    except (KeyError, ValueError) as error:
        raise SendError(ErrorKind.SETTINGS, "EMAIL_URL has to look like smtp+tls://user:password@host:587.") from error
    asked = {name.lower() for name, value in parse_qsl(parts.query) if value.lower() in ("true", "1", "yes")}
    if parts.scheme == "smtps" and port == 587:
        security = Security.STARTTLS  # what the port is for, and what other Django tools mean by it
    elif parts.scheme == "smtp" and asked:
        security = Security.TLS if "ssl" in asked else Security.STARTTLS
    username, secret = unquote(parts.username or ""), unquote(parts.password or "")
    return Server(parts.hostname or "localhost", port, security, username, secret)


class FolderCourier:
    """Puts mail into a maildir below VAR_DIR. What the demo and `make run` use."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.where = folder, "folder"

    def send(self, *, sender: str, recipient: str, content: bytes) -> str:
        """Write one file, synced. Its first two lines say what an SMTP envelope would."""
        envelope = f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n".encode()
        try:
            for one in ("tmp", "new", "cur"):  # two first mails at once both find it made
                (self.folder / one).mkdir(parents=True, exist_ok=True, mode=0o700)
            key = standard_mailbox.Maildir(self.folder, create=False).add(envelope + content)
        except OSError as error:
            words = f"The folder for mail cannot be written: {error.strerror}."
            raise SendError(ErrorKind.CONNECTION, words) from error
        return f"Kept as {key}"

    def close(self) -> None:
        """Nothing is open."""


class SmtpCourier:
    """One connection to an SMTP server, kept for several mails."""

    def __init__(self, server: Server, where: str) -> None:
        self.server, self.where = server, where
        self._smtp: smtplib.SMTP | None = None

    def send(self, *, sender: str, recipient: str, content: bytes) -> str:
        """Hand `content` over and answer the server's words. Raises SendError within DEADLINE_SECONDS."""
        deadline = threading.Timer(DEADLINE_SECONDS, self._cut)
        deadline.daemon = True
        deadline.start()
        try:
            smtp = self._ready()
            self._envelope(smtp, ascii_domain(sender), ascii_domain(recipient))
            return self._content(smtp, content)
        except BaseException:
            self._drop()
            raise
        finally:
            deadline.cancel()

    def greet(self) -> None:
        """Connect and sign in without sending anything. Raises SendError."""
        self._ready()

    def close(self) -> None:
        """Say goodbye, without waiting for an answer to matter."""
        if self._smtp:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
            self._drop()

    def _ready(self) -> smtplib.SMTP:
        if self._smtp:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                if self._smtp.rset()[0] == 250:
                    return self._smtp
            self._drop()
        try:
            self._smtp = self._connect()
            self._sign_in(self._smtp)
        except smtplib.SMTPAuthenticationError as error:
            raise SendError(ErrorKind.SETTINGS, f"{self.server.host} refused our sign-in: {_words(error)}") from error
        except ssl.SSLError as error:
            words = f"No trustworthy connection to {self.server.host}: {error.reason}."
            raise SendError(ErrorKind.SETTINGS, words) from error
        except oauth.NoToken as error:
            raise SendError(ErrorKind.SETTINGS, str(error)) from error
        except (OSError, smtplib.SMTPException) as error:
            raise SendError(ErrorKind.CONNECTION, f"{self.server.host} cannot be reached: {_words(error)}") from error
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        server, context = self.server, ssl.create_default_context()
        if server.security == Security.TLS:
            return _TlsSmtp(self, server.host, server.port, context)
        smtp = _PlainSmtp(self, server.host, server.port)
        if server.security == Security.STARTTLS:
            smtp.starttls(context=context)
        return smtp

    def hold(self, smtp: smtplib.SMTP) -> None:
        """Know a connection from its first moment, so that the deadline reaches one that never greets us."""
        self._smtp = smtp

    def _sign_in(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if not self.server.username:
            return
        if self.server.authentication == Authentication.XOAUTH2 and self.server.mailbox:
            code, words = self._with_token(smtp, self.server.mailbox)
        else:
            code, words = self._with_password(smtp)
        if code != 235:
            raise smtplib.SMTPAuthenticationError(code, words)

    def _with_password(self, smtp: smtplib.SMTP) -> tuple[int, bytes]:
        # smtplib.s own login knows only ASCII passwords, and tries a refused one again by the next mechanism.
        username, secret = self.server.username, self.server.secret
        offered = smtp.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            return smtp.docmd("AUTH", f"PLAIN {_base64(f'{chr(0)}{username}{chr(0)}{secret}')}")
        if "LOGIN" in offered:
            code, words = smtp.docmd("AUTH", f"LOGIN {_base64(username)}")
            return smtp.docmd(_base64(secret)) if code == 334 else (code, words)
        raise SendError(ErrorKind.SETTINGS, f"{self.server.host} offers no sign-in with a password.")

    def _with_token(self, smtp: smtplib.SMTP, mailbox: Mailbox) -> tuple[int, bytes]:
        token = oauth.access_token(mailbox=mailbox, secret=self.server.secret)
        code, words = smtp.docmd("AUTH", f"XOAUTH2 {_base64(oauth.sasl(username=self.server.username, token=token))}")
        if code == 334:  # the server explains itself and waits for an empty line
            code, words = smtp.docmd("")
        if code != 235:
            oauth.forget(mailbox=mailbox)
        return code, words

    def _envelope(self, smtp: smtplib.SMTP, sender: str, recipient: str) -> None:
        options = []
        if not (sender.isascii() and recipient.isascii()):
            if not smtp.has_extn("smtputf8"):
                words = "The mail server does not know addresses with letters like these."
                raise SendError(ErrorKind.PERMANENT, words, "5.6.7")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
            smtp.command_encoding = "utf-8"
        try:
            self._expect(smtp.mail(sender, options))
            self._expect(smtp.rcpt(recipient))
        except (OSError, smtplib.SMTPException) as error:
            raise SendError(ErrorKind.CONNECTION, f"{self.server.host} went away: {_words(error)}") from error

    @staticmethod
    def _expect(answer: tuple[int, bytes]) -> None:
        code, words = answer
        if code not in (250, 251):
            raise refusal(code, words)

    def _content(self, smtp: smtplib.SMTP, content: bytes) -> str:
        try:
            code, words = smtp.data(content)
        except smtplib.SMTPDataError as error:
            raise refusal(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            # It may have been taken; only the answer is lost. The same Message-ID goes out again (F16, case 102).
            doubt = f"{self.server.host} did not confirm the mail: {_words(error)}"
            raise SendError(ErrorKind.UNKNOWN, doubt) from error
        if code != 250:
            raise refusal(code, words)
        return one_line(_text(words), 480)

    def _cut(self) -> None:
        smtp = self._smtp
        if smtp and smtp.sock:
            with contextlib.suppress(OSError):
                smtp.sock.shutdown(socket.SHUT_RDWR)

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp:
            with contextlib.suppress(OSError):
                smtp.close()


class _PlainSmtp(smtplib.SMTP):
    def __init__(self, courier: SmtpCourier, host: str, port: int) -> None:
        courier.hold(self)
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)


class _TlsSmtp(smtplib.SMTP_SSL):
    def __init__(self, courier: SmtpCourier, host: str, port: int, context: ssl.SSLContext) -> None:
        courier.hold(self)
        super().__init__(host, port, timeout=TIMEOUT_SECONDS, context=context)


def refusal(code: int, words: bytes | str) -> SendError:
    """A server's refusal: 4xx asks us to come back, everything else is final (RFC 5321 §4.2.1)."""
    text = one_line(_text(words), 400)
    first = text.split(" ", 1)[0]
    status = first if first.count(".") == 2 and first.replace(".", "").isdigit() else ""
    kind = ErrorKind.TEMPORARY if 400 <= code < 500 else ErrorKind.PERMANENT
    return SendError(kind, f"{code} {text}".strip(), status)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return one_line(f"{error.smtp_code} {_text(error.smtp_error)}", 300)
    if isinstance(error, TimeoutError):
        return "it did not answer in time."
    if isinstance(error, OSError) and error.errno:
        return f"{os.strerror(error.errno)}."
    return one_line(str(error), 300) or "the connection ended."


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
