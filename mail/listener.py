"""Our own door for SMTP: a mail is synced and committed before the sender hears 250.

Meant for one machine or a private network, behind a real mail server: no TLS, no sign-in, no relaying.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from mail.actions.store import mailbox_of, store_raw
from mail.choices import Door
from mail.models import Mailbox

logger = logging.getLogger(__name__)
logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd would write every address into the log

WORKERS = 4
MAX_CONNECTIONS = 50
LONGEST_LINE = 4 * 1024 * 1024  # RFC 5321 allows 1000, and real mail does not keep to it

TRY_LATER = "451 4.3.0 We cannot take mail just now. Please try again."
STORAGE_FULL = "452 4.3.1 We cannot store mail just now. Please try again."
NO_SUCH_MAILBOX = "550 5.1.1 There is no such mailbox here."


class Conversation(SMTP):
    """One connection: aiosmtpd, patient with long lines and short with floods."""

    line_length_limit = LONGEST_LINE

    def __init__(self, listener: "Listener") -> None:
        super().__init__(
            listener, hostname="supportdesk", ident="supportdesk", data_size_limit=settings.MAIL_MAX_BYTES,
            enable_SMTPUTF8=True, timeout=300,
        )  # fmt: skip
        self.listener = listener
        self.bytes_of_this_mail = 0
        self.is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Turn away the one too many, politely."""
        self.listener.open_connections += 1
        self.is_refused = self.listener.open_connections > MAX_CONNECTIONS
        if self.is_refused:
            transport.write(b"421 4.3.2 Too many connections. Please try again.\r\n")
            transport.close()
        else:
            super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Count down."""
        self.listener.open_connections -= 1
        if not self.is_refused:
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Hang up on who goes on far beyond the limit, instead of reading it into memory to say so."""
        self.bytes_of_this_mail += len(data)
        if self.is_refused:
            return
        if self.bytes_of_this_mail > 2 * settings.MAIL_MAX_BYTES:
            cast(asyncio.Transport, self.transport).abort()
        else:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        """The other side has said everything."""
        return None if self.is_refused else super().eof_received()


class Listener:
    """The handler of every conversation. Database work runs in a few threads, so a slow one blocks nobody else."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.open_connections = 0
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="smtp-store")

    def conversation(self) -> SMTP:
        """A protocol for one connection."""
        return Conversation(self)

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Listen; answers the server, which the caller closes."""
        return await asyncio.get_running_loop().create_server(self.conversation, host, port, backlog=100)

    async def handle_MAIL(
        self, server: Conversation, session: Session, envelope: Envelope, address: str, options: list
    ) -> str:
        """A new mail begins. Anybody may write to us; who they are is judged later."""
        server.bytes_of_this_mail = 0
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list) -> str:
        """Only mail for a mailbox of ours is taken."""
        try:
            mailbox = await self._in_thread(mailbox_of, address)
        except (DatabaseError, InterfaceError):
            logger.warning("A recipient could not be looked up", exc_info=True)
            return TRY_LATER
        if mailbox is None:
            return NO_SUCH_MAILBOX
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the mail once for every mailbox it is for, then promise."""
        try:
            await self._in_thread(self._store, envelope)
        except OSError:
            logger.exception("A mail could not be written to the storage")
            return STORAGE_FULL
        except (DatabaseError, InterfaceError):
            logger.warning("A mail could not be committed", exc_info=True)
            return TRY_LATER
        except Exception:
            # Whatever it is, the sender still has the mail and will come back with it.
            logger.exception("A mail could not be taken")
            return TRY_LATER
        return "250 2.0.0 Kept"

    def _store(self, envelope: Envelope) -> None:
        mailboxes: dict[int, tuple[Mailbox, str]] = {}
        for recipient in envelope.rcpt_tos:
            mailbox = mailbox_of(recipient)
            if mailbox:
                mailboxes.setdefault(mailbox.pk, (mailbox, recipient))
        for _, (mailbox, recipient) in sorted(mailboxes.items()):
            store_raw(
                raw=bytes(envelope.original_content or b""), mailbox=mailbox, door=Door.SMTP, now=self.clock(),
                envelope_from=envelope.mail_from or "", envelope_to=recipient,
            )  # fmt: skip

    async def _in_thread(self, function: Callable, *arguments: object):
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, partial(_with_fresh_connection, function, *arguments)
        )


def _with_fresh_connection(function: Callable, *arguments: object):
    close_old_connections()
    try:
        return function(*arguments)
    except (DatabaseError, InterfaceError):
        connection.close()  # the next one asks a server that may be back
        raise
