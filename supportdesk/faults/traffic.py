"""Customers who write and agents who answer, and who know what they were promised."""

import smtplib
import threading
import time
from contextlib import suppress
from random import Random

from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils import timezone

from accounts.models import Person
from supportdesk.faults.stage import HOST
from tickets.actions.reply import CannotReply, reply
from tickets.models import Ticket

ADDRESS = "support@faults.example"
PATIENCE_SECONDS = 90.0


class Traffic:
    """Mails in by SMTP, replies by the action, each with a mark of its own. Use as a context manager."""

    def __init__(self, *, smtp_port: int, agent: Person, random: Random, pause: float = 0.15) -> None:
        self._smtp_port, self._agent, self._random, self._pause = smtp_port, agent, random, pause
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._number = 0
        self.promised: set[str] = set()
        self.replied = 0
        self.given_up: list[str] = []

    def __enter__(self) -> "Traffic":
        self._over.clear()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._write, self._answer)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS + 30)

    def mail(self, *, sender: str = "", body: str = "Two motors are missing.", raw: bytes = b"") -> str:
        """Hand a mail over as a mail server does: the same bytes again until they are taken. Answers its mark.

        Nothing in it names our own domain, so that each address gets its acknowledgement.
        """
        with self._lock:
            self._number += 1
            mark = f"Mark{self._number:06d}"
        sender = sender or f"teacher{self._random.randrange(40)}@school{self._random.randrange(9)}.example"
        raw = (
            raw
            or (
                f"From: {sender}\r\nTo: {ADDRESS}\r\nSubject: {mark} parts\r\n"
                f"Message-ID: <{mark}@customers.example>\r\n"
                f"Date: {timezone.now():%a, %d %b %Y %H:%M:%S} +0000\r\n\r\n{mark}: {body}\r\n"
            ).encode()
        )
        if self.hand_over(raw, sender):
            self.promised.add(mark)
        else:
            self.given_up.append(mark)
        return mark

    def hand_over(self, raw: bytes, sender: str = "teacher@faults.example") -> bool:
        """Until 250 is heard, or patience ends."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError, smtplib.SMTPException):
                with smtplib.SMTP(HOST, self._smtp_port, timeout=10) as door:
                    door.sendmail(sender, [ADDRESS], raw)
                return True
            time.sleep(0.2)
        return False

    def _write(self) -> None:
        while not self._over.wait(self._pause):
            self.mail()

    def _answer(self) -> None:
        try:
            while not self._over.wait(self._pause * 2):
                with suppress(DatabaseError, InterfaceError, CannotReply):
                    close_old_connections()
                    self._answer_one()
        finally:
            connection.close()

    def _answer_one(self) -> None:
        newest = list(Ticket.objects.unsolved().order_by("-pk")[:30])
        if newest:
            ticket = self._random.choice(newest)
            text = f"Reply {self.replied} from the desk: they leave today."
            reply(ticket=ticket, by=self._agent, text=text, last_seen=0, anyway=True, now=timezone.now())
            self.replied += 1
