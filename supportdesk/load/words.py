"""Words for any number of tickets, spread as words are: a few in almost every text, most in very few (Zipf).

Conversations are the demo's, written by hand. Into each message go names, part numbers and terms from a list whose
n-th entry is drawn about 1/n as often as its first, and one term that stands nowhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, count
from random import Random

from supportdesk.demo.conversations import Conversation, all_conversations, fill
from supportdesk.demo.trade import FIRST_NAMES, PLACES, slots_for
from supportdesk.load.tables import escape

VARIANTS = 12
TAIL = 40_000

_ONSETS = (
    "b", "br", "c", "cl", "d", "dr", "f", "fl", "g", "gr", "h", "k", "l", "m", "n", "p", "pr", "r", "s", "st", "t",
    "tr", "v", "w",
)  # fmt: skip
_HEARTS = ("a", "e", "i", "o", "u", "ai", "ea", "ou")
_ENDS = ("ck", "ld", "lm", "n", "nd", "r", "rd", "rn", "s", "sh", "t", "th", "v", "x")
_SUFFIXES = ("field", "ton", "dale", "wood", "ford", "burg", "view", "ridge", "port", "mont", "ley", "ham")
_ASIDES = (
    "This is about {term}.", "Our reference is {term}.", "It says {term} on the label.", "See {term} and {other}.",
    "We compared it with {term}.", "The room next door has {term}.", "It came together with {term} and {other}.",
    "Please put {term} on it.", "The box is marked {term}.", "Somebody wrote {term} on the lid.",
)  # fmt: skip
_THANKS = (
    "Thank you, that answers it.", "We will try that and write again if it does not help.", "Perfect, thanks so much!",
    "That did the trick.", "I passed it on to our office, they will be in touch.", "Got it. You may close this one.",
    "Sorry for the late answer, we were on spring break. All good now.", "Works. Have a good week!",
)  # fmt: skip
_WELCOME = (
    "Glad to hear it. Write any time.", "You are welcome. I close this for now; an answer opens it again.",
    "Thank you for letting us know.", "Good luck with the class!", "Happy to help. Greetings from Toronto.",
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """The words of one ticket, escaped for COPY: what the customer and the agent write in turn, twice each."""

    subject: str
    reason: tuple[str, ...]
    turns: tuple[str, str, str, str]


class Words:
    """A seeded source of conversations. Two seeds share no rare term."""

    def __init__(self, seed: int = 1) -> None:
        self._random = Random(seed)  # noqa: S311 - a repeatable load, not a secret
        self._mark = f"{seed:x}"
        self._numbers = count(1)
        self._told = [_filled(each, self._random) for each in all_conversations() for _ in range(VARIANTS)]
        terms = _terms(self._random)
        weights = accumulate(1 / rank for rank in range(1, len(terms) + 1))
        self._terms, self._weights = terms, list(weights)

    def ticket(self) -> Told:
        """A conversation. Call `spiced` on each text that is used."""
        return self._random.choice(self._told)

    def spiced(self, text: str) -> str:
        """`text` with an aside that holds terms from the long tail, and a number that nothing else has."""
        term, other = self._random.choices(self._terms, cum_weights=self._weights, k=2)
        aside = self._random.choice(_ASIDES).replace("{term}", term).replace("{other}", other)
        return f"{text}\\n{aside} Case k{next(self._numbers):x}q{self._mark}."


def rare_term(number: int, seed: int = 1) -> str:
    """The term that stands only in the `number`-th text of this seed."""
    return f"k{number:x}q{seed:x}"


def _filled(conversation: Conversation, random: Random) -> Told:
    slots = slots_for(random.choice(PLACES), random.choice(FIRST_NAMES), random)
    texts = {
        who: [fill(turn.text, slots, random) for turn in conversation.turns if turn.speaker == who]
        for who in ("customer", "agent")
    }
    customer = [*texts["customer"], random.choice(_THANKS)]
    agent = [*texts["agent"], random.choice(_WELCOME)]
    turns = (escape(customer[0]), escape(agent[0]), escape(customer[1]), escape(agent[1]))
    return Told(escape(fill(conversation.subject, slots, random)), conversation.reason, turns)


def _terms(random: Random) -> list[str]:
    """Made-up places and names, part and room numbers, each once. Their order is their rank."""
    made = _term_stream(random)
    found: dict[str, None] = {}
    while len(found) < TAIL:
        found[next(made)] = None
    return list(found)


def _term_stream(random: Random) -> Iterator[str]:
    while True:
        syllable = random.choice(_ONSETS) + random.choice(_HEARTS) + random.choice(_ENDS)
        kind = random.random()
        if kind < 0.55:
            yield (syllable + random.choice(_SUFFIXES)).capitalize()
        elif kind < 0.75:
            yield (random.choice(_ONSETS) + random.choice(_HEARTS) + syllable).capitalize()
        elif kind < 0.9:
            yield f"PC-{random.choice('ABCDEFGHKMRSVX')}-{random.randint(100, 9999)}"
        else:
            yield f"{random.choice(('room', 'cart', 'shelf', 'lab', 'bin'))} {random.randint(100, 2999)}"
