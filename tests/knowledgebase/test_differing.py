"""What differs between two texts, and two changes of one text put together: pure, and in bounded time."""

import random
import time

from knowledgebase import differing
from knowledgebase.differing import compare, edits
from knowledgebase.merging import merge, one_line, text_of

STEPS = """## Steps
### Read the reason and the photo
Faulty, charged twice, by mistake, or other.
No photo needed under $50.00.

### Compare
It is capped.

### Choose full or part
One faulty item of two: refund one.
Shipping too if the fault is ours.
"""


def told(diff):
    marks = {"same": " ", "del": "-", "add": "+", "hunk": "@"}
    shown = {"": "{}", "del": "[-{}-]", "ins": "{{+{}+}}"}
    return [marks[row.kind] + "".join(shown[one.mark].format(one.words) for one in row.pieces) for row in diff.rows]


def test_U39_a_change_is_told_line_by_line_and_word_by_word_below_its_heading():
    new = STEPS.replace("$50.00", "$100.00").replace(
        "is ours.", "is ours, or if every item goes back.\nNo label needed."
    )

    diff = compare(STEPS, new, context=1)

    assert told(diff) == [
        "@Steps, 1 Read the reason and the photo",
        " Faulty, charged twice, by mistake, or other.",
        "-No photo needed under [-$50.00-].",
        "+No photo needed under {+$100.00+}.",
        " ",
        "@Steps, 3 Choose full or part",
        " One faulty item of two: refund one.",
        "-Shipping too if the fault is ours.",
        "+Shipping too if the fault is ours{+, or if every item goes back+}.",
        "+{+No label needed.+}",
        " ",
    ]
    assert [(row.old_no, row.new_no) for row in diff.rows[2:4]] == [(4, None), (None, 4)]
    assert diff.summary == "1 line added, 2 changed."
    assert not compare(STEPS, STEPS) and compare("", "x").added == 1 and compare("x", "").removed == 1


def test_lines_without_a_word_in_common_are_marked_whole():
    assert told(compare("Ask the bank first.", "Never mind, we pay at once.")) == [
        "@Beginning of the page", "-[-Ask the bank first.-]", "+{+Never mind, we pay at once.+}"
    ]  # fmt: skip


def test_a_comparison_leads_from_the_old_text_to_the_new_one_whatever_they_hold():
    dice = random.Random(6)  # noqa: S311 - the same texts each time
    for _ in range(3000):
        old, new = ([dice.choice("abcd") for _ in range(dice.randrange(14))] for _ in range(2))
        made, at = [], 0
        for edit in edits(old, new):
            made += old[at : edit.low] + new[edit.start : edit.end]
            at = edit.high
        assert made + old[at:] == new, (old, new)
        rows = compare("\n".join(old), "\n".join(new), context=99).rows
        words = ["".join(one.words for one in row.pieces) for row in rows if row.kind in ("same", "add")]
        assert not rows or words == new


def test_two_pages_of_5000_words_are_compared_within_200_ms_and_hostile_ones_end():
    dice = random.Random(7)  # noqa: S311 - the same texts each time
    known = [f"word{number}" for number in range(700)]
    parts = [[dice.choice(known) for _ in range(50)] for _ in range(100)]
    changed = [[word if dice.random() > 0.1 else "other" for word in part] for part in parts]
    foreign = [[dice.choice(known) for _ in range(50)] for _ in range(100)]
    for joined in ("\n\n", " "):
        old, *others = (joined.join(" ".join(part) for part in text) for text in (parts, changed, foreign))
        for new in others:
            best = min(timed(old, new) for _ in range(3))
            assert best < 0.2, f"{best * 1000:.0f} ms"
    lines = ["\n".join(dice.choice("ab") for _ in range(100_000)) for _ in range(2)]
    signs = ["\n".join(chr(97 + dice.randrange(26)) for _ in range(100_000)) for _ in range(2)]
    turned = ("\n".join(["x", "y"] * 50_000), "\n".join(["y", "x", "x"] * 33_333))
    long = ["\n".join(f"{words * 1600} {number}" for number in range(30)) for words in ("w w ", "w v ")]
    one = [" ".join(chr(0x4E00 + at * step % 20_000) for at in range(100_000)) for step in (1, 7)]
    for texts in (lines, signs, turned, long, one):
        assert timed(*texts) < 1.5, "whatever somebody pastes, it holds a worker for a moment only"
    assert compare(*lines).is_cut and len(compare(*lines).rows) < 2 * differing.MOST_ROWS + 10


def timed(old, new):
    begun = time.process_time()
    compare(old, new)
    return time.process_time() - begun


def test_A1_changes_of_different_paragraphs_fit_together_and_of_one_line_do_not():
    base = "# A\n\nfirst\n\nsecond\n\nthird"
    mine = base.replace("first", "FIRST")
    assert text_of(merge(base, mine, base.replace("third", "third\n\nfourth"))) == mine + "\n\nfourth"
    assert text_of(merge("WHEN: 1\nWHO: a", "WHEN: 2\nWHO: a", "WHEN: 1\nWHO: b")) == "WHEN: 2\nWHO: b"
    assert text_of(merge(base, mine, mine)) == mine, "the same change twice is one"
    clash = merge(base, mine, base.replace("first", "1st"))
    assert text_of(clash) is None and sum(part.is_conflict for part in clash) == 1
    deleted = merge(base, mine, base.replace("first\n\n", ""))
    assert text_of(deleted) is None, "what one changed and the other removed is asked"
    both = merge(base, base + "\n\nmine", base + "\n\ntheirs")
    assert text_of(both) is None and text_of(both, {len(both) - 1: "both"}) == base + "\n\ntheirs\n\nmine"
    assert (one_line("a", "b", "a"), one_line("a", "a", "c"), one_line("a", "b", "c")) == ("b", "c", None)


def test_a_merge_loses_no_line_of_either_side():
    dice = random.Random(8)  # noqa: S311 - the same texts each time

    def changed(text):
        lines = text.split("\n")
        for _ in range(dice.randrange(4)):
            at = dice.randrange(len(lines) + 1)
            lines[at : at + dice.randrange(2)] = [f"n{dice.randrange(99)}"] * dice.randrange(2)
        return "\n".join(lines)

    for _ in range(3000):
        base = "\n".join(dice.choice(["a", "b", "", "c", "d"]) for _ in range(dice.randrange(1, 9)))
        mine, theirs = changed(base), changed(base)
        parts = merge(base, mine, theirs)
        for name, text in (("base", base), ("mine", mine), ("theirs", theirs)):
            assert "\n".join(line for part in parts for line in getattr(part, name)) == text
        assert text_of(merge(base, base, theirs)) == theirs and text_of(merge(base, mine, base)) == mine
