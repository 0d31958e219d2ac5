"""Four more places in which customers write, two weeks of mornings, and one that is not done yet."""

from datetime import date, datetime, timedelta
from random import Random

from accounts.models import Person
from supportdesk.demo.company import Company
from tickets.actions.setup import sources
from tickets.actions.start_of_day import counting, days, events
from tickets.models import DailyCount, DayCheck, DayRun, DeskDay, InboxSource
from tickets.open_days import DeskClock, desk_clock
from tickets.queries_desk.start_of_day import starters
from tickets.source_choices import CheckState, RunState, SourceKind
from tickets.sources.facts import Facts

MORNINGS = 10
PLACES = (
    ("Old Zendesk", SourceKind.ZENDESK),
    ("Website messenger", SourceKind.INTERCOM),
    ("Teachers’ community", SourceKind.DISCOURSE),
    ("Voicemail", SourceKind.OTHER),
)
ASKED = (
    ("4410", "Battery pack swollen", "One of our battery packs has a bump. May we still use it?", "Iris Delgado"),
    ("4411", "Replacement gripper", "The gripper of kit 7 is cracked. Where do I order one?", "Sam Whitlock"),
    ("4412", "Quote for 20 kits", "We need a quote with our purchase order on it by Friday.", "Noor Haddad"),
)
NOTES = (
    "Westbrook rings back at two: they want the arm’s firmware by mail first.",
    "Nothing special. The community asks about 12 V again, an article is on its way.",
    "The carrier is late with the Halifax boxes; say so before they ask.",
)


def lay_start_of_day(*, company: Company, now: datetime) -> None:
    """The places, the mornings that were, and today's with one thing missing."""
    clock = desk_clock()
    today, random = clock.day_of(now), Random(7)  # noqa: S311 - the same mornings every time
    places = [
        sources.create_source(
            name=name, kind=kind, secret="" if kind == SourceKind.OTHER else "demo-signing-secret",
            by=company.admin, now=now,
        )
        for name, kind in PLACES
    ]  # fmt: skip
    mornings = _mornings(clock, today)
    for place in places:
        InboxSource.objects.filter(pk=place.pk).update(began_on=mornings[0] if mornings else today)
        place.refresh_from_db()
    people = list(starters().order_by("pk"))
    for number, on in enumerate(mornings[1:], 1):
        _morning(clock, on, places, people, number, random)
    _today(places, clock, mornings, company, now)


def _mornings(clock: DeskClock, today: date) -> list[date]:
    """The last open days before today, oldest first."""
    before = (today - timedelta(days=number) for number in range(1, 40))
    return sorted([on for on in before if clock.opens_on(on)][:MORNINGS])


def _morning(
    clock: DeskClock, on: date, places: list[InboxSource], people: list[Person], number: int, random: Random
) -> None:
    """A day as it was: everybody done, once somebody late."""
    late_at = clock.at(on, 630)
    captain = people[number % len(people)]
    day = DeskDay.objects.create(
        on=on, captain=captain, begins_at=clock.at(on), late_at=late_at, ends_at=clock.ends(on),
        alerted_at=late_at if number == 4 else None,
    )  # fmt: skip
    counted = {place.pk: random.randint(0, 6) for place in places}
    for place in places:
        _count(place, on, counted[place.pk], captain, clock)
    for at, person in enumerate(people):
        is_late = number == 4 and at == 1
        began = clock.at(on, 640 if is_late else 530 + 6 * at)
        run = DayRun.objects.create(
            day=day, person=person, state=RunState.LATE if is_late else RunState.DONE, began_at=began,
            done_at=began + timedelta(minutes=random.randint(6, 19)), items=random.randint(3, 14),
            handover=NOTES[number % len(NOTES)] if at == number % len(people) else "",
        )  # fmt: skip
        DayCheck.objects.bulk_create(
            DayCheck(run=run, source=place, state=CheckState.CLEAR, expected=counted[place.pk], seen=counted[place.pk])
            for place in places
        )


def _count(place: InboxSource, on: date, number: int, by: Person, clock: DeskClock) -> None:
    last = DailyCount.objects.filter(source=place).order_by("-on").first()
    since = last.on + timedelta(days=1) if last else place.began_on
    at = clock.at(on, 525)
    count = DailyCount(source=place, since_on=since, on=on - timedelta(days=1), ours=number, counted_at=at)
    if place.kind == SourceKind.OTHER:
        count.attested, count.attested_by, count.attested_name, count.attested_at = number, by, by.shown_name, at
    else:
        count.theirs = number
    count.save()


def _today(places: list[InboxSource], clock: DeskClock, mornings: list[date], company: Company, now: datetime) -> None:
    """Three questions came by Zendesk, and its export knows a fourth. The messenger has been silent since the night."""
    zendesk, messenger, community, _ = places
    on = clock.day_of(now) - timedelta(days=1)
    asked = [_facts(number, subject, words, name, clock.at(on, 600)) for number, subject, words, name in ASKED]
    events.receive(source=zendesk, facts=asked, now=now)
    for event in zendesk.events.order_by("pk"):
        events.take_in_event(event_id=event.pk, now=now)
    missing = _facts(
        "4413", "Which invoice is this?", "We have two with the same amount.", "Greta Olsen", clock.at(on, 900)
    )
    counting.take_export(source=zendesk, content=_export([*asked, missing]), by=company.admin, now=now)
    counting.take_export(source=community, content=b'{"topics": []}', by=company.admin, now=now)
    events.prove_alive(source=community, now=now)
    events.prove_alive(source=messenger, now=now - timedelta(minutes=40))
    days.keep_day(now=now)


def _facts(number: str, subject: str, words: str, name: str, at: datetime) -> Facts:
    address = f"{name.split()[0].lower()}@{name.split()[1].lower()}.example"
    return Facts(
        event=f"ticket:{number}", item=number, at=at.isoformat(), opened_at=at.isoformat(), subject=subject,
        words=words, name=name, email=address, author=number,
    )  # fmt: skip


def _export(rows: list[Facts]) -> bytes:
    lines = ["Id,Created at,Subject,Description,Requester,Requester email"]
    lines += [f'{one.item},{one.at},"{one.subject}","{one.words}",{one.name},{one.email}' for one in rows]
    return "\n".join(lines).encode()
