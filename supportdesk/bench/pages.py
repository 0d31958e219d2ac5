"""How long pages take, how many queries, how many bytes."""

import re
from collections.abc import Iterator
from itertools import cycle

from supportdesk.bench.client import Answer, Browser, at_once, spread, token_of
from supportdesk.bench.scene import Scene

ASSET = re.compile(rb'(?:href|src)="(/static/[^"#]+)')
FONT = re.compile(rb'url\("?([^")]+\.woff2)"?\)')


def pages(scene: Scene) -> dict[str, tuple[str, str]]:
    """Name: (address, the floor that it is held against)."""
    return {
        "floor, 20 rows": ("/bench/floor/20/", ""),
        "floor, 50 rows": ("/bench/floor/50/", ""),
        "floor, 4 messages": (f"/bench/floor/ticket/{scene.short}/", ""),
        "floor, 200 messages": (f"/bench/floor/ticket/{scene.long}/", ""),
        "my tickets": ("/inbox/mine/", "floor, 50 rows"),
        "unassigned tickets": ("/inbox/unassigned/", "floor, 50 rows"),
        "all tickets": ("/inbox/all/", "floor, 50 rows"),
        "ticket with 4 messages": (f"/inbox/all/{scene.short}/", "floor, 4 messages"),
        "ticket with 200 messages": (f"/inbox/all/{scene.long}/", "floor, 200 messages"),
        "search, rare term": (f"/inbox/search/?q={scene.rare}", "floor, 20 rows"),
        "search, common word": (f"/inbox/search/?q={scene.common}", "floor, 50 rows"),
        "search, two common words": (f"/inbox/search/?q={scene.common}+order", "floor, 50 rows"),
        "search, phrase": (f"/inbox/search/?q=%22battery+{scene.common}%22", "floor, 50 rows"),
        "search, without a word": (f"/inbox/search/?q={scene.common}+-order", "floor, 50 rows"),
        "search, word, team and days": (f"/inbox/search/?q={scene.common}+team:billing+after:90d", "floor, 50 rows"),
        "search, before a day": (f"/inbox/search/?q={scene.common}+before:365d", "floor, 50 rows"),
        "search, beginning of a word": ("/inbox/search/?q=batter*", "floor, 50 rows"),
        "search, nothing found": (f"/inbox/search/?q={scene.absent}", "floor, 20 rows"),
        "palette, a name": ("/go/?q=maria", "floor, 20 rows"),
        "palette, letters of a subject": ("/go/?q=batt", "floor, 20 rows"),
        "public form": ("/help/", "floor, 20 rows"),
    }


def measure_pages(scene: Scene, host: str, port: int, *, rounds: int) -> dict[str, dict]:
    """For each page: one agent and eight at once, queries, bytes, and the ratio to its floor.

    Page and floor are asked in turn, so that whatever else the machine does slows both.
    """
    known = pages(scene)
    return {name: _measure(path, known[floor][0] if floor else "", scene, host, port, rounds, floor)
            for name, (path, floor) in known.items()}  # fmt: skip


def _measure(path: str, floor_path: str, scene: Scene, host: str, port: int, rounds: int, floor: str) -> dict:
    session = "" if path == "/help/" else scene.session
    one, below = Browser(host, port, session), Browser(host, port, scene.session)
    answer = _warm(one, path)
    if floor_path:
        _warm(below, floor_path)
    times: list[float] = []
    floors: list[float] = []
    for _ in range(rounds):
        if floor_path:
            floors.append(below.get(floor_path).seconds)
        times.append(one.get(path).seconds)
    entry: dict = {"queries": answer.queries, "bytes": answer.size, "one": spread(times)}
    entry["eight"] = spread(at_once(8, _fetcher(host, port, session, path), max(1, rounds // 4)))
    if floors:
        entry |= {"floor": floor, "times_floor": round(entry["one"]["p50"] / spread(floors)["p50"], 2)}
    return entry


def measure_actions(scene: Scene, host: str, port: int, *, rounds: int) -> dict[str, dict]:
    """Reply, note, assign, close and a new ticket by the public form: the time of the POST alone."""
    browser = Browser(host, port, scene.session)
    tickets = cycle(scene.unsolved)
    results: dict[str, list[Answer]] = {"reply": [], "note": [], "assign": [], "close": []}
    for _ in range(rounds):
        for name, asked in results.items():
            pk = next(tickets)
            page = browser.get(f"/inbox/all/{pk}/")
            asked.append(browser.post(_form(name, pk), token_of(page), _fields(name, page, scene)))
    stranger = Browser(host, port)
    form = stranger.get("/help/")
    receipt = re.search(rb'name="receipt" value="([^"]+)"', form.body)
    results["public form, sent"] = [
        stranger.post("/help/", token_of(form), {
            "subject": "Kits for a summer camp", "text": "Do you rent kits?", "name": "Ann Oak",
            "address": "ann.oak@camp.example", "website": "", "receipt": receipt[1].decode() if receipt else "",
        })
    ]  # fmt: skip
    return {name: _judged(name, answers) for name, answers in results.items()}


def measure_bytes(scene: Scene, host: str, port: int) -> dict[str, dict[str, int]]:
    """What a first visit brings over the wire, and the next page after it."""
    browser = Browser(host, port, scene.session)
    results = {}
    for name, path in (("my tickets", "/inbox/mine/"), ("ticket", f"/inbox/all/{scene.short}/")):
        page = browser.get(path)
        seen = {path: page.size}
        for asset in _assets(browser, page):
            if asset not in seen:
                seen[asset] = browser.get(asset).size
        later = browser.get(path, **{"HX-Request": "true", "HX-Boosted": "true"})
        results[name] = {"first": sum(seen.values()), "later": later.size, "requests": len(seen)}
    return results


def _assets(browser: Browser, page: Answer) -> Iterator[str]:
    for found in dict.fromkeys(ASSET.findall(page.body)):
        asset = found.decode()
        yield asset
        if asset.endswith(".css"):
            folder = asset.rpartition("/")[0]
            for font in FONT.findall(browser.get(asset).body):
                name = font.decode()
                yield name if name.startswith("/") else f"{folder}/{name}"


def _form(name: str, pk: int) -> str:
    paths = {"assign": f"/desk/tickets/{pk}/assign/", "close": f"/desk/tickets/{pk}/close/"}
    return paths.get(name, f"/inbox/all/{pk}/write/")


def _fields(name: str, page: Answer, scene: Scene) -> dict[str, object]:
    if name == "assign":
        return {"to": scene.agent.pk}
    if name == "close":
        return {"in": "all", "unanswered": "on"}
    seen = re.search(rb'name="last_seen"[^>]*value="(\d+)"', page.body)
    text = "The motors leave today and will be there on Thursday."
    return {"kind": name, "text": text, "then": "waiting", "last_seen": seen[1].decode() if seen else "", "anyway": "1"}


def _fetcher(host: str, port: int, session: str, path: str):
    def make(number: int):
        browser = Browser(host, port, session)
        browser.get(path)
        return lambda: browser.get(path).seconds

    return make


def _warm(browser: Browser, path: str) -> Answer:
    for _ in range(3):
        answer = browser.get(path)
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}.")
    return answer


def _judged(name: str, answers: list[Answer]) -> dict:
    wrong = sorted({answer.status for answer in answers if answer.status not in (200, 302, 303)})
    if wrong:
        raise RuntimeError(f"{name} was answered with {wrong}: {_complaint(answers)}")
    return {**spread([answer.seconds for answer in answers]), "queries": max(answer.queries or 0 for answer in answers)}


def _complaint(answers: list[Answer]) -> str:
    found = re.search(rb'class="error[^>]*>(.{0,200})', answers[-1].body, re.DOTALL)
    return " ".join(found[1].decode(errors="replace").split()) if found else "no reason on the page"
