"""What mail keeps, by noun."""

from mail.models.files import StoredFile
from mail.models.home import Home
from mail.models.incoming import RawMail
from mail.models.mailbox import Mailbox, MailboxAlias
from mail.models.outgoing import DeliveryEvent, OutgoingAttachment, OutgoingMail, ReplyAddress
from mail.models.reach import AddressHealth, OptOut, SendCounter

__all__ = [
    "AddressHealth",
    "DeliveryEvent",
    "Home",
    "Mailbox",
    "MailboxAlias",
    "OptOut",
    "OutgoingAttachment",
    "OutgoingMail",
    "RawMail",
    "ReplyAddress",
    "SendCounter",
    "StoredFile",
]
