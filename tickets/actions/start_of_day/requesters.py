"""Who asked, once a source says so: what it told first may have named nobody, since its events overtake each other."""

from datetime import datetime

from accounts.models import Person
from tickets import clocks
from tickets.actions.keeping import keep, locked, write_event
from tickets.choices import Role
from tickets.models import Message, Participant, Ticket
from tickets.sources.facts import Facts

NAMELESS = ("", "(no subject)")
AT_ONCE = 200


def fill_in(*, ticket: Ticket, facts: Facts, nobody: Person | None, person: Person, now: datetime) -> None:
    """The first words of a conversation name its writer and its subject, where what was told before did not.

    In the caller's transaction. `nobody` is the person in whose name it was opened until then.
    """
    row = locked(ticket)
    if row.merged_into_id:
        return
    is_nobodys = nobody is not None and row.requester_id == nobody.pk != person.pk
    lacks_subject = row.subject in NAMELESS and bool(facts.subject)
    if lacks_subject:
        row.subject = facts.subject
    if is_nobodys:
        _give(row, person, now)
    if is_nobodys or lacks_subject:
        keep(row, promise=clocks.promise_for(row), now=now)


def give_all(*, nobody: Person, person: Person, now: datetime) -> None:
    """Somebody who had no address is somebody whom we know: what they asked is theirs. In the caller's transaction."""
    mine = Ticket.objects.filter(requester=nobody, merged_into__isnull=True).order_by("pk")
    for pk in list(mine.values_list("pk", flat=True)[:AT_ONCE]):
        row = locked(pk)
        if row.requester_id == nobody.pk and not row.merged_into_id:
            _give(row, person, now)
            keep(row, promise=clocks.promise_for(row), now=now)


def _give(row: Ticket, person: Person, now: datetime) -> None:
    before = row.requester_id
    Participant.objects.filter(ticket=row, person=person).delete()
    Participant.objects.filter(ticket=row, person=before, role=Role.REQUESTER).update(person=person)
    Message.objects.filter(ticket=row, person=before).update(person=person)
    row.requester = person
    write_event(row, kind="source", text=f"The source says that {person.shown_name} asked.", by=None, now=now)
