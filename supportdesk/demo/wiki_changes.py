"""What was changed in the demo's wiki since it was first written: `wiki/changes.txt`, oldest first on each page.

= slug
days, by, comment, significance; answer: why it was not accepted; waits: yes, if nobody said anything yet.
before:
The words that stood there.
now:
The words that stand there now. A change may have several pairs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "wiki" / "changes.txt"
PARTS = ("before:", "now:")


@dataclass(frozen=True)
class Change:
    """In each of `swaps` the first words became the second. With `answer` it was suggested and not accepted."""

    slug: str
    days_ago: float
    by: str
    comment: str
    significance: str
    swaps: tuple[tuple[str, str], ...]
    answer: str = ""
    waits: bool = False


@cache
def all_changes() -> tuple[Change, ...]:
    """All of them, as they stand in the file."""
    blocks = f"\n{FILE.read_text(encoding='utf-8')}".split("\n= ")[1:]
    return tuple(_change(block.splitlines()) for block in blocks)


def _change(lines: list[str]) -> Change:
    slug, *rest = lines
    begins = rest.index(PARTS[0])
    said = dict(line.split(": ", 1) for line in rest[:begins])
    words = list(_parts(rest[begins:]))
    return Change(
        slug=slug.strip(),
        days_ago=float(said["days"]),
        by=said["by"],
        comment=said["comment"],
        significance=said["significance"],
        swaps=tuple(zip(words[::2], words[1::2], strict=True)),
        answer=said.get("answer", ""),
        waits="waits" in said,
    )


def _parts(lines: list[str]) -> Iterator[str]:
    """The words below each `before:` and `now:`."""
    taken: list[str] = []
    for line in lines[1:]:
        if line in PARTS:
            yield "\n".join(taken).strip("\n")
            taken = []
        else:
            taken.append(line)
    yield "\n".join(taken).strip("\n")
