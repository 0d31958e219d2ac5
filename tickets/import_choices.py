"""The words of imports: what an export is, how far one is, and what a column of a table may hold."""

from django.db.models import TextChoices


class ExportKind(TextChoices):
    """What the files of an import are."""

    ZENDESK = "zendesk", "Zendesk, exported as JSON"
    INTERCOM = "intercom", "Intercom, exported as JSON"
    MBOX = "mbox", "Mail, as an mbox archive"
    TABLE = "table", "A table (CSV) of any other desk"


class ImportState(TextChoices):
    """How far an import is."""

    READY = "ready", "Not begun"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"


class Sort(TextChoices):
    """What one record of an export became."""

    ORGANISATION = "org", "Organisation"
    PERSON = "person", "Person"
    TICKET = "ticket", "Ticket"
    MAIL = "mail", "Mail"


# In this order: whoever is spoken of is there before they are.
STAGES = (Sort.ORGANISATION, Sort.PERSON, Sort.TICKET)


class RowsAre(TextChoices):
    """What a row of a table stands for."""

    TICKETS = "tickets", "Tickets, or messages of tickets"
    PEOPLE = "people", "People"


class Column(TextChoices):
    """What a column of a table holds. Fields of the desk's own come as `field:<key>`."""

    NOTHING = "", "Leave out"
    ID = "id", "Ticket number there"
    SUBJECT = "subject", "Subject"
    TEXT = "text", "What was written"
    NOTE = "note", "Private note"
    EMAIL = "email", "Customer’s address"
    NAME = "name", "Customer’s name"
    PHONE = "phone", "Customer’s telephone"
    ORGANISATION = "organisation", "Customer’s organisation"
    STATE = "state", "State"
    PRIORITY = "priority", "Priority"
    TYPE = "type", "Type"
    TAGS = "tags", "Tags"
    REASON = "reason", "Contact reason"
    CHANNEL = "channel", "Channel"
    TEAM = "team", "Team"
    AGENT_EMAIL = "agent_email", "Agent’s address"
    AGENT_NAME = "agent_name", "Agent’s name"
    CREATED = "created", "Created"
    UPDATED = "updated", "Last changed"
    CLOSED = "closed", "Closed"
    MESSAGE_ID = "message_id", "Message’s number there"
    WRITTEN_AT = "written_at", "Message written at"
    WRITER_EMAIL = "writer_email", "Message’s writer, address"
    WRITER_NAME = "writer_name", "Message’s writer, name"
    PUBLIC = "public", "Message is public (yes or no)"
    PRIVATE = "private", "Message is private (yes or no)"
    PERSON_ID = "person_id", "Person’s number there"
