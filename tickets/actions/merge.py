"""Make one ticket of two, and two of one again.

The words move to the survivor and a row keeps what moved and how both tickets were, so that undoing is exact. Whatever
is written to the merged ticket afterwards reaches the survivor (`keeping.locked_survivor`, `matching`).
"""

from datetime import datetime

from django.db import transaction

from accounts.journal import record
from supportdesk.lib.failpoints import failpoint
from tickets import clocks
from tickets.actions.details import MOST_TAGS
from tickets.actions.keeping import keep, locked, move, words_moved_in, write_event
from tickets.actions.processes import merging as runs
from tickets.actions.turning import join, openness, recount, remember, restore
from tickets.choices import LIVE, PAUSED, Author, Category, MoveKind, RelationKind, Role
from tickets.models import Message, Note, Participant, Ticket, TicketMove, TicketRelation
from tickets.refusals import Refused


class CannotMerge(Refused):
    """The two cannot become one: they are the same, or one of them was merged before."""


class CannotUnmerge(Refused):
    """The merge was undone already, or something was merged on top of it."""


@transaction.atomic
def merge(*, ticket: Ticket, into: Ticket, by, now: datetime, invite: bool = False) -> TicketMove:
    """Move everything that was said on `ticket` to `into`, which goes on; `ticket` is closed and points there.

    Who asked on `ticket` and stays a stranger to `into` neither reads it nor is read by its customers, unless `invite`
    lets them and those in copy take part (S9). Asked again, the same merge is answered. Raises CannotMerge.
    """
    gone, survivor = _both(ticket, into)
    if gone.merged_into_id == survivor.pk:
        return TicketMove.objects.get(kind=MoveKind.MERGE, source=gone, undone_at=None)
    _check(gone, survivor)
    made = TicketMove(kind=MoveKind.MERGE, source=gone, target=survivor, by=by, made_at=now)
    made.before = {"source": remember(gone), "target": remember(survivor)}
    is_apart = not invite and not _takes_part(survivor, gone.requester_id)
    _carry_words(made, hide=is_apart)
    _carry_people(made, everybody=invite or not is_apart, now=now)
    made.before["children"] = _carry_children(gone, survivor)
    made.before["runs"] = runs.carry(gone, survivor)
    failpoint("tickets.merge.moved")
    _take_in(survivor, gone, now)
    _put_to_rest(gone, survivor, is_apart=is_apart, by=by, now=now)
    made.before["visits"] = {"source": gone.visit, "target": survivor.visit}
    made.save()
    words = f"{by.shown_name} merged ticket {gone.pk} in: {gone.subject[:120]}, {count(len(made.messages), 'message')}."
    write_event(survivor, kind="merged", text=words, by=by, now=now)
    words = f"{by.shown_name} merged this ticket into ticket {survivor.pk}."
    write_event(gone, kind="merged", text=words, by=by, now=now)
    data = {"into": survivor.pk, "messages": len(made.messages), "notes": len(made.notes), "apart": is_apart}
    record(by=by, action="tickets.merge", subject=gone, data=data, now=now)
    return made


@transaction.atomic
def unmerge(*, ticket: Ticket, by, now: datetime) -> str:
    """Undo the merge of `ticket`: both are as they were. Answers a sentence about what stays with the survivor.

    Words that came after the merge stay there. If the survivor changed meanwhile, its state stays as it is now and
    only what follows from its words is read anew. Raises CannotUnmerge.
    """
    made = TicketMove.objects.filter(kind=MoveKind.MERGE, source=ticket.pk, undone_at=None).first()
    if made is None:
        raise CannotUnmerge("This ticket is not merged, or somebody undid it already.")
    gone, survivor = _both(made.source_id, made.target_id)
    made = TicketMove.objects.select_for_update().get(pk=made.pk)
    if made.undone_at is not None:
        raise CannotUnmerge("Somebody undid this merge already.")
    if survivor.merged_into_id:
        raise CannotUnmerge(
            f"Ticket {survivor.pk} was merged into ticket {survivor.merged_into_id} since. Undo that merge first."
        )
    returned = _return_words(made)
    runs.bring_back(made.before.get("runs", ()), gone, survivor)
    later = survivor.messages.standing().filter(created_at__gt=made.made_at).count()
    failpoint("tickets.unmerge.moved")
    _wake_up(gone, made, is_whole=returned, now=now)
    _let_go(survivor, made, now)
    TicketMove.objects.filter(pk=made.pk).update(undone_at=now, undone_by=by)
    write_event(gone, kind="unmerged", text=f"{by.shown_name} undid the merge.", by=by, now=now)
    words = f"{by.shown_name} undid the merge of ticket {gone.pk}."
    write_event(survivor, kind="unmerged", text=words, by=by, now=now)
    record(by=by, action="tickets.unmerge", subject=gone, data={"from": survivor.pk, "later": later}, now=now)
    stays = f" {count(later, 'message')} written since stays with ticket {survivor.pk}." if later == 1 else ""
    stays = stays or (f" {count(later, 'message')} written since stay with ticket {survivor.pk}." if later else "")
    return f"Tickets {gone.pk} and {survivor.pk} are two again.{stays}"


def count(number: int, what: str) -> str:
    """“1 message”, “3 messages”."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _both(one: Ticket | int, other: Ticket | int) -> tuple[Ticket, Ticket]:
    """Both rows in the order that was asked for, locked in the order of their keys."""
    first, second = (each if isinstance(each, int) else each.pk for each in (one, other))
    if first == second:
        raise CannotMerge("A ticket cannot be merged into itself.")
    rows = {pk: locked(pk) for pk in sorted((first, second))}
    return rows[first], rows[second]


def _check(gone: Ticket, survivor: Ticket) -> None:
    if gone.merged_into_id:
        raise CannotMerge(f"Ticket {gone.pk} was merged into ticket {gone.merged_into_id} already.")
    if survivor.merged_into_id:
        other = survivor.merged_into_id
        raise CannotMerge(f"Ticket {survivor.pk} was merged into ticket {other}. Choose ticket {other} instead.")


def _takes_part(ticket: Ticket, person: int) -> bool:
    return ticket.requester_id == person or ticket.participants.filter(person=person).exists()


def _carry_words(made: TicketMove, *, hide: bool) -> None:
    gone, survivor = made.source, made.target
    messages = Message.objects.filter(ticket=gone)
    made.messages = list(messages.order_by("pk").values_list("pk", flat=True))
    made.notes = list(Note.objects.filter(ticket=gone).order_by("pk").values_list("pk", flat=True))
    made.hidden = list(messages.filter(is_apart=False).order_by("pk").values_list("pk", flat=True)) if hide else []
    # What a reply would restore when it is taken back is the other ticket's past: its words come back, no more.
    messages.update(ticket=survivor, undo=None)
    Message.objects.filter(pk__in=made.hidden).update(is_apart=True)
    Note.objects.filter(ticket=gone).update(ticket=survivor)


def _carry_people(made: TicketMove, *, everybody: bool, now: datetime) -> None:
    """Staff who watch go along. Customers do when they are invited, or stand on both tickets' side already."""
    survivor = made.target
    known = {survivor.requester_id, *survivor.participants.values_list("person_id", flat=True)}
    coming = [
        (one.person_id, Role.WATCHER if one.role == Role.WATCHER else Role.COPIED)
        for one in made.source.participants.order_by("pk")
        if one.person_id not in known and (everybody or one.role == Role.WATCHER)
    ]
    Participant.objects.bulk_create(
        Participant(ticket=survivor, person_id=person, role=role, added_at=now) for person, role in coming
    )
    made.people = [person for person, _ in coming]


def _carry_children(gone: Ticket, survivor: Ticket) -> list[int]:
    """Children follow their parent, unless the survivor is among them or has a parent itself."""
    children = TicketRelation.objects.filter(kind=RelationKind.PARENT, one=gone)
    is_below = TicketRelation.objects.filter(kind=RelationKind.PARENT, other=survivor).exists()
    keys = [] if is_below else list(children.exclude(other=survivor).order_by("pk").values_list("pk", flat=True))
    TicketRelation.objects.filter(pk__in=keys).update(one=survivor)
    return keys


def _take_in(survivor: Ticket, gone: Ticket, now: datetime) -> None:
    promise = clocks.promise_for(survivor)
    if openness(gone) > openness(survivor):
        move(survivor, Category.OPEN, promise=promise, now=now)
        if gone.category in PAUSED:
            move(survivor, gone.category, promise=promise, now=now)
        survivor.came_back = f"Ticket {gone.pk} was merged in"
    if gone.category != Category.CLOSED:
        join(survivor, gone)
    if gone.category in LIVE:
        ends = [survivor.snoozed_until, gone.snoozed_until]
        survivor.snoozed_until = min(at for at in ends if at) if all(ends) else None
    if gone.last_message_at > survivor.last_message_at:
        survivor.last_message_at, survivor.snippet = gone.last_message_at, gone.snippet
    survivor.last_message_id = max(survivor.last_message_id, gone.last_message_id)
    survivor.has_failed_delivery = survivor.has_failed_delivery or gone.has_failed_delivery
    survivor.is_watched = survivor.is_watched or gone.is_watched
    survivor.assignee_id = survivor.assignee_id or gone.assignee_id
    survivor.tags = [*survivor.tags, *(tag for tag in gone.tags if tag not in survivor.tags)][:MOST_TAGS]
    survivor.custom = {**gone.custom, **survivor.custom}
    words_moved_in(survivor)
    keep(survivor, promise=promise, now=now)


def _put_to_rest(gone: Ticket, survivor: Ticket, *, is_apart: bool, by, now: datetime) -> None:
    promise = clocks.promise_for(gone)
    if gone.category != Category.CLOSED:
        move(gone, Category.CLOSED, promise=promise, now=now)
        gone.closed_by = by
    gone.merged_into, gone.is_kept_apart = survivor, is_apart
    gone.is_unread, gone.came_back, gone.has_failed_delivery, gone.snoozed_until = False, "", False, None
    keep(gone, promise=promise, now=now)


def _return_words(made: TicketMove) -> bool:
    """Whether everything that had moved was still there, is back, and is as it was: no scheduled reply left since."""
    words = Message.objects.filter(ticket=made.target_id)
    words.filter(pk__in=made.hidden).update(is_apart=False)
    returned = words.filter(pk__in=made.messages).update(ticket=made.source_id, undo=None)
    Note.objects.filter(ticket=made.target_id, pk__in=made.notes).update(ticket=made.source_id)
    Participant.objects.filter(ticket=made.target_id, person__in=made.people).delete()
    children = TicketRelation.objects.filter(pk__in=made.before["children"], one=made.target_id)
    children.exclude(other=made.source_id).update(one=made.source_id)
    left = Message.objects.filter(pk__in=made.messages, author=Author.AGENT, created_at__gt=made.made_at)
    return returned == len(made.messages) and not left.exists()


def _wake_up(gone: Ticket, made: TicketMove, *, is_whole: bool, now: datetime) -> None:
    gone.merged_into, gone.is_kept_apart = None, False
    restore(gone, made.before["source"])
    promise = clocks.promise_for(gone)
    if not is_whole:
        recount(gone, promise)
    gone.has_failed_delivery = gone.messages.filter(delivery="failed").exists()
    keep(gone, promise=promise, now=now)


def _let_go(survivor: Ticket, made: TicketMove, now: datetime) -> None:
    before, after = made.before["target"], made.before["visits"]["target"]
    promise = clocks.promise_for(survivor)
    if survivor.visit == after:
        seen = survivor.is_unread
        restore(survivor, before)
        survivor.is_unread = survivor.is_unread and seen
        promise = clocks.promise_for(survivor)
    else:
        brought = set(made.before["source"]["tags"]) - set(before["tags"])
        survivor.tags = [tag for tag in survivor.tags if tag not in brought]
        given = made.before["source"]["custom"]
        survivor.custom = {
            key: value
            for key, value in survivor.custom.items()
            if key in before["custom"] or key not in given or given[key] != value
        }
        recount(survivor, promise)
    survivor.is_watched = survivor.participants.filter(role=Role.WATCHER).exists()
    keep(survivor, promise=promise, now=now)
