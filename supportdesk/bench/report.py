"""The figures as tables for people."""

from collections.abc import Callable

# p50 in ms of django-helpdesk 2.x on the same PostgreSQL at 10,000, 100,000 and 1,000,000 tickets.
PEER = {
    "my tickets": (136, 333, 2_685),
    "all tickets": (317, 2_501, 27_034),
    "search, rare term": (313, 2_808, 20_179),
    "search, common word": (390, 3_078, 22_629),
    "ticket with 4 messages": (51, 56, 77),
    "ticket with 200 messages": (840, 581, 875),
    "public form": (21, 15, 24),
    "reply": (34, 30, 58),
}
# p50 in ms of DokuWiki and django-wiki with 10,000 pages, whatever else there is.
WIKI_PEER = {"public article, no session": 3.9, "articles, rare word": 6.5, "articles, word of every page": 525}
# p50 in ms of django-oscar with 20,000 orders, whatever else there is.
SHOP_PEER = {"my orders": 59, "order, for staff": 26, "cart": 17, "find, an invoice number": 148}
SIZES = (10_000, 100_000, 1_000_000)


def markdown(results: dict) -> str:
    """One size as the table of README.md and docs/performance.md."""
    lines = [
        f"{results['tickets']:,} tickets, {results['messages']:,} messages",
        "",
        "| page | queries | p50 | p95 | p50, 8 at once | × floor | peer |",
        "|---|---|---|---|---|---|---|",
    ]
    names = ("pages", "shop", "review", "insights", "accounts", "training", "wiki")
    parts = (_measured(results, part) for part in names)
    shown = {name: entry for part in parts for name, entry in part.items()}
    for name, entry in shown.items():
        times_floor = entry.get("times_floor", "")
        lines.append(
            f"| {name} | {entry['queries']} | {entry['one']['p50']} ms | {entry['one']['p95']} ms "
            f"| {entry['eight']['p50']} ms | {times_floor} | {_peer(name, results['tickets'])} |"
        )
    for name, entry in _measured(results, "actions").items():
        lines.append(
            f"| {name} | {entry['queries']} | {entry['p50']} ms | {entry['p95']} ms | | "
            f"| {_peer(name, results['tickets'])} |"
        )
    return "\n".join([*lines, "", *_rest(results)])


def growth(results: list[dict]) -> dict[str, float]:
    """How many times the median of each page grew from the first size to the last."""
    first, last = results[0]["pages"], results[-1]["pages"]
    return {name: round(last[name]["one"]["p50"] / first[name]["one"]["p50"], 2) for name in first}


def _rest(results: dict) -> list[str]:
    """Everything that is no page, in the order of performance.md. What failed is said to be missing."""
    rows: dict[str, Callable[[], str]] = {
        "mails of 5 kB taken in by one worker": lambda: f"{results['worker']['taken_in_a_second']} a second",
        "the same by one process": lambda: f"{results['intake']['taken_in_a_second']} a second",
        "a mail from the listener to the open screen": lambda: "p50 {p50} ms, p95 {p95} ms".format_map(
            results["mail_to_screen"]
        ),
        "invoices of eight lines made a PDF": lambda: "p50 {p50} ms, p95 {p95} ms".format_map(results["pdf"]),
        "invoices issued at once": lambda: "{invoices} in {seconds} s, {gaps} numbers missing".format_map(
            results["issuing"]
        ),
        "sales loaded": lambda: "{invoices:,} in {seconds} s".format_map(results["shop_load"]),
        "timers with an effect in the database": lambda: f"{results['timers']['effects_a_second']:,} a second",
        "lateness of timers due at once": lambda: "{due_at_once:,}: p99 {late_p99_s} s".format_map(results["timers"]),
        "the first start is through with what lay there": lambda: f"{results['rest']['s']} s",
        "memory of all processes at rest": lambda: "{pss_mb} MB in {processes}".format_map(results["memory"]),
        "bytes of the first and of a later load": lambda: "; ".join(
            f"{name} {entry['first']:,} and {entry['later']:,}" for name, entry in results["bytes"].items()
        ),
        "acting on many at once": lambda: "{tickets} tickets: answered in p95 {ms} ms, done in {done_s} s".format_map(
            {**results["bulk"], "ms": results["bulk"]["answer"]["p95"]}
        ),
        "rows of another desk brought here": lambda: "; ".join(
            f"{name} {entry['rows_a_second']:,} a second" for name, entry in results["imports"].items()
        ),
        "free times of 20 trainers over 60 days": lambda: "p50 {p50} ms, p95 {p95} ms, {starts:,} starts".format_map(
            results["slots"]
        ),
        "the guess of reasons trained": lambda: (
            "{seconds} s ({cpu_seconds} s of a core) for {texts:,} closes; "
            "asked in p50 {guess_ms_p50} ms, p95 {guess_ms_p95} ms"
        ).format_map(results["reasons"]),
        "load": lambda: "{seconds} s, {tickets_a_second:,} tickets a second".format_map(results["load"]),
    }
    return ["| else | |", "|---|---|", *(f"| {what} | {_said(say)} |" for what, say in rows.items())]


def _said(say: Callable[[], str]) -> str:
    try:
        return say()
    except (KeyError, TypeError):
        return "not measured"


def _measured(results: dict, part: str) -> dict[str, dict]:
    return {} if "error" in results[part] else results[part]


def _peer(name: str, tickets: int) -> str:
    if peer := {**SHOP_PEER, **WIKI_PEER}.get(name):
        return f"{peer} ms"
    known = PEER.get(name)
    return f"{known[SIZES.index(tickets)]:,} ms" if known and tickets in SIZES else ""
