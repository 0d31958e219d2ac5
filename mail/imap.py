"""A folder on an IMAP server, read without changing anything in it."""

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator

from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailBoxStartTls, MailBoxUnencrypted

from mail import oauth
from mail.addresses import one_line
from mail.choices import Authentication, Security
from mail.models import Mailbox

TIMEOUT_SECONDS = 30
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class ImapDown(Exception):
    """The server, the sign-in or the folder is not there now. The message says which, in words for an admin."""


class MessageUnreadable(Exception):
    """The server would not hand out this one message."""


class ImapFolder:
    """The folder of a mailbox, opened read-only. Use as a context manager; raises ImapDown while opening and after."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self._box: BaseMailBox | None = None
        self.uid_validity = 0

    def __enter__(self) -> "ImapFolder":
        with self._in_words(f"{self.mailbox.imap_host} cannot be reached"):
            self._box = self._connect()
        try:
            with self._in_words(f"{self.mailbox.imap_host} refused our sign-in"):
                self._sign_in(self._box)
            with self._in_words(f"The folder “{self.mailbox.imap_folder}” cannot be opened"):
                # imap-tools writes the name in modified UTF-7, with its quotes escaped (case 99).
                self._box.folder.set(self.mailbox.imap_folder, readonly=True)
                self.uid_validity = self._read_uid_validity()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._box:
            with contextlib.suppress(Exception):
                self._box.client.logout()
            with contextlib.suppress(Exception):
                self._box.client.shutdown()

    def uids_after(self, uid: int) -> list[int]:
        """Every UID above `uid`, ascending: all of them, whatever their date (cases 93–95)."""
        found = self._command("SEARCH", f"UID {uid + 1}:*")
        words = b" ".join(part for part in found if isinstance(part, bytes)).split()
        # "n:*" always names the last message, also when it is older than n.
        return sorted({number for number in map(int, words) if number > uid})

    def size(self, uid: int) -> int | None:
        """Its size in bytes, or None when it is gone. Raises MessageUnreadable."""
        for part in self._command("FETCH", str(uid), "(UID RFC822.SIZE)"):
            found = _SIZE.search(part[0] if isinstance(part, tuple) else part or b"")
            if found:
                return int(found[1])
        return None

    def content(self, uid: int) -> bytes:
        """The whole message; it stays unseen. Raises MessageUnreadable.

        A few servers answer BODY[] with nothing and know only RFC822 (case 100).
        """
        for section in ("(UID BODY.PEEK[])", "(UID RFC822)"):
            content = self._literal(uid, section)
            if content:
                return content
        raise MessageUnreadable("The server gave no content for this message.")

    def header(self, uid: int) -> bytes:
        """Its header alone, for a message that we do not take as a whole. Raises MessageUnreadable."""
        return self._literal(uid, "(UID BODY.PEEK[HEADER])")

    def _literal(self, uid: int, section: str) -> bytes:
        for part in self._command("FETCH", str(uid), section):
            if isinstance(part, tuple):
                return part[1]
        return b""

    def _command(self, name: str, *arguments: str) -> list:
        assert self._box is not None  # noqa: S101 - opened by __enter__
        try:
            status, data = self._box.client.uid(name, *arguments)
        except imaplib.IMAP4.abort as error:
            raise ImapDown(f"{self.mailbox.imap_host} ended the connection.") from error
        except imaplib.IMAP4.error as error:
            raise MessageUnreadable(one_line(str(error), 300)) from error
        except OSError as error:
            raise ImapDown(f"{self.mailbox.imap_host} stopped answering.") from error
        if status != "OK":
            words = b" ".join(part for part in data if isinstance(part, bytes))
            raise MessageUnreadable(one_line(words.decode("utf-8", "replace"), 300))
        return [part for part in data if part]

    def _connect(self) -> BaseMailBox:
        box = self.mailbox
        if box.imap_security == Security.NONE:
            return MailBoxUnencrypted(box.imap_host, box.imap_port, TIMEOUT_SECONDS)
        kind = MailBox if box.imap_security == Security.TLS else MailBoxStartTls
        return kind(box.imap_host, box.imap_port, TIMEOUT_SECONDS, ssl_context=ssl.create_default_context())

    def _sign_in(self, box: BaseMailBox) -> None:
        username, secret = self.mailbox.imap_username, self.mailbox.imap_secret
        if self.mailbox.imap_authentication == Authentication.XOAUTH2:
            try:
                token = oauth.access_token(mailbox=self.mailbox, secret=secret)
                box.xoauth2(username, token, initial_folder=None)
            except (imaplib.IMAP4.error, ImapToolsError):
                oauth.forget(mailbox=self.mailbox)
                raise
        elif username.isascii() and secret.isascii():
            box.login(username, secret, initial_folder=None)
        else:
            box.login_utf8(username, secret, initial_folder=None)

    def _read_uid_validity(self) -> int:
        assert self._box is not None  # noqa: S101 - opened by __enter__
        _, values = self._box.client.response("UIDVALIDITY")
        last = values[-1] if values else None
        return int(last) if isinstance(last, bytes) else 0

    @contextlib.contextmanager
    def _in_words(self, words: str) -> Iterator[None]:
        try:
            yield
        except oauth.NoToken as error:
            raise ImapDown(str(error)) from error
        except (OSError, imaplib.IMAP4.error, ImapToolsError, ValueError) as error:
            raise ImapDown(f"{words}: {one_line(str(error), 300)}") from error
