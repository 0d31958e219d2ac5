"""A process as its page's Markdown says it: How, When and Who, and the steps. Pure: no database, no clock.

The text is the one truth; docs/decisions/process-text.md shows the form. Whatever cannot be understood is left out and
named in `problems`, one sentence each, so that an author reads at once what to mend. Never raises for any text.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.text import slugify

from knowledgebase.choices import DueFrom, Evidence

HOURS_A_DAY = 8
MOST_STEPS = 60
LONGEST_DUE = 260 * HOURS_A_DAY * 60
LONGEST = {"title": 200, "customer_label": 120, "evidence_label": 120}
_MINUTES = {"minute": 1, "hour": 60, "day": HOURS_A_DAY * 60, "week": 5 * HOURS_A_DAY * 60}
_EVIDENCE = {
    "a sentence": Evidence.WORDS, "words": Evidence.WORDS, "an address": Evidence.LINK, "a link": Evidence.LINK,
    "a number": Evidence.NUMBER, "an amount": Evidence.NUMBER,
}  # fmt: skip
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?$")
_FENCE = re.compile(r" {0,3}(?:(`{3,})[^`]*$|(~{3,}))")
_FIELD = re.compile(r"(?:\*\*)?(SAY|WHEN|WHO|PROOF|CUSTOMER SEES)(?:\*\*)?:(?:\*\*)?[ \t]*(.*)$", re.IGNORECASE)
_DUE = re.compile(
    r"within (\d{1,6}) (?:open |business |working )?(minute|hour|day|week)s?"
    r"(?: (?:of|after|from) (?:the )?(start|step (\d{1,4})))?\.?",
    re.IGNORECASE,
)
_PROOF = re.compile(r"(.+?)(?:\s+[-\N{EN DASH}\N{EM DASH}]\s*|\s*:\s*)(.+)", re.DOTALL)
_NUMBERED = re.compile(r"(?:step\s+)?\d{1,3}[.):]\s+", re.IGNORECASE)
_BULLET = re.compile(r" {0,3}[-*+][ \t]+(.*)$")
_COLUMNS = ("how", "when", "who")


@dataclass(frozen=True)
class StepText:
    """One step. `who` is a role's key or name as it is written; `due_minutes` are open minutes, a day has 8 hours."""

    no: int
    key: str
    title: str
    how: str = ""
    say: str = ""
    who: str = ""
    due_minutes: int | None = None
    due_from: str = DueFrom.START
    due_step: int | None = None
    evidence: str = Evidence.NONE
    evidence_label: str = ""
    customer_label: str = ""


@dataclass(frozen=True)
class ProcessText:
    """What a page says. `how`, `when` and `who` are lines of Markdown; `intro` stands before the first heading that
    means something here, `after` is every other section; together they are the `rest`.
    """

    steps: list[StepText] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    how: list[str] = field(default_factory=list)
    when: list[str] = field(default_factory=list)
    who: list[str] = field(default_factory=list)
    intro: str = ""
    after: str = ""

    @property
    def rest(self) -> str:
        """The page's ordinary text, as Markdown."""
        return "\n\n".join(part for part in (self.intro, self.after) if part)


def read(markdown: str, *, roles: Collection[str] | None = None) -> ProcessText:
    """Understand a process. With `roles`, the lower-case keys and names of those there are, any other is a problem."""
    parts = _split(markdown)
    problems = [f"The heading “{name.capitalize()}” stands twice." for name in _repeated(parts)]
    columns = {name: _items(_first(parts, name)) for name in _COLUMNS}
    texts = _step_texts(_first(parts, "steps"))
    if not texts:
        problems.append("There are no steps. Write the heading “## Steps”, and below it “### What to do” for each.")
    if len(texts) > MOST_STEPS:
        problems.append(f"There are {len(texts)} steps. Split the process: {MOST_STEPS} is the most.")
    steps: list[StepText] = []
    taken: set[str] = set()
    for no, (title, lines) in enumerate(texts[:MOST_STEPS], 1):
        step = _step(no, title, lines, problems, taken)
        if roles is not None and step.who and step.who.lower() not in roles:
            problems.append(f"Step {no}: there is no role “{step.who}”. Admins add roles in the settings.")
        steps.append(step)
    intro = "\n".join(parts[0][1]).strip() if parts and parts[0][0] == "" else ""
    after = "\n\n".join("\n".join(lines).strip() for name, lines in parts if name == "other").strip()
    return ProcessText(steps, problems, intro=intro, after=after, **columns)


def _lines(markdown: str) -> Iterator[tuple[str, tuple[int, str] | None, bool]]:
    """Each line with its heading's level and words, if it is one, and whether it stands in a fence, where none is."""
    fence = ""
    for line in markdown.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        found = _FENCE.match(line)
        mark = (found[1] or found[2]) if found else ""
        if fence:
            if mark.startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            yield line, None, True
        else:
            fence = mark
            yield line, None if mark else _heading(line), bool(mark)


def _heading(line: str) -> tuple[int, str] | None:
    found = _HEADING.match(line)
    if not found:
        return None
    words = (found[2] or "").strip()
    shorn = words.rstrip("#")
    if shorn != words and (not shorn or shorn[-1] in " \t"):
        words = shorn.rstrip()
    return len(found[1]), words


def _split(markdown: str) -> list[tuple[str, list[str]]]:
    """The text by its headings of the first two levels: "" before any, how, when, who, steps, and other."""
    parts: list[tuple[str, list[str]]] = [("", [])]
    for line, heading, _ in _lines(markdown):
        if heading and heading[0] <= 2:
            name = heading[1].strip("*").lower() if heading[0] == 2 else ""
            known = name in (*_COLUMNS, "steps")
            parts.append((name if known else "other", [] if known else [line]))
        else:
            parts[-1][1].append(line)
    return parts


def _first(parts: list[tuple[str, list[str]]], name: str) -> list[str]:
    return next((lines for found, lines in parts if found == name), [])


def _repeated(parts: list[tuple[str, list[str]]]) -> list[str]:
    names = [name for name, _ in parts if name not in ("", "other")]
    return [name for name in dict.fromkeys(names) if names.count(name) > 1]


def _items(lines: list[str]) -> list[str]:
    """The items of a list, or its paragraphs where it is none."""
    found: list[str] = []
    opens = True
    for line in lines:
        bullet = _BULLET.match(line)
        if bullet or (opens and line.strip()):
            found.append((bullet[1] if bullet else line).strip())
        elif line.strip():
            found[-1] += f" {line.strip()}"
        opens = not line.strip()
    return [item for item in found if item]


def _step_texts(lines: list[str]) -> list[tuple[str, list[str]]]:
    """Title and lines of each step. What stands before the first belongs to none."""
    found: list[tuple[str, list[str]]] = []
    for line, heading, _ in _lines("\n".join(lines)):
        if heading and heading[0] == 3:
            found.append((_NUMBERED.sub("", heading[1], count=1), []))
        elif found:
            found[-1][1].append(line)
    return found


def _step(no: int, title: str, lines: list[str], problems: list[str], taken: set[str]) -> StepText:
    how, given = _fields(no, lines, problems)
    named = {"title": title, "customer_label": given.get("CUSTOMER SEES", ""), **_proof(no, given, problems)}
    if not title:
        problems.append(f"Step {no}: say after the ### what to do.")
    for name, most in LONGEST.items():
        if len(named[name]) > most:
            what = {"title": "its title", "customer_label": "CUSTOMER SEES", "evidence_label": "PROOF"}[name]
            problems.append(f"Step {no}: {what} is {len(named[name])} characters long. Use at most {most}.")
            named[name] = named[name][:most]
    named["title"] = named["title"] or f"Step {no}"
    key = _key(named["title"], taken)
    due_minutes, due_from, due_step = _due(no, given.get("WHEN", ""), problems)
    return StepText(
        no, key, how=how, say=given.get("SAY", ""), who=" ".join(given.get("WHO", "").split())[:80],
        due_minutes=due_minutes, due_from=due_from, due_step=due_step, **named,
    )  # fmt: skip


def _fields(no: int, lines: list[str], problems: list[str]) -> tuple[str, dict[str, str]]:
    """What a step's lines say in words, and its fields. A field goes on to the next empty line, field or heading."""
    how: list[str] = []
    given: dict[str, list[str]] = {}
    name = ""
    for line, heading, is_code in _lines("\n".join(lines)):
        found = None if is_code else _FIELD.match(line)
        if found:
            name = found[1].upper()
            if name in given and name != "SAY":
                problems.append(f"Step {no}: {name} stands twice.")
            given.setdefault(name, []).append(found[2].strip())
        elif name and line.strip() and not heading and not is_code:
            given[name][-1] += f"\n{line.strip()}"
        else:
            name = ""
            how.append(line)
    for said, values in given.items():
        if not values[0]:
            problems.append(f"Step {no}: {said} says nothing.")
    joined = {
        said: "\n\n".join(values).strip() if said == "SAY" else " ".join(values[0].split())
        for said, values in given.items()
    }
    return "\n".join(how).strip(), joined


def _due(no: int, said: str, problems: list[str]) -> tuple[int | None, str, int | None]:
    nothing = (None, DueFrom.START, None)
    if not said:
        return nothing
    found = _DUE.fullmatch(said)
    if not found:
        problems.append(f"Step {no}: WHEN reads like “within 4 hours of the start” or “within 2 days of step 1”.")
        return nothing
    minutes = int(found[1]) * _MINUTES[found[2].lower()]
    if not 0 < minutes <= LONGEST_DUE:
        problems.append(f"Step {no}: WHEN has to be between one minute and a year of working days.")
        return nothing
    if not found[4]:
        return minutes, DueFrom.START, None
    earlier = int(found[4])
    if not 0 < earlier < no:
        problems.append(f"Step {no}: WHEN has to count from an earlier step, and step {earlier} is none.")
        return nothing
    return minutes, DueFrom.STEP, earlier


def _proof(no: int, given: dict[str, str], problems: list[str]) -> dict[str, str]:
    said = given.get("PROOF", "")
    found = _PROOF.fullmatch(said)
    kind = (found[1] if found else said).strip().rstrip(".").lower()
    if not said or kind in ("nothing", "none"):
        return {"evidence": Evidence.NONE, "evidence_label": ""}
    if kind not in _EVIDENCE:
        problems.append(f"Step {no}: PROOF begins with “a sentence”, “an address” or “a number”, then a dash and what.")
        return {"evidence": Evidence.NONE, "evidence_label": ""}
    return {"evidence": _EVIDENCE[kind], "evidence_label": found[2].strip() if found else ""}


def _key(title: str, taken: set[str]) -> str:
    base = slugify(title)[:52].strip("-") or "step"
    key, times = base, 1
    while key in taken:
        times += 1
        key = f"{base}-{times}"
    taken.add(key)
    return key


def written(steps: Iterable[StepText]) -> str:
    """Steps as the text that `read` understands as these steps; dates, roles and proof as well. Other words are made
    one line each where they would mean something there.
    """
    return "## Steps\n" + "\n".join(_written(step) for step in steps)


def _written(step: StepText) -> str:
    lines = [f"### {_one_line(step.title).strip('#').strip() or 'Do it'}"]
    if step.how.strip():
        lines += [f"> {_one_line(line)}".rstrip() for line in step.how.strip().splitlines()]
    for paragraph in re.split(r"\n\s*\n", step.say.strip()):
        if paragraph:
            lines += ["", f"SAY: {_one_line(paragraph)}"]
    lines += ["", f"WHO: {_one_line(step.who)}"] if step.who else []
    if step.due_minutes is not None:
        size, unit = next((size, unit) for unit, size in reversed(_MINUTES.items()) if step.due_minutes % size == 0)
        number = step.due_minutes // size
        since = f"step {step.due_step}" if step.due_from == DueFrom.STEP else "the start"
        lines += ["", f"WHEN: within {number} {unit}{'' if number == 1 else 's'} of {since}"]
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())
