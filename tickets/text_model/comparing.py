"""How well counting words does on the same texts: a model that is no better than that is not used."""

from collections import Counter
from collections.abc import Sequence

from tickets.reason_words import ranked, words_of
from tickets.text_model.splitting import split

MOST_COMPARED = 600
MOST_COUNTED = 20_000


def accuracy_of_counts(texts: Sequence[str], labels: Sequence[int], names: Sequence[str]) -> float:
    """Share of held-out texts whose reason is the first that the counted words name; of some of them where many."""
    kept, held = split(labels)
    learned: list[Counter[str]] = [Counter() for _ in names]
    for number in kept[:: max(1, len(kept) // MOST_COUNTED)]:
        learned[labels[number]].update(["", *_words(texts[number])])
    compared = held[:: max(1, len(held) // MOST_COMPARED)]
    known = dict(enumerate(names))
    right = 0
    for number in compared:
        order = ranked(_words(texts[number]), names=known, learned=dict(enumerate(learned)), earlier={})
        right += order[0].pk == labels[number]
    return right / len(compared) if compared else 0.0


def _words(text: str) -> set[str]:
    subject, _, asked = text.partition("\n")
    return words_of(subject, asked)
