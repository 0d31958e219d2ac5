"""From a ticket to the wiki: an answer that was written once becomes an article."""

from datetime import datetime

from accounts.models import Person, WorkRoleMember
from knowledgebase.actions.drafting import keep_new_draft
from knowledgebase.choices import ArticleKind
from knowledgebase.models import ArticleDraft, Space
from knowledgebase.process_text import written
from tickets.models import Ticket
from tickets.process_drafts import steps_of
from tickets.queries_desk.articles import answer_of
from tickets.queries_desk.thread import thread_of
from tickets.refusals import Refused

LONGEST_TITLE = 200


class NowhereToWrite(Refused):
    """There is no space in which this person may write."""


def begin_process(*, ticket: Ticket, space: Space | None, by: Person, now: datetime) -> ArticleDraft:
    """A draft of a process with what was done here, step by step, which remembers its ticket (D11). Only in a space
    of the staff: it holds words of notes. Raises as `begin_article`.
    """
    if space is None or space.is_public_side:
        raise NowhereToWrite("There is no space for staff in which you may write. Ask an admin.")
    rows = WorkRoleMember.objects.values_list("person", "role__name").order_by("pk")
    steps = steps_of(ticket, thread_of(ticket, in_full=True).entries, dict(rows))
    draft = keep_new_draft(
        space=space, kind=ArticleKind.PROCESS, title=ticket.subject[:LONGEST_TITLE], markdown=written(steps),
        ticket_id=ticket.pk, by=by, now=now,
    )  # fmt: skip
    if draft is None:
        raise NowhereToWrite("Nothing was kept: nothing was done on the ticket yet.")
    return draft


def begin_article(*, ticket: Ticket, space: Space | None, by: Person, now: datetime) -> ArticleDraft:
    """A draft of a new page with what was answered here, which remembers its ticket. Nobody else sees it yet.

    Raises NowhereToWrite, and knowledgebase's Refused and NotAllowed.
    """
    if space is None:
        raise NowhereToWrite("There is no space of the wiki in which you may write. Ask an admin.")
    answer = answer_of(ticket)
    draft = keep_new_draft(
        space=space, kind=ArticleKind.PAGE, title=ticket.subject[:LONGEST_TITLE],
        markdown=answer or "Write what the customer should know.", ticket_id=ticket.pk, by=by, now=now,
    )  # fmt: skip
    if draft is None:
        raise NowhereToWrite("Nothing was kept: the ticket has no subject and no answer.")
    return draft
