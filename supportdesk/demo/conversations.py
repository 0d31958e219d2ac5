"""The conversations of `conversations/*.txt`: written by hand, with places that differ from school to school.

# Subject
reason: Level one / Level two / Level three
customer:
Words of the customer, with {slots} and [either this|or that].
agent:
The answer. A `note:` is for the staff alone.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

FOLDER = Path(__file__).parent / "conversations"
SPEAKERS = ("customer", "agent", "note")

_SLOT = re.compile(r"\{([a-z0-9]+)\}")
_CHOICE = re.compile(r"\[([^\[\]|]*(?:\|[^\[\]|]*)+)\]")


@dataclass(frozen=True)
class Turn:
    """What one side says. `speaker` is one of SPEAKERS."""

    speaker: str
    text: str


@dataclass(frozen=True)
class Conversation:
    """A conversation with its slots still open."""

    subject: str
    reason: tuple[str, ...]
    type: str
    team: str
    priority: str
    tags: tuple[str, ...]
    turns: tuple[Turn, ...]


@cache
def all_conversations() -> tuple[Conversation, ...]:
    """Every conversation, by file and place in it."""
    return tuple(each for path in sorted(FOLDER.glob("*.txt")) for each in _read(path.read_text()))


def fill(text: str, slots: Mapping[str, str], random: Random) -> str:
    """`text` with its slots filled literally and its choices made. Raises KeyError for a slot without a value."""
    chosen = _CHOICE.sub(lambda found: random.choice(found[1].split("|")), text)
    return _SLOT.sub(lambda found: slots[found[1]], chosen)


def without_greeting(text: str) -> str:
    """An agent's words, where whoever sends them greets by name."""
    first, comma, rest = text.partition(", ")
    greeted = comma and first.split(" ")[0] in ("Hello", "Aloha") and len(first) < 30
    return rest[:1].upper() + rest[1:] if greeted else text


def _read(text: str) -> Iterator[Conversation]:
    for block in re.split(r"^# ", text, flags=re.MULTILINE)[1:]:
        subject, _, rest = block.partition("\n")
        pieces = re.split(r"^([a-z]+):\n", rest, flags=re.MULTILINE)
        details = dict(line.split(": ", 1) for line in pieces[0].strip().splitlines())
        turns = [Turn(who, words.strip()) for who, words in zip(pieces[1::2], pieces[2::2], strict=True)]
        tags = tuple(tag.strip() for tag in details.get("tags", "").split(",") if tag.strip())
        yield Conversation(
            subject=subject.strip(),
            reason=tuple(details["reason"].split(" / ")),
            type=details["type"],
            team=details.get("team", "Support"),
            priority=details.get("priority", "normal"),
            tags=tags,
            turns=tuple(turns),
        )
