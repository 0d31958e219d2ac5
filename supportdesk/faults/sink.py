"""A mail server on loopback that takes, refuses, forgets to answer or hangs, as a fault asks for."""

import asyncio
import email
import email.policy
import logging
import threading
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd would tell every command

HANG_SECONDS = 2.0  # shorter than any sender's patience, then the connection is cut
REFUSED = "refused."


@dataclass(frozen=True)
class Taken:
    """A mail whose content arrived. `answered` says whether its sender may have heard 250."""

    message_id: str
    recipient: str
    subject: str
    answered: bool


@dataclass
class Sink:
    """`moods` are shares of what happens instead of taking a mail: 451, drop (the 250 is lost), hang."""

    port: int
    random: Random
    moods: dict[str, float] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    answers: Counter = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._controller: Controller | None = None

    def start(self) -> None:
        """Listen."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=10)
        self._controller.start()

    def stop(self) -> None:
        """Be a server that is down."""
        if self._controller:
            self._controller.stop(no_assert=True)
            self._controller = None

    @property
    def unanswered(self) -> int:
        """How many mails were taken without a 250 that was heard: each may come again."""
        return sum(not one.answered for one in self.taken)

    def again(self) -> int:
        """How many mails came more than once, each time counted, under the Message-ID that they had."""
        return sum(count - 1 for count in Counter(one.message_id for one in self.taken).values())

    async def handle_RCPT(self, server: SMTP, session, envelope, address: str, options: list) -> str:
        """Addresses that begin with REFUSED do not exist."""
        if address.startswith(REFUSED):
            self.answers["550"] += 1
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session, envelope) -> str:
        """Draw what happens."""
        mood = self._mood()
        self.answers[mood] += 1
        if mood == "451":
            return "451 4.3.0 Busy, try again"
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.compat32)
        with self._lock:
            self.taken += [
                Taken(str(parsed["Message-ID"]), recipient, str(parsed["Subject"]), mood == "250")
                for recipient in envelope.rcpt_tos
            ]
        if mood == "hang":
            await asyncio.sleep(HANG_SECONDS)
        if mood in ("hang", "drop") and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 2.0.0 Taken"

    def _mood(self) -> str:
        drawn = self.random.random()
        for mood, share in self.moods.items():
            if drawn < share:
                return mood
            drawn -= share
        return "250"
