"""Organisations and people of an export, kept once. What was changed here since stays."""

from collections.abc import Sequence
from datetime import datetime

from accounts.addresses import NO_MAIL
from accounts.models import Membership, Person
from accounts.models import Organisation as OrganisationRow
from mail.actions.store import own_addresses
from tickets.actions.imports.directory import (
    Who,
    check_address,
    make_people,
    no_address,
    note_phones,
    organisations_by_name,
    people_by_address,
    people_by_key,
    taking_from_files,
)
from tickets.actions.imports.taken import Outcome, Taken, known
from tickets.import_choices import Sort
from tickets.import_formats.records import Human, Organisation, Unreadable, digest_of
from tickets.models import Imported, TicketImport


def write_organisations(run: TicketImport, taken: Sequence[Taken[Organisation]], now: datetime) -> Outcome:
    """Companies: those that are here already, by domain or else by name, are the same ones."""
    outcome, rows = Outcome(), known(run.source, Sort.ORGANISATION, [one.record.external_id for one in taken])
    new: dict[str, Taken[Organisation]] = {}
    for one in taken:
        record, row = one.record, rows.get(one.record.external_id)
        if row is None and record.external_id not in new:
            new[record.external_id] = one
        elif row is None or row.digest == digest_of(record):
            outcome.same += 1
        else:
            OrganisationRow.objects.filter(pk=row.object_id or 0, name=row.data.get("name", "")).update(
                name=record.name
            )
            row.digest, row.data = digest_of(record), {"name": record.name}
            row.save(update_fields=["digest", "data"])
            outcome.changed += 1
    places = _places([one.record for one in new.values()])
    Imported.objects.bulk_create(
        Imported(
            source=run.source, sort=Sort.ORGANISATION, external_id=key, object_id=places[key],
            digest=digest_of(one.record), data={"name": one.record.name},
        )
        for key, one in new.items()
    )  # fmt: skip
    outcome.made += len(new)
    return outcome


def _places(records: Sequence[Organisation]) -> dict[str, int]:
    """Which row each is here."""
    domains = {record.domain for record in records if record.domain}
    here = dict(OrganisationRow.objects.filter(domain__in=domains).values_list("domain", "pk")) if domains else {}
    nameless = [record.name for record in records if not record.domain]
    named = organisations_by_name(nameless)
    found: dict[str, int] = {}
    for record in records:
        if not record.domain:
            found[record.external_id] = named[record.name.casefold()]
            continue
        if record.domain not in here:
            here[record.domain] = OrganisationRow.objects.create(name=record.name, domain=record.domain).pk
        found[record.external_id] = here[record.domain]
    return found


def write_people(run: TicketImport, taken: Sequence[Taken[Human]], now: datetime) -> Outcome:
    """Customers become people. Colleagues are known by their address, and else by their name alone."""
    outcome, rows = Outcome(), known(run.source, Sort.PERSON, [one.record.external_id for one in taken])
    new: dict[str, tuple[Human, str]] = {}
    changed: dict[str, tuple[Imported, Human, str, Taken]] = {}
    ours = own_addresses()
    for one in taken:
        record, row = one.record, rows.get(one.record.external_id)
        try:
            if row is None and record.external_id not in new:
                new[record.external_id] = record, _address(run, record, ours)
            elif row is None or row.digest == record.digest:
                outcome.same += 1
            else:
                changed[record.external_id] = row, record, _address(run, record, ours), one
        except Unreadable as problem:
            outcome.refuse(run, one, str(problem))
    people = _made(new, now)
    rows_made = [_imported(run, record, email, people) for record, email in new.values()]
    Imported.objects.bulk_create(rows_made)
    numbers = {record.external_id: record.phone for record, _ in new.values() if not record.is_colleague}
    note_phones(((row.object_id, numbers.get(row.external_id, "")) for row in rows_made), now=now)
    _join(run, [(record, people.get(email)) for record, email in new.values()])
    outcome.made += len(new)
    for row, record, email, one in changed.values():
        try:
            _change(run, row, record, email, now)
            outcome.changed += 1
        except Unreadable as problem:
            outcome.refuse(run, one, str(problem))
    return outcome


def _address(run: TicketImport, record: Human, ours: set[str]) -> str:
    if record.is_colleague:
        return record.email.casefold()
    return check_address(record.email, ours) if record.email else no_address(run.source, record.external_id)


def _made(new: dict[str, tuple[Human, str]], now: datetime) -> dict[str, Who]:
    customers = {email: (one.name, one.created_at) for one, email in new.values() if not one.is_colleague}
    people = people_by_address(email for _, email in new.values())
    make_people({email: about for email, about in customers.items() if email not in people}, now=now)
    people |= people_by_address(customers)
    for email, (name, _) in customers.items():
        if name and email in people and people[email].name == email:  # known by an address alone until now
            Person.objects.filter(pk=people[email].person, name="").update(name=name)
    return people


def _imported(run: TicketImport, record: Human, email: str, people: dict[str, Who]) -> Imported:
    who = people.get(email)
    person = who.person if who and (who.is_staff or not record.is_colleague) else None
    data = {"name": record.name, "email": record.email, "colleague": record.is_colleague}
    return Imported(
        source=run.source, sort=Sort.PERSON, external_id=record.external_id, object_id=person,
        digest=record.digest, data=data,
    )  # fmt: skip


def _join(run: TicketImport, found: Sequence[tuple[Human, Who | None]]) -> None:
    """Customers become members of their organisations. It shows them nobody else's tickets.

    Whoever is a member reads and changes what the organisation bought, and is read by whoever sees their colleagues'
    tickets: there a name or a domain in a file only suggests it, and a person here decides (S10).
    """
    there = known(run.source, Sort.ORGANISATION, {record.organisation for record, _ in found if record.organisation})
    named = organisations_by_name(record.organisation_name for record, _ in found)
    members = []
    for record, who in found:
        row = there.get(record.organisation)
        place = row.object_id if row else named.get(record.organisation_name.casefold())
        if place and who and who.person and not record.is_colleague:
            members.append(Membership(person_id=who.person, organisation_id=place))
    taking = taking_from_files(one.organisation_id for one in members)
    members = [one for one in members if one.organisation_id in taking]
    Membership.objects.bulk_create(members, ignore_conflicts=True)


def _change(run: TicketImport, row: Imported, record: Human, email: str, now: datetime) -> None:
    """Somebody is another there than last time. Raises Unreadable where that may not change anything here."""
    person = people_by_key([row.object_id]).get(row.object_id) if row.object_id else None
    if person and not record.is_colleague and email != person.email:
        _move(row, person, email)
    if person and record.name and person.name in (row.data.get("name"), person.email):
        Person.objects.filter(pk=person.person).update(name=record.name[:255])
    people = people_by_address([email])
    if person is None and not record.is_colleague:
        people = _made({record.external_id: (record, email)}, now)
    fresh = _imported(run, record, email, people)
    row.digest, row.data, row.object_id = fresh.digest, fresh.data, row.object_id or fresh.object_id
    row.save(update_fields=["digest", "data", "object_id"])
    if not record.is_colleague:
        note_phones([(row.object_id, record.phone)], now=now)
    _join(run, [(record, people.get(email))])


def _move(row: Imported, person: Who, email: str) -> None:
    """Another address. Where mail goes today is not changed from outside; whoever had no address gets theirs."""
    is_taken = email in people_by_address([email])
    if is_taken or not person.email.endswith(f"@{NO_MAIL}"):
        raise Unreadable(f"The address there is “{email[:60]}” now. {person.email} stays here: change it by hand.")
    Person.objects.filter(pk=person.person).update(email=email)
