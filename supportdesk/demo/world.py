"""The weeks before today, lived through in order: whoever acts next acts, what is due falls due, mail leaves.

Nothing here touches a network. Mail "leaves" with the record that a real sender writes, and the answer that a server
would have given.
"""

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from celery import current_app
from django.db import connection

from mail.actions import deliver
from mail.actions.store import store_raw
from mail.choices import Door, ErrorKind, MailState
from mail.gateways import SendError
from mail.models import Mailbox, OutgoingMail
from supportdesk.demo.letters import Letter, as_bytes
from supportdesk.lib import background
from supportdesk.lib.business_hours import Calendar, add_business_time
from tickets.actions.take_in import Outcome, take_in
from timers.actions.sweep import sweep

UNREACHABLE = "unknown.user"
TOGETHER = timedelta(seconds=45)
EASTERN = "America/New_York"
NEXT_DUE = """
select least(
    (select min(next_attempt_at) from mail_outgoingmail where state = 'queued'),
    (select min(try_at) from timers_timer where done_at is null))
"""

# A story yields when it goes on; it acts when it is resumed.
Story = Iterator[datetime]


@dataclass(frozen=True)
class Lived:
    """How much happened."""

    steps: int
    unfinished: int


class World:
    """Time, its people's hours, and the post."""

    def __init__(self, *, office: Calendar, now: datetime, random: Random) -> None:
        self.now = now
        self.random = random
        self._queue: list[tuple[datetime, int, Story]] = []
        self._order = count()
        self._reached = datetime.min.replace(tzinfo=now.tzinfo)
        self._office = office

    def tell(self, story: Story) -> None:
        """Add a story; it begins at the time that it yields first."""
        begins = next(story, None)
        if begins is not None:
            heapq.heappush(self._queue, (begins, next(self._order), story))

    def live(self, progress: Callable[[], object]) -> Lived:
        """Let everything happen that happens before now. What comes later stays undone, as in life."""
        steps = 0
        while self._queue and self._queue[0][0] <= self.now:
            at, _, story = heapq.heappop(self._queue)
            self.let_due_things_happen(at)
            self._reached = max(self._reached, at)
            goes_on = next(story, None)
            if goes_on is not None:
                heapq.heappush(self._queue, (max(goes_on, at), next(self._order), story))
            steps += 1
            progress()
        self.let_due_things_happen(self.now)
        return Lived(steps, len(self._queue))

    def office_time(self, start: datetime, minutes: float) -> datetime:
        """When the desk will have been open for `minutes` since `start`."""
        return add_business_time(self._office, start, minutes * 60)

    def school_time(self, start: datetime, minutes: float, zone: str) -> datetime:
        """About `minutes` after `start`, on a school day between half past six and five, local time."""
        local = (start + timedelta(minutes=minutes)).astimezone(ZoneInfo(zone))
        while local.weekday() > 4 or not 6 <= local.hour < 17:
            step = 1 if local.hour >= 17 or local.weekday() > 4 else 0
            morning = local.replace(hour=6, minute=30, second=0) + timedelta(days=step)
            local = morning + timedelta(minutes=self.random.randint(0, 170), seconds=self.random.randint(0, 59))
        return local.astimezone(start.tzinfo)

    def school_day_before(self, moment: datetime) -> datetime:
        """`moment`, or the latest school hours before it as eastern schools keep them."""
        local = moment.astimezone(ZoneInfo(EASTERN))
        while local.weekday() > 4 or not 7 <= local.hour < 17:
            step = 0 if local.weekday() <= 4 and local.hour >= 17 else 1
            evening = (local - timedelta(days=step)).replace(hour=16, minute=50, second=0)
            local = evening - timedelta(minutes=self.random.randint(0, 560), seconds=self.random.randint(0, 59))
        return local.astimezone(moment.tzinfo)

    def receive(self, letter: Letter, *, mailbox: Mailbox, envelope_to: str = "") -> Outcome:
        """A letter comes in by SMTP and is taken in."""
        return self.receive_raw(as_bytes(letter, self.random), mailbox=mailbox, at=letter.at, envelope_to=envelope_to)

    def receive_raw(self, raw: bytes, *, mailbox: Mailbox, at: datetime, envelope_to: str = "") -> Outcome:
        """Bytes come in by SMTP, whatever they are."""
        row, _ = store_raw(raw=raw, mailbox=mailbox, door=Door.SMTP, envelope_to=envelope_to, now=at)
        return take_in(raw_id=row.pk, now=at)

    def let_due_things_happen(self, until: datetime) -> None:
        """Mails leave and timers are answered within a minute of their time, as by workers at work, up to `until`."""
        while (at := _next_due()) is not None and at <= until:
            self._happen(min(until, max(at + TOGETHER, self._reached)))

    def _happen(self, at: datetime) -> None:
        """The address of nobody bounces; everybody else's server takes the mail."""
        self._reached = at
        due = OutgoingMail.objects.filter(state=MailState.QUEUED, next_attempt_at__lte=at)
        for mail in due.order_by("next_attempt_at", "pk"):
            mail.state, mail.lease_id, mail.attempts, mail.leased_until = MailState.SENDING, 1, 1, at + deliver.LEASE
            mail.save(update_fields=["state", "lease_id", "attempts", "leased_until"])
            if UNREACHABLE in mail.to_address:
                error = SendError(ErrorKind.PERMANENT, "550 5.1.1 The mail account does not exist.", "5.1.1")
                deliver.record_failure(mail=mail, error=error, now=at)
            else:
                deliver.record_success(mail=mail, answer="250 2.0.0 Taken (demo)", now=at)
        sweep(now=at)


def _next_due() -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(NEXT_DUE)
        return cursor.fetchone()[0]


def last_mail_to(address: str, ticket_key: str) -> OutgoingMail | None:
    """Our newest mail about a ticket that its recipient could answer."""
    mails = OutgoingMail.objects.filter(to_address=address, subject_key=ticket_key, state=MailState.SENT)
    return mails.exclude(reply_to_address="").order_by("-pk").first()


@contextmanager
def nobody_woken() -> Iterator[None]:
    """What happened weeks ago wakes no worker today: wake-ups of this process go nowhere for the block."""
    before = current_app.conf.broker_url
    background._hang_up()
    current_app.conf.update(broker_url="memory://")
    try:
        yield
    finally:
        background._hang_up()
        current_app.conf.update(broker_url=before)


@contextmanager
def in_a_hurry() -> Iterator[None]:
    """Commits of the block are not waited for: a power cut costs a demo, which is made again."""
    with connection.cursor() as cursor:
        cursor.execute("set synchronous_commit = off")
        try:
            yield
        finally:
            cursor.execute("set synchronous_commit = on")
