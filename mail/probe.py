"""Try a mailbox's servers now and say what they answered. Nothing is fetched, sent or stored."""

from dataclasses import dataclass

from mail.gateways import SendError, Server, SmtpCourier
from mail.imap import ImapDown, ImapFolder
from mail.models import Mailbox


@dataclass(frozen=True)
class Answer:
    """What one server said. `door` is "IMAP" or "SMTP"; `words` holds the server's own answer."""

    door: str
    is_ok: bool
    words: str


def probe(mailbox: Mailbox) -> list[Answer]:
    """Sign in to each server that the mailbox names, as fetching and sending do. Never raises for a server."""
    answers = []
    if mailbox.imap_host:
        answers.append(_imap(mailbox))
    if mailbox.smtp_host:
        answers.append(_smtp(mailbox))
    return answers


def _imap(mailbox: Mailbox) -> Answer:
    try:
        with ImapFolder(mailbox) as folder:
            waiting = len(folder.uids_after(mailbox.last_uid))
    except ImapDown as trouble:
        return Answer("IMAP", False, str(trouble))
    mails = "1 mail waits" if waiting == 1 else f"{waiting} mails wait"
    return Answer(
        "IMAP", True, f"{mailbox.imap_host} let us in and opened “{mailbox.imap_folder}”; {mails} to be fetched."
    )


def _smtp(mailbox: Mailbox) -> Answer:
    server = Server(
        host=mailbox.smtp_host,
        port=mailbox.smtp_port,
        security=mailbox.smtp_security,
        username=mailbox.smtp_username,
        secret=mailbox.smtp_secret,
        authentication=mailbox.smtp_authentication,
        mailbox=mailbox,
    )
    courier = SmtpCourier(server, "probe")
    try:
        courier.greet()
    except SendError as trouble:
        return Answer("SMTP", False, trouble.words)
    finally:
        courier.close()
    return Answer("SMTP", True, f"{mailbox.smtp_host} let us in and is ready to send.")
