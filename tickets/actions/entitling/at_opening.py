"""What a new ticket is entitled to, from the door through which it came. One query where nobody is entitled."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.addresses import NotAnAddress, normalise
from accounts.models import Person
from tickets.actions.entitling import granting
from tickets.actions.keeping import write_event
from tickets.choices import Channel
from tickets.entitlements import Standing, status
from tickets.models import Ticket
from tickets.support_choices import PROVING, CheckMethod, CheckResult, Support, Wish

# For so long a ticket says by itself that its customer's support has ended.
TOLD_FOR = timedelta(days=90)


@dataclass(frozen=True)
class Proof:
    """What a door knows of whoever writes. A typed address and words are a claim, and show nothing (N2).

    `person` is who was shown or claimed where that is not the requester, `asks` that they say they have priority,
    `uses_incident` that they chose to spend one of their pack.
    """

    method: CheckMethod = CheckMethod.CLAIM
    person: Person | None = None
    asks: bool = False
    uses_incident: bool = False
    wish: str = ""

    @property
    def proves(self) -> bool:
        return self.method in PROVING


NO_PROOF = Proof()


def claimed_by(address: str, *, asks: bool = False) -> Proof:
    """What somebody's words about their address come to: a claim, about whoever has that address."""
    try:
        known = Person.objects.filter(email=normalise(address)).first() if address else None
    except NotAnAddress:
        known = None
    return Proof(person=known, asks=asks)


def weigh(ticket: Ticket, proof: Proof, now: datetime) -> None:
    """Set what a ticket that is about to be saved is entitled to, before its clocks start; and write it down."""
    ticket.wish = proof.wish
    person = proof.person or ticket.requester
    standing = status(person, now, channel_of(ticket))
    if not proof.proves:
        _note_claim(ticket, standing, person, proof, now)
    elif standing.is_entitled:
        _give(ticket, standing, person, proof, now)
    elif _ended_lately(standing, now):
        _note_end(ticket, standing, person, proof, now)
    elif proof.uses_incident and standing.entitlement is not None:
        _note_used_up(ticket, standing, person, proof, now)


def channel_of(ticket: Ticket) -> str:
    """The channel that has to be covered: how the customer wants to be helped, else how they wrote; "" for any."""
    if ticket.wish == Wish.CALL:
        return Channel.PHONE
    return ticket.channel if ticket.channel in COVERED else ""


# What an entitlement may be limited to. Doors of programs and agents are no channel that anybody buys.
COVERED = (Channel.MAIL, Channel.WEB, Channel.PHONE, Channel.SMS, Channel.CHAT)


def _give(ticket: Ticket, standing: Standing, person: Person, proof: Proof, now: datetime) -> None:
    """Priority, and an incident where it costs one. If the last one was used a moment ago, the next pack is asked."""
    if standing.needs_incident and not proof.uses_incident:
        return
    while standing.needs_incident and standing.entitlement and not granting.spend(standing.entitlement):
        standing = status(person, now, channel_of(ticket))
    entitlement = standing.entitlement
    if entitlement is None or not standing.is_entitled:
        _note_used_up(ticket, standing, person, proof, now)
        return
    granting.put_on(ticket, entitlement, now)
    granting.note(
        ticket, entitlement, method=proof.method, result=CheckResult.ENTITLED, person=person, by=None, now=now,
        spends=standing.needs_incident,
    )  # fmt: skip


def _note_claim(ticket: Ticket, standing: Standing, person: Person, proof: Proof, now: datetime) -> None:
    if (standing.is_entitled and (proof.asks or not standing.needs_incident)) or (proof.asks and not standing.result):
        ticket.support = Support.CLAIMED
        known = person if standing.entitlement else None
        _note(ticket, standing, known, proof, CheckResult.CLAIMED, now)
    elif _ended_lately(standing, now):
        _note_end(ticket, standing, person, proof, now)


def _note_end(ticket: Ticket, standing: Standing, person: Person, proof: Proof, now: datetime) -> None:
    ticket.support = Support.ENDED
    _note(ticket, standing, person, proof, CheckResult.ENDED, now)


def _note_used_up(ticket: Ticket, standing: Standing, person: Person, proof: Proof, now: datetime) -> None:
    _note(ticket, standing, person, proof, CheckResult.USED_UP, now)
    name = standing.entitlement.name if standing.entitlement else "The pack"
    write_event(ticket, kind="used_up", text=f"{name}: no incident was left.", by=None, now=now)


def _note(
    ticket: Ticket, standing: Standing, person: Person | None, proof: Proof, result: CheckResult, now: datetime
) -> None:
    granting.note(
        ticket, standing.entitlement, method=proof.method, result=result, person=person, by=None, now=now
    )  # fmt: skip


def _ended_lately(standing: Standing, now: datetime) -> bool:
    return standing.ended_at is not None and now - TOLD_FOR < standing.ended_at <= now
