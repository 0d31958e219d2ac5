"""The faults of security.md §3 that concern this product now. Each hurts a running desk and says what it saw."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import connection

from mail.models import OutgoingMail, RawMail
from supportdesk.faults.sink import REFUSED, Sink
from supportdesk.faults.stage import Redis, Stage
from supportdesk.faults.traffic import ADDRESS, Traffic

RECOVERY_SECONDS = 15.0
BURST = 300
SHORT_SECONDS = 10.0  # too short to wait for one in ten
A_TENTH, HALF = 0.1, 0.5


@dataclass
class Show:
    """What a fault may touch, and how long it may take."""

    stage: Stage
    sink: Sink
    traffic: Traffic
    redis: Redis
    seconds: float


class Broken(AssertionError):
    """What should hold did not. The message says what was seen."""


def f1(show: Show) -> str:
    """Kill -9 of a pool process or of the whole worker, every 0.3 to 1 s."""
    killed = 0
    with show.traffic:
        deadline = time.monotonic() + show.seconds
        while time.monotonic() < deadline:
            killed += show.stage.kill("worker")
            time.sleep(show.stage.random.uniform(0.3, 1.0))
    return f"{killed} worker processes killed"


def f2(show: Show) -> str:
    """No beat for a while, then two at once."""
    with show.traffic:
        with show.stage.standing_still("beat"):
            time.sleep(show.seconds / 2)
        with show.stage.second_beat():
            time.sleep(show.seconds / 2)
    return "beat stood still, then ran twice"


def f3(show: Show) -> str:
    """Kill -9 of web processes while pages are asked for."""
    seen: dict[int, int] = {}
    deadline = time.monotonic() + show.seconds
    with show.traffic:
        while time.monotonic() < deadline:
            show.stage.kill("web")
            for _ in range(4):
                status = show.stage.status("/sign-in/")
                seen[status] = seen.get(status, 0) + 1
    show.stage.wait_until_ready(30)
    _only(seen, {0, 200, 502, 503}, "pages answered")
    return f"answers: {seen}"


def f4(show: Show) -> str:
    """Redis is killed with -9, loses all it held, and is started again."""
    with show.traffic:
        for _ in range(2):
            time.sleep(show.seconds / 4)
            show.redis.kill()
            time.sleep(show.seconds / 8)
            show.redis.start()
            time.sleep(show.seconds / 8)
    _until(_nothing_comes_in, 60)
    return "killed twice, and every mail was taken in"


def f5(show: Show) -> str:
    """Redis is down for a while: pages answer as before, and mail is taken in by the sweeps' own time."""
    slowest = 0.0
    show.redis.kill()
    with show.traffic:
        deadline = time.monotonic() + show.seconds
        while time.monotonic() < deadline:
            began = time.monotonic()
            status = show.stage.status("/sign-in/")
            slowest = max(slowest, time.monotonic() - began)
            if status != 200:
                raise Broken(f"A page answered {status} without Redis.")
            time.sleep(0.1)
    show.redis.start()
    _until(_nothing_comes_in, 60)
    return f"slowest page {slowest:.2f} s"


def f6(show: Show) -> str:
    """Kill -9 of PostgreSQL twice under traffic. It is back by itself within 15 s, and pages say 503 meanwhile."""
    slowest = 0.0
    seen: dict[int, int] = {}
    with show.traffic:
        for _ in range(2):
            time.sleep(show.seconds / 4)
            show.stage.kill("postgres")
            status = show.stage.status("/readyz")
            seen[status] = seen.get(status, 0) + 1
            slowest = max(slowest, show.stage.wait_until_ready(60))
            time.sleep(show.seconds / 4)
    _only(seen, {0, 200, 502, 503}, "/readyz answered")
    if slowest > RECOVERY_SECONDS:
        raise Broken(f"It took {slowest:.1f} s to come back.")
    return f"back after {slowest:.1f} s"


def f7(show: Show) -> str:
    """PostgreSQL is down for a while: alive, not ready, and mail is refused for now, not lost."""
    with show.traffic:
        with show.stage.database_down():
            time.sleep(min(2.0, show.seconds / 3))
            alive, ready = show.stage.status("/livez"), show.stage.status("/readyz")
            time.sleep(show.seconds / 2)
        back = show.stage.wait_until_ready(60)
    if (alive, ready) != (200, 503):
        raise Broken(f"/livez answered {alive} and /readyz {ready}; 200 and 503 were due.")
    return f"/livez 200, /readyz 503, back after {back:.1f} s"


def f8(show: Show) -> str:
    """Idle connections are cut: at most one request notices."""
    for _ in range(8):
        show.stage.status("/sign-in/")
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity "
            "where datname = current_database() and state = 'idle' and pid <> pg_backend_pid()"
        )
        cut = cursor.fetchone()[0]
    statuses = [show.stage.status("/sign-in/") for _ in range(12)]
    errors = sum(status != 200 for status in statuses)
    if errors > 1:
        raise Broken(f"{errors} of 12 requests failed: {statuses}")
    return f"{cut} connections cut, {errors} requests failed"


def f15(show: Show) -> str:
    """The mail server says 451 to a tenth, and 550 to some addresses."""
    before = dict(show.sink.answers)

    def heard(answer: str) -> int:
        return show.sink.answers[answer] - before.get(answer, 0)

    show.sink.moods = {"451": A_TENTH if show.seconds > SHORT_SECONDS else HALF}
    with show.traffic:
        for number in range(3):
            show.traffic.mail(sender=f"{REFUSED}teacher{number}@schools.example")
        time.sleep(show.seconds)
    # Without more traffic: on a machine that is too slow for it, what was written first would wait behind it for ever.
    try:
        _until(lambda: bool(heard("550") and heard("451")), show.seconds + 120)
    except Broken:
        seen = f"{heard('451')} put off, {heard('550')} refused, {heard('250')} taken"
        raise Broken(f"{seen}. {_where_refused_stand()}") from None
    show.sink.moods = {}
    return f"{heard('451')} put off, {heard('550')} refused"


def f16(show: Show) -> str:
    """The mail server takes mails and its 250 is lost, or comes too late."""
    before = show.sink.unanswered
    show.sink.moods = {"drop": 0.15, "hang": 0.05}
    with show.traffic:
        time.sleep(show.seconds)
    show.sink.moods = {}
    return f"{show.sink.unanswered - before} taken without an answer"


def f17(show: Show) -> str:
    """The mail server is down for a while."""
    show.sink.stop()
    with show.traffic:
        time.sleep(show.seconds)
    show.sink.start()
    return "down, and up again"


def f18(show: Show) -> str:
    """The same mail three times at once."""
    raws = [
        f"From: eva@faults.example\r\nTo: {ADDRESS}\r\nSubject: Thrice {number}\r\n"
        f"Message-ID: <thrice{number}.{time.time()}@faults.example>\r\n\r\nOnce is enough.\r\n".encode()
        for number in range(5)
    ]
    with ThreadPoolExecutor(15) as pool:
        taken = list(pool.map(show.traffic.hand_over, [raw for raw in raws for _ in range(3)]))
    if not all(taken):
        raise Broken("A mail was not taken.")
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from mail_rawmail where subject_line like 'Thrice %%'")
        kept = cursor.fetchone()[0]
    if kept != len(raws):
        raise Broken(f"{kept} mails were kept of {len(raws)} different ones.")
    return f"{len(taken)} handed over, {kept} kept"


def f19(show: Show) -> str:
    """Poison first in the queue; the mail behind it is a ticket within 30 s."""
    for number, raw in enumerate(_poison()):
        show.traffic.hand_over(raw, f"poison{number}@faults.example")
    mark = show.traffic.mail()
    began = time.monotonic()
    _until(lambda: RawMail.objects.filter(subject_line__startswith=mark, state="done").exists(), 30)
    return f"the next mail was taken in after {time.monotonic() - began:.1f} s"


def f20(show: Show) -> str:
    """A burst of mails; pages still answer."""
    count = min(BURST, int(show.seconds * 15))
    slowest = 0.0
    over = threading.Event()

    def look() -> None:
        nonlocal slowest
        while not over.wait(0.2):
            began = time.monotonic()
            show.stage.status("/sign-in/")
            slowest = max(slowest, time.monotonic() - began)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: show.traffic.mail(), range(count)))
    over.set()
    watcher.join(15)
    return f"{count} mails, slowest page {slowest:.2f} s"


def _poison() -> list[bytes]:
    head = f"To: {ADDRESS}\r\nSubject: Poison\r\nMessage-ID: <p{{}}.{time.time()}@faults.example>\r\n"
    deep = "".join(f'Content-Type: multipart/mixed; boundary="b{level}"\r\n\r\n--b{level}\r\n' for level in range(2000))
    return [
        (f'From: "{"x" * 90_000}\r\n' + head.format(1) + "\r\nx\r\n").encode(),
        (f"From: a@faults.example\r\n{head.format(2)}{deep}").encode(),
        ("From: a@faults.example\r\n" + head.format(3) + "Content-Type: text/plain; " + "a*0=x;" * 50_000
         + "\r\n\r\nx\r\n").encode(),
        ("From: a@faults.example, b@faults.example\r\n" + head.format(4) + "\r\nx\r\n").encode(),
    ]  # fmt: skip


def _where_refused_stand() -> str:
    """How far the mails from addresses that are refused have come, and the answers to them."""
    came = RawMail.objects.filter(envelope_from__startswith=REFUSED).values_list(
        "state", "outcome", "attempts", "reason"
    )
    left = OutgoingMail.objects.filter(to_address__startswith=REFUSED)
    return f"In: {list(came)}. Out: {list(left.values_list('kind', 'state', 'attempts', 'last_error'))}."


def _until(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise Broken(f"It did not happen within {seconds:.0f} s.")
        time.sleep(0.2)


def _only(seen: dict[int, int], allowed: set[int], what: str) -> None:
    if set(seen) - allowed:
        raise Broken(f"{what} {seen}.")


def _nothing_comes_in() -> bool:
    return not RawMail.objects.pending().exists()


# Played last, on a desk whose wake-ups go through Redis, where there is one.
NEED_REDIS = ("F4", "F5")
SCENES: dict[str, Callable[[Show], str]] = {
    "F1": f1, "F2": f2, "F3": f3, "F4": f4, "F5": f5, "F6": f6, "F7": f7, "F8": f8,
    "F15": f15, "F16": f16, "F17": f17, "F18": f18, "F19": f19, "F20": f20,
}  # fmt: skip
