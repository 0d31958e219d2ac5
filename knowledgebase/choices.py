"""Words with a fixed meaning."""

from django.db import models


class Visibility(models.TextChoices):
    """Who reads a space's published articles."""

    PUBLIC = "public", "Everybody, without signing in"
    CUSTOMERS = "customers", "Customers who are signed in, and staff"
    STAFF = "staff", "All staff"
    ROLE = "role", "Staff with certain roles"


class ArticleKind(models.TextChoices):
    """What an article is for."""

    PAGE = "page", "Page"
    PROCESS = "process", "Process"
    TEMPLATE = "template", "Template of a mail"


class RevisionState(models.TextChoices):
    """How far a saved text has come. The text itself never changes."""

    SAVED = "saved", "Saved"
    SUBMITTED = "submitted", "Waiting for approval"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Not accepted"


class Significance(models.TextChoices):
    """How much a revision changes, as its author says."""

    TYPO = "typo", "Only wording"
    MEDIUM = "medium", "Some facts"
    MAJOR = "major", "What people should do"


class DueFrom(models.TextChoices):
    """From when a step's open hours count."""

    START = "start", "the start"
    STEP = "step", "an earlier step"


class Evidence(models.TextChoices):
    """What has to be given to call a step done."""

    NONE = "", "Nothing"
    WORDS = "words", "A sentence"
    LINK = "link", "An address"
    NUMBER = "number", "A number"


class LinkStatus(models.TextChoices):
    """How the address of a text did when it was last tried."""

    UNCHECKED = "unchecked", "Not tried yet"
    WORKING = "working", "Works"
    REDIRECTED = "redirected", "Leads on"
    BROKEN = "broken", "Broken"
    IGNORED = "ignored", "Not tried again"


class Surface(models.TextChoices):
    """Where somebody looked for something."""

    HELP = "help", "Help centre"
    WIKI = "wiki", "Wiki"
    FORM = "form", "Contact form"
    EMBED = "embed", "Form on another site"
    TICKET = "ticket", "Ticket"
    API = "api", "API"


class Outcome(models.TextChoices):
    """How it went after articles were suggested to somebody who began to write."""

    LEFT = "left", "Went away without a word"
    SOLVED = "solved", "Said that it solved it"
    SENT = "sent", "Sent it anyway"
    ASKED_AGAIN = "again", "Said that it solved it, and asked after all"


class CampaignState(models.TextChoices):
    """How far a month's reading has come."""

    RUNNING = "running", "Running"
    COMPLETE = "complete", "Complete"
    UNFINISHED = "unfinished", "Ended unfinished"


class CheckOutcome(models.TextChoices):
    """What somebody found who read an article word for word."""

    OPEN = "open", "Not read yet"
    OK = "ok", "Right as it is"
    FIXED = "fixed", "Corrected"
    FLAGGED = "flagged", "Wrong"


class ImportKind(models.TextChoices):
    """What a folder holds."""

    DOKUWIKI = "dokuwiki", "A DokuWiki: its data folder, with pages and media"
    MARKDOWN = "markdown", "Markdown files"


class ImportState(models.TextChoices):
    """How far an import has come."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"


class ImportOutcome(models.TextChoices):
    """What became of a page."""

    MADE = "made", "New"
    CHANGED = "changed", "Changed"
    SAME = "same", "Unchanged"
    BAD = "bad", "Not taken"


# From which state a revision may go where. APPROVED and REJECTED are final.
MOVES: dict[str, frozenset[str]] = {
    RevisionState.SAVED: frozenset({RevisionState.SUBMITTED, RevisionState.APPROVED}),
    RevisionState.SUBMITTED: frozenset({RevisionState.APPROVED, RevisionState.REJECTED, RevisionState.SAVED}),
    RevisionState.APPROVED: frozenset(),
    RevisionState.REJECTED: frozenset(),
}
PUBLIC_SIDE = frozenset({Visibility.PUBLIC, Visibility.CUSTOMERS})
