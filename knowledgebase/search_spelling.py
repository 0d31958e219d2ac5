"""Words that somebody may have meant: the nearest ones of the spaces that they read (A5)."""

from collections.abc import Sequence

from django.db import connection

NEAR = """
SELECT DISTINCT word, similarity(word, %(word)s) AS likeness FROM knowledgebase_searchword
WHERE word %% %(word)s AND space_id = ANY(%(spaces)s)
ORDER BY likeness DESC, word LIMIT 30
"""
MOST = 4


def near(word: str, spaces: Sequence[int]) -> list[str]:
    """At most MOST words, the likeliest first: three letters alike in ten, then the fewest slips."""
    with connection.cursor() as cursor:
        cursor.execute(NEAR, {"word": word[:40], "spaces": list(spaces)})
        rows = cursor.fetchall()
    ranked = sorted(rows, key=lambda row: (slips(word, row[0]) / max(len(word), len(row[0])), -row[1]))
    return [found for found, _ in ranked if slips(word, found) <= 1 + len(word) // 4][:MOST]


def slips(one: str, other: str) -> float:
    """How many letters are wrong, missing or too many; two that stand the wrong way round are half a slip."""
    before: list[float] = []
    row: list[float] = [float(place) for place in range(len(other) + 1)]
    for at, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [float(at)]
        for place, sign in enumerate(other, start=1):
            cost = min(before[place] + 1, row[place - 1] + 1, before[place - 1] + (letter != sign))
            if at > 1 and place > 1 and letter == other[place - 2] and one[at - 2] == sign and letter != sign:
                cost = min(cost, earlier[place - 2] + 0.5)
            row.append(cost)
    return row[-1]
