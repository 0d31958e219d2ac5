"""What sources tell becomes words on tickets, on the one path of everything that comes in (B4).

A post is kept before anything is done with it, and its timer brings it onto a ticket: killed anywhere, it is still
waiting. Told again, by another delivery or by an export, it is the same event and nothing happens.
"""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

import timers
from supportdesk.lib.failpoints import failpoint
from tickets.actions import intake
from tickets.actions.keeping import locked_survivor, write_event
from tickets.actions.start_of_day.gaps import note_arrival
from tickets.actions.start_of_day.requesters import fill_in
from tickets.actions.start_of_day.writers import know_writers, nobody_of, person_of
from tickets.choices import Channel
from tickets.models import InboundEvent, InboxSource, SourceItem, Ticket
from tickets.open_days import DeskClock, desk_clock
from tickets.source_choices import EventState, SourceKind
from tickets.sources.facts import Facts, Writer

TAKE_IN = "tickets.source_event"


@transaction.atomic
def receive(
    *,
    source: InboxSource,
    facts: Sequence[Facts],
    now: datetime,
    writers: Sequence[Writer] = (),
    said_at: datetime | None = None,
) -> int:
    """Keep what a source's program told, and note that it worked when it said so. Answers how many events were new."""
    prove_alive(source=source, now=min(said_at or now, now))
    know_writers(source=source, writers=writers, now=now)
    return keep_events(source=source, facts=facts, now=now)


@transaction.atomic
def keep_events(*, source: InboxSource, facts: Sequence[Facts], now: datetime) -> int:
    """Keep each event once, with its timer. Answers how many were new."""
    told = {one.event: one for one in facts}
    mine = InboundEvent.objects.filter(source=source)
    known = set(mine.filter(external_id__in=told).values_list("external_id", flat=True))
    new = [
        InboundEvent(source=source, external_id=key, item_id=one.item, facts=one.as_json(), received_at=now)
        for key, one in told.items()
        if key not in known
    ]
    InboundEvent.objects.bulk_create(new, ignore_conflicts=True)
    fresh = mine.filter(external_id__in=[row.external_id for row in new], state=EventState.WAITING)
    for pk in fresh.order_by("pk").values_list("pk", flat=True):
        timers.schedule(kind=TAKE_IN, subject=pk, due_at=now)
    failpoint("tickets.source.received")
    return len(new)


def prove_alive(*, source: InboxSource, now: datetime) -> None:
    """A post that was signed now came. A clock that went back, and a post of long ago, change nothing."""
    InboxSource.objects.filter(pk=source.pk).exclude(last_ok_at__gte=now).update(last_ok_at=now)


@transaction.atomic
def take_in_event(*, event_id: int, now: datetime) -> Ticket | None:
    """Bring an event onto its conversation's ticket, made if there is none yet. Done before: nothing happens."""
    source_id = InboundEvent.objects.filter(pk=event_id).values_list("source", flat=True).first()
    if source_id is None:
        return None
    # Nobody counts while something arrives: it would be missing and here. The source before its event, as `bring_in`.
    lock_source(source_id)
    rows = InboundEvent.objects.select_for_update(of=("self",)).select_related("source__team")
    event = rows.filter(pk=event_id).first()
    if event is None or event.state == EventState.DONE:
        return None
    facts = Facts.of(event.facts)
    if _is_old_news(event.source, facts, now):
        InboundEvent.objects.filter(pk=event.pk).update(state=EventState.DONE, done_at=now, facts={})
        return None
    item = _item(event.source, facts, now)
    is_new = item.ticket_id is None
    ticket = _ticket(event.source, item, facts, now)
    InboundEvent.objects.filter(pk=event.pk).update(
        state=EventState.DONE,
        ticket=ticket,
        done_at=now,
        facts={},  # the words stand on the ticket, and there alone
    )
    if is_new:
        note_arrival(item=item, now=now)
    failpoint("tickets.source.taken_in")
    return ticket


def _is_old_news(source: InboxSource, facts: Facts, now: datetime) -> bool:
    """Staff did something there with a conversation from before the source was set up, which never came here.

    Whoever connects a desk of years would get a ticket for each that its robots close.
    """
    if facts.words or _opened_on(facts, desk_clock(), now) >= source.began_on:
        return False
    known = SourceItem.objects.filter(source=source, external_id=facts.item, ticket__isnull=False)
    return not known.exists()


def lock_source(pk: int) -> InboxSource:
    """A source's row, until the transaction ends. New events are kept meanwhile."""
    return InboxSource.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def _item(source: InboxSource, facts: Facts, now: datetime) -> SourceItem:
    """The conversation, locked until the end: two first events of one make one ticket."""
    new = SourceItem(
        source=source, external_id=facts.item, opened_on=_opened_on(facts, desk_clock(), now),
        address=facts.address if facts.address.startswith("https://") else "", created_at=now,
    )  # fmt: skip
    SourceItem.objects.bulk_create([new], ignore_conflicts=True)
    item = SourceItem.objects.select_for_update(of=("self",)).get(source=source, external_id=facts.item)
    if not item.address and new.address:
        SourceItem.objects.filter(pk=item.pk).update(address=new.address)
    return item


def _opened_on(facts: Facts, clock: DeskClock, now: datetime) -> date:
    told = facts.opened_at or facts.at
    return clock.day_of(datetime.fromisoformat(told) if told else now)


def _ticket(source: InboxSource, item: SourceItem, facts: Facts, now: datetime) -> Ticket:
    person = person_of(source, facts, now)
    name = SourceKind(source.kind).label if source.kind != SourceKind.OTHER else source.name
    if item.ticket_id is None:
        text = facts.words or facts.subject or f"A conversation in {source.name}. Its words stand there."
        ticket = intake.open_ticket(
            requester=person, subject=facts.subject, text=text, channel=Channel.API, by=None, team=source.team, now=now
        )
        SourceItem.objects.filter(pk=item.pk).update(ticket=ticket)
        item.ticket = ticket
        at = f" It stands at {item.address or facts.address}." if facts.address.startswith("https://") else ""
        _note(ticket, f"Came from {name} ({source.name}), number {facts.item[:60]}.{at}", now)
    else:
        ticket = Ticket.objects.get(pk=item.ticket_id)
        if facts.words or facts.author:
            nobody = nobody_of(source, facts.item)
            fill_in(ticket=ticket, facts=facts, nobody=nobody, person=person, now=now)
        if facts.words:
            intake.add_customer_message(ticket=ticket, person=person, text=facts.words, channel=Channel.API, now=now)
    if facts.did:
        _note(locked_survivor(ticket), f"{facts.did} in {source.name}.", now)
    return ticket


def _note(ticket: Ticket, words: str, now: datetime) -> None:
    write_event(ticket, kind="source", text=words, by=None, now=now)
