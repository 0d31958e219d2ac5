"""Acting on many tickets: how soon the page answers, and how soon a worker is through."""

import re
import time
from collections.abc import Callable

from supportdesk.bench.client import Answer, Browser, spread, token_of
from supportdesk.bench.scene import Scene
from tickets.choices import BulkState
from tickets.models import BulkJob

MOST = 500
DONE_SECONDS = 120
JOB = re.compile(r"/desk/bulk/(\d+)/")


def measure_bulk(scene: Scene, host: str, port: int, *, rounds: int) -> dict:
    """Up to 500 tickets are given to somebody, tagged and set to urgent by one choice each, and taken back again.

    `answer` is each POST by itself: choosing the tickets, saying what, the undo. `done_s` is from the POST that begins
    until the last ticket is settled, by the product's own worker; `undone_s` the same of the undo.
    """
    browser, wanted = Browser(host, port, scene.session), scene.unsolved[:MOST]
    verbs: list[tuple[str, dict[str, object]]] = [
        ("assign", {"to": scene.agent.pk}), ("tag", {"tag": "bench"}), ("priority", {"priority": "urgent"}),
    ]  # fmt: skip
    answers: list[Answer] = []
    done, undone = [], []
    for number in range(rounds):
        verb, given = verbs[number % len(verbs)]
        page = browser.get("/inbox/all/")
        chosen = _sent(answers, browser, "/desk/bulk/", page, {"in": "all", "ticket": wanted, "verb": verb})
        found = JOB.search(chosen.headers.get("location", ""))
        if not found:
            raise RuntimeError(f"Choosing {len(wanted)} tickets led to {chosen.headers.get('location')}.")
        job, token = int(found[1]), browser.get(chosen.headers["location"])
        done.append(_until(job, BulkState.DONE, lambda: _sent(
            answers, browser, f"/desk/bulk/{job}/{verb}/", token, {"in": "all", **given}  # noqa: B023 - called at once
        )))  # fmt: skip
        undone.append(_until(job, BulkState.UNDONE, lambda: _sent(
            answers, browser, f"/desk/bulks/{job}/undo/", token, {"in": "all"}  # noqa: B023 - called at once
        )))  # fmt: skip
    return {
        "tickets": len(wanted),
        "answer": spread([one.seconds for one in answers]),
        "done_s": round(sorted(done)[len(done) // 2], 2),
        "undone_s": round(sorted(undone)[len(undone) // 2], 2),
    }


def _sent(answers: list[Answer], browser: Browser, path: str, page: Answer, fields: dict[str, object]) -> Answer:
    answer = browser.post(path, token_of(page), fields)
    if answer.status not in (302, 303):
        raise RuntimeError(f"{path} was answered with {answer.status}.")
    answers.append(answer)
    return answer


def _until(job: int, state: str, begin: Callable[[], object]) -> float:
    """Seconds from `begin` until the job stands so. Raises RuntimeError when it never does, or did nothing."""
    began = time.perf_counter()
    begin()
    while BulkJob.objects.get(pk=job).state != state:
        if time.perf_counter() - began > DONE_SECONDS:
            raise RuntimeError(f"A bulk job was not {state} after {DONE_SECONDS} s.")
        time.sleep(0.02)
    return time.perf_counter() - began
