"""What the text of a process means, and what its author is told."""

import pytest

from knowledgebase.choices import Evidence
from knowledgebase.process_text import LONGEST_DUE, MOST_STEPS, StepText, read, written
from tests.clocks import quickest

REFUND = """A customer wants money back.

## How
- Customer asks from the account page
- Reviewer decides
  in the daily queue
## When
Every working day by 17:00
## Who
* **Reviewer** approves
## Steps
Not part of any step.
### 1. Read the reason and the photo ###
No photo needed under $50.00.

```
## Steps
### not a step
WHO: nobody
```

SAY: Thank you for the photo.
We look at it today.
WHEN: within 4 hours of the start
WHO: Reviewer
PROOF: a sentence - what you saw
CUSTOMER SEES: We look at your request
### Choose full or part
**WHEN:** within 2 days of step 1
SAY: First.

SAY: Second.
#### Small print
still how
### Choose full or part

## When it is not that simple
Card expired: refund it.
"""


def test_a_process_is_read_from_its_page():
    """R5, R69, R74: HOW, tone, WHEN and WHO of each step; A2: the text alone is the truth."""
    found = read(REFUND, roles={"reviewer"})
    assert found.problems == []
    assert found.how == ["Customer asks from the account page", "Reviewer decides in the daily queue"]
    assert (found.when, found.who) == (["Every working day by 17:00"], ["**Reviewer** approves"])
    assert found.intro == "A customer wants money back."
    assert found.rest.endswith("## When it is not that simple\nCard expired: refund it.")
    first, second, third = found.steps
    assert first == StepText(
        1, "read-the-reason-and-the-photo", "Read the reason and the photo",
        how="No photo needed under $50.00.\n\n```\n## Steps\n### not a step\nWHO: nobody\n```",
        say="Thank you for the photo.\nWe look at it today.", who="Reviewer", due_minutes=240,
        evidence=Evidence.WORDS, evidence_label="what you saw", customer_label="We look at your request",
    )  # fmt: skip
    assert (second.due_minutes, second.due_from, second.due_step) == (2 * 8 * 60, "step", 1)
    assert second.say == "First.\n\nSecond."
    assert second.how == "#### Small print\nstill how"
    assert (second.key, third.key) == ("choose-full-or-part", "choose-full-or-part-2")


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("### A\nWHEN: soon", "Step 1: WHEN reads like “within 4 hours of the start” or “within 2 days of step 1”."),
        ("### A\nWHEN: within 0 hours", "Step 1: WHEN has to be between one minute and a year of working days."),
        ("### A\nWHEN: within 999999 weeks", "Step 1: WHEN has to be between one minute and a year of working days."),
        ("### A\nWHEN: within 1 day of step 1", "Step 1: WHEN has to count from an earlier step, and step 1 is none."),
        ("### A\n### B\nWHEN: within 1 day of step 3",
         "Step 2: WHEN has to count from an earlier step, and step 3 is none."),
        ("### A\nWHO: Pirates", "Step 1: there is no role “Pirates”. Admins add roles in the settings."),
        ("### A\nWHO: reviewer\nWHO: reviewer", "Step 1: WHO stands twice."),
        ("### A\nSAY:", "Step 1: SAY says nothing."),
        ("### A\nPROOF: a photo", "Step 1: PROOF begins with “a sentence”, “an address” or “a number”, then a dash "
                                  "and what."),
        ("###", "Step 1: say after the ### what to do."),
        ("### " + "x" * 201, "Step 1: its title is 201 characters long. Use at most 200."),
        ("", "There are no steps. Write the heading “## Steps”, and below it “### What to do” for each."),
        ("### A\n## Steps\n### B", "The heading “Steps” stands twice."),
        ("### A\n" * (MOST_STEPS + 1), "There are 61 steps. Split the process: 60 is the most."),
    ],
)  # fmt: skip
def test_an_author_reads_what_to_mend_with_the_number_of_the_step(step, problem):
    """Part A, problems of a process: sentences, and what remains is what could be understood."""
    found = read(f"## Steps\n{step}", roles={"reviewer"})
    assert found.problems == [problem]
    for one in found.steps:
        assert one.title
        assert one.due_minutes is None or one.due_minutes <= LONGEST_DUE


@pytest.mark.parametrize(
    "text",
    [
        "#" * 200_000, "## " + " " * 200_000 + "x", "## Steps\n### a" + "\n#" * 100_000,
        "## Steps\n### a\nPROOF: " + " -" * 90_000, "```\n" * 50_000, "## Steps\n### a\nWHEN: " + "1" * 190_000,
        "## How\n" + "- a\n" * 50_000, "## Steps\n" + "### \u202e\u0664. \n" * 20_000, "\r\r\n\u2028\ufeff",
    ],
)  # fmt: skip
def test_no_text_breaks_the_reading_or_takes_long(text):
    """S3, issue 6 hostile Markdown."""
    assert quickest(lambda: read(text), below=1) < 1  # a look back at every line would take minutes
    assert len(read(text).steps) <= MOST_STEPS


@pytest.mark.parametrize(
    "hostile", ["## Steps", "### x", "WHO: boss", "```", "#", "SAY:", "a\n\n\nb", "  - - -", "> q\nWHEN: x"]
)
def test_D11_what_is_written_is_read_as_it_was(hostile):
    """Words of a ticket change no structure."""
    steps = [
        StepText(1, "", hostile, how=hostile, say=f"{hostile}\n\n{hostile}", who="Billing", due_minutes=90),
        StepText(2, "", "Second", due_minutes=960, due_from="step", due_step=1),
    ]
    found = read(f"{written(steps)}", roles={"billing"})
    assert found.problems == []
    assert [(one.due_minutes, one.due_from, one.due_step, one.who) for one in found.steps] == [
        (90, "start", None, "Billing"), (960, "step", 1, ""),
    ]  # fmt: skip
    assert found.steps[0].say.split() == f"{hostile} {hostile}".split()
