"""What happens without anybody waiting: mail taken in, timers answered."""

import time
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F

from mail.actions.store import store_raw
from mail.choices import Door
from mail.models import Mailbox, RawMail
from supportdesk.bench.client import spread
from supportdesk.load.words import Words
from tickets.actions.take_in import take_in
from timers.actions.sweep import sweep
from timers.models import Timer
from timers.registry import forget, register

ADDRESS = "support@bench.example"
KIND = "bench.effect"
MAIL_BYTES = 5_000
WORKER_SECONDS = 300
ASIDE = timedelta(days=1)


def mailbox() -> Mailbox:
    """The desk's own address."""
    made, _ = Mailbox.objects.get_or_create(
        address=ADDRESS, defaults={"is_default": not Mailbox.objects.filter(is_default=True).exists()}
    )
    return made


def raw_mail(number: int, now: datetime, words: Words) -> bytes:
    """A plain mail of about 5 kB from somebody new."""
    told = words.ticket()
    text = words.spiced(told.turns[0]).replace("\\n", "\r\n")
    filler = "\r\n".join("The list of parts goes on with wheels, hubs, motors, cables and screws." for _ in range(60))
    head = (
        f"From: Person {number} <person{number}@camp{number % 97}.bench.example>\r\nTo: {ADDRESS}\r\n"
        f"Subject: {told.subject}\r\nMessage-ID: <{number}.{now.timestamp()}@camp.bench.example>\r\n"
        f"Date: {now:%a, %d %b %Y %H:%M:%S} +0000\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    return (head + text + "\r\n\r\n" + filler).encode()[: MAIL_BYTES + 200]


def measure_intake(*, count: int, now: datetime) -> dict[str, float]:
    """Mails a second through the door and through `take_in`, one after the other in one process."""
    box, words = mailbox(), Words(seed=11)
    raws = [raw_mail(number, now, words) for number in range(count + 5)]
    began = time.perf_counter()
    rows = [store_raw(raw=raw, mailbox=box, door=Door.SMTP, now=now)[0] for raw in raws]
    stored = time.perf_counter() - began
    for row in rows[:5]:  # starts the parser
        take_in(raw_id=row.pk, now=now)
    times = []
    for row in rows[5:]:
        started = time.perf_counter()
        outcome = take_in(raw_id=row.pk, now=now)
        times.append(time.perf_counter() - started)
        if outcome.outcome != "ticket":
            raise RuntimeError(f"A mail became {outcome}.")
    return {
        "stored_a_second": round(len(rows) / stored, 1),
        "taken_in_a_second": round(len(times) / sum(times), 1),
        **spread(times),
    }


def measure_worker(*, count: int, now: datetime) -> dict[str, float]:
    """Mails a second that one running worker, with its two pool processes, takes in. Waits until none is left.

    All are left at the door at once. Counted between the tenth and the ninetieth of a hundred of them.
    """
    box, words = mailbox(), Words(seed=17)
    for raw in [raw_mail(2 * 10**6 + number, now, words) for number in range(count)]:
        store_raw(raw=raw, mailbox=box, door=Door.SMTP, now=now)
    deadline = time.monotonic() + WORKER_SECONDS
    while RawMail.objects.pending().exists():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{RawMail.objects.pending().count()} mails were left after {WORKER_SECONDS} s.")
        time.sleep(0.2)
    ends = RawMail.objects.order_by("-pk").values_list("done_at", flat=True)[:count]
    done = sorted(at for at in ends if at is not None)
    first, last = done[count // 10], done[count * 9 // 10]
    return {
        "mails": count,
        "taken_in_a_second": round((count * 9 // 10 - count // 10) / (last - first).total_seconds(), 1),
    }


def measure_timers(*, count: int, now: datetime) -> dict[str, float]:
    """`count` timers fall due at once; each handler writes one row. Lateness is when its batch was committed.

    What the load left due, with handlers of its own, waits meanwhile.
    """
    others = list(Timer.objects.waiting().filter(try_at__lte=now + timedelta(hours=1)).values_list("pk", flat=True))
    Timer.objects.filter(pk__in=others).update(try_at=F("try_at") + ASIDE)
    with connection.cursor() as cursor:
        cursor.execute("create table bench_effect (subject bigint)")
        cursor.execute(
            "insert into timers_timer (kind, subject, visit, number, due_at, try_at, attempts, last_error) "
            "select %s, subject, 0, 0, %s, %s, 0, '' from generate_series(1, %s) as subject",
            [KIND, now, now, count],
        )
        cursor.execute("analyze timers_timer")
    register(KIND, _effect)
    late, left, began = [], count, time.perf_counter()
    try:
        while left:
            swept = sweep(now=now + timedelta(seconds=1), limit=200)
            left -= swept.done
            late += [time.perf_counter() - began] * swept.done
            if not swept.done:
                raise RuntimeError(f"{left} timers were left.")
        seconds = time.perf_counter() - began
    finally:
        forget(KIND)
        with connection.cursor() as cursor:
            cursor.execute("select count(*), count(distinct subject) from bench_effect")
            effects = cursor.fetchone()
            cursor.execute("drop table bench_effect")
            cursor.execute("delete from timers_timer where kind = %s", [KIND])
        aside = Timer.objects.filter(pk__in=others, try_at__gte=F("due_at") + ASIDE)  # not what was put off since
        aside.update(try_at=F("try_at") - ASIDE)
    return {
        "due_at_once": count,
        "effects": effects[0],
        "distinct": effects[1],
        "effects_a_second": round(count / seconds),
        "late_p50_s": round(sorted(late)[len(late) // 2], 2),
        "late_p99_s": round(sorted(late)[int(len(late) * 0.99)], 2),
    }


def _effect(timer, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("insert into bench_effect values (%s)", [timer.subject])
