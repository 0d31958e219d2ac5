"""A real SMTP server on loopback that answers as a test tells it to.

with SmtpSink() as sink:
    sink.script = ["451", "ok"]          # what happens to the first mail, and to the second
    settings.EMAIL_URL = sink.url
"""

import asyncio
import base64
import email
import email.policy
import logging
import random
import socket
import ssl
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cached_property

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

# A step of a script. "drop" takes the mail and loses the answer; "cut" ends the connection before the content.
logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells every command

STEPS = ("ok", "451", "450 rcpt", "550", "550 rcpt", "554", "drop", "cut", "hang", "421")


@dataclass(frozen=True)
class Received:
    """A mail that the sink took, with its envelope."""

    sender: str
    recipient: str
    content: bytes
    answered: bool = True

    @cached_property
    def message(self) -> EmailMessage:
        """The mail as the standard library reads it."""
        return email.message_from_bytes(self.content, policy=email.policy.default)

    @property
    def message_id(self) -> str:
        """Its Message-ID, with brackets."""
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        """The plain text."""
        return self.message.get_body(("plain",)).get_content().replace("\r\n", "\n")


@dataclass
class SmtpSink:
    """Start with `with`. `received` is every mail whose content arrived, `accepted` those that were answered 250."""

    script: list[str] = field(default_factory=list)
    usually: str = "ok"
    share: dict[str, float] = field(default_factory=dict)
    seed: int = 1
    token: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None
    is_tls_from_the_start: bool = False
    decide: Callable[[str], str] | None = None
    received: list[Received] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a repeatable script, not a secret
        self._lock = threading.Lock()
        self.port = free_port()
        self.stopping: asyncio.Event | None = None

    @property
    def url(self) -> str:
        """For EMAIL_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def accepted(self) -> list[Received]:
        """Mails for which the sender heard 250."""
        return [one for one in self.received if one.answered]

    def to(self, recipient: str) -> list[Received]:
        """What arrived for one address, in order."""
        return [one for one in self.received if one.recipient == recipient]

    def __enter__(self) -> "SmtpSink":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen. May be called again after `stop`; the port stays."""
        options: dict = {"auth_require_tls": False, "decode_data": False, "enable_SMTPUTF8": True}
        if self.token or self.password:
            options["auth_required"] = True
        if self.token:
            options["auth_exclude_mechanism"] = ["LOGIN", "PLAIN"]
        if self.password:
            options |= {"authenticator": self._is_signed_in, "auth_exclude_mechanism": ["XOAUTH2"]}
        if self.tls and self.is_tls_from_the_start:
            options["ssl_context"] = self.tls
        elif self.tls:
            options |= {"tls_context": self.tls, "require_starttls": True}
        host = "localhost" if self.tls else "127.0.0.1"
        warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")  # what the tests are about
        self._controller = Controller(_Handler(self), hostname=host, port=self.port, ready_timeout=5, **options)
        self._controller.start()

    def _is_signed_in(self, server, session, envelope, mechanism, data) -> AuthResult:
        return AuthResult(success=data.password.decode() == self.password, handled=False)

    def stop(self) -> None:
        """Stop listening, and end what hangs."""
        self._controller.stop()

    def step(self, recipient: str) -> str:
        """What happens to the mail that comes now."""
        with self._lock:
            if self.decide:
                return self.decide(recipient)
            if self.script:
                return self.script.pop(0)
            return self.by_chance()

    def by_chance(self) -> str:
        """A step drawn by `share`, the same ones for the same seed."""
        drawn = self._random.random()
        for name, share in self.share.items():
            if drawn < share:
                return name
            drawn -= share
        return self.usually


class _Handler:
    def __init__(self, sink: SmtpSink) -> None:
        self.sink = sink

    async def handle_EHLO(self, server: SMTP, session, envelope, hostname: str, responses: list[str]) -> list[str]:
        self.sink.connections += 1
        session.host_name = hostname
        return responses

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        given = await server.challenge_auth("") if len(args) == 1 else _decode(args[1])
        wanted = f"auth=Bearer {self.sink.token}\x01\x01".encode()
        return AuthResult(success=bytes(given).endswith(wanted), handled=False)

    async def handle_RCPT(self, server: SMTP, session, envelope, address: str, options: list[str]) -> str:
        envelope.step = self.sink.step(address)
        if envelope.step == "450 rcpt":
            return "450 4.2.1 Try again later"
        if envelope.step == "550 rcpt":
            return "550 5.1.1 No such user here"
        if envelope.step == "421":
            return "421 4.3.2 Service is going away"
        if envelope.step == "cut":
            server.transport.abort()
            return "421 gone"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session, envelope) -> str:
        step = envelope.step
        if step in ("451", "550", "554"):
            return {"451": "451 4.3.0 Busy", "550": "550 5.7.1 Not wanted", "554": "554 5.6.0 Bad content"}[step]
        for recipient in envelope.rcpt_tos:
            mail = Received(envelope.mail_from, recipient, envelope.content, answered=step == "ok")
            self.sink.received.append(mail)
        if step == "drop":
            server.transport.abort()
        if step == "hang":
            await asyncio.sleep(60)
        return "250 2.0.0 Taken"


def _decode(word: str) -> bytes:
    return base64.b64decode(word)


def free_port() -> int:
    """A port on loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
