"""What a desk keeps, by noun."""

from tickets.models.conversation import Attachment, Message, Note
from tickets.models.desk import ContactReason, MailboxRoute, ReplyTemplate, Status, Team, TeamMember
from tickets.models.service import BusinessCalendar, CalendarHoliday, CalendarInterval, ServiceLevel, ServiceTarget
from tickets.models.ticket import Participant, Ticket, TicketEvent

__all__ = [
    "Attachment",
    "BusinessCalendar",
    "CalendarHoliday",
    "CalendarInterval",
    "ContactReason",
    "MailboxRoute",
    "Message",
    "Note",
    "Participant",
    "ReplyTemplate",
    "ServiceLevel",
    "ServiceTarget",
    "Status",
    "Team",
    "TeamMember",
    "Ticket",
    "TicketEvent",
]
