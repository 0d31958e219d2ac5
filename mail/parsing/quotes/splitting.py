"""The split itself: every line goes either to the reply or to the quote, so no word can be lost."""

import re
from dataclasses import dataclass

from mail.parsing.quotes import markers
from mail.parsing.quotes.words import ORIGINAL

_WORD = re.compile(r"[^\W_]|[\U0001F300-\U0001FAFF\u2600-\u27BF]")
_MOST_LINES = 5_000  # that are looked at closely; below them there is no first line of a quote
_TRAILING = ("empty", "quote", "device", "attribution")
_LONGEST_SIGNATURE = 25  # lines


@dataclass
class _Line:
    text: str
    kind: str  # text, empty, quote, attribution, cut (everything below is older), signature, device


def split_reply(text: str, *, quote_below: list[int] | None = None) -> tuple[str, str]:
    """(what the sender wrote, what is folded). A text with words never gives an empty reply.

    `quote_below` are line numbers at which the mail's own HTML says that the quote begins.
    """
    lines = _classified(text.split("\n"))
    _apply_hints(lines, quote_below or [])
    keep = _kept(lines)
    reply = _joined(lines, keep)
    if not _WORD.search(reply):
        return text.strip("\n"), ""
    quoted = "\n".join(line.text for line, kept in zip(lines, keep, strict=True) if not kept)
    return reply.strip(), quoted.strip("\n")


def _joined(lines: list[_Line], keep: list[bool]) -> str:
    """The kept lines as they were written; where lines fell out, no second blank line is left behind."""
    written: list[str] = []
    is_gap = False
    for line, kept in zip(lines, keep, strict=True):
        doubled = is_gap and line.kind == "empty" and (not written or not written[-1].strip())
        if kept and not doubled:
            written.append(line.text)
        is_gap = not kept or (is_gap and line.kind == "empty")
    return "\n".join(written)


def _classified(texts: list[str]) -> list[_Line]:
    lines = [_Line(text, _plain_kind(text)) for text in texts[:_MOST_LINES]]
    lines += [_Line(text, "quote" if text.startswith(">") else "text") for text in texts[_MOST_LINES:]]
    number = 0
    while number < min(len(lines), _MOST_LINES):
        number += max(1, _mark_block(lines, number))
    return lines


def _plain_kind(text: str) -> str:
    if not text.strip():
        return "empty"
    if markers.is_quoted(text):
        return "quote"
    if markers.is_signature_rule(text):
        return "signature"
    return "device" if markers.is_device_line(text) else "text"


def _mark_block(lines: list[_Line], number: int) -> int:
    """Mark what begins at this line as attribution or cut; answers how many lines it takes (0: nothing begins here)."""
    line = lines[number]
    if line.kind not in ("text", "device"):
        return 0
    if markers.rule_kind(line.text) or _bare_announcement(lines, number):
        line.kind = "cut"
        return 1
    if _header_block(lines, number):
        line.kind = "cut"
        if number and markers.is_bare_rule(lines[number - 1].text):
            lines[number - 1].kind = "cut"
        return 1
    return _mark_attribution(lines, number)


def _bare_announcement(lines: list[_Line], number: int) -> bool:
    """`Original Message` without dashes, right above the headers of one (BlackBerry)."""
    if markers.fold(lines[number].text) not in ORIGINAL:
        return False
    return any(markers.header_kind(line.text) == "from" for line in lines[number + 1 : number + 3])


def _mark_attribution(lines: list[_Line], number: int) -> int:
    if not markers.could_open_attribution(lines[number].text) and not markers.could_close_attribution(
        lines[number].text
    ):
        return 0
    joined = ""
    for last in range(number, min(number + 4, len(lines))):
        if lines[last].kind not in ("text", "device") or len(joined) > markers.LONGEST_MARKER:
            return 0
        joined = f"{joined} {lines[last].text.strip()}".strip()
        if not markers.could_close_attribution(lines[last].text):
            continue
        if markers.is_attribution(joined, quote_follows=_next_kind(lines, last + 1) == "quote"):
            for marked in lines[number : last + 1]:
                marked.kind = "attribution"
            return last + 1 - number
    return 0


def _next_kind(lines: list[_Line], number: int) -> str:
    """The kind of the next line that is not empty."""
    for line in lines[number : number + 6]:
        if line.kind != "empty":
            return line.kind
    return ""


def _header_block(lines: list[_Line], number: int) -> bool:
    """At least three of From, Sent, To, Subject close together, beginning here, and surely about a mail."""
    first = markers.header_kind(lines[number].text)
    if first not in ("from", "when", "subject", "to"):
        return False
    kinds, mailish = {first}, first == "from" and "@" in markers.header_value(lines[number].text)
    strange = 0
    for line in lines[number + 1 : number + 14]:
        if line.kind == "empty":
            strange += 0 if len(kinds) < 3 else 9
        else:
            kind = markers.header_kind(line.text)
            strange += 0 if kind else 1
            kinds.add(kind)
            mailish = mailish or (kind == "from" and "@" in line.text)
        if strange > 2:
            break
    kinds.discard("")
    wanted = {"from", "when", "to", "subject"} & kinds
    return "from" in kinds and len(wanted) >= 3 and ("subject" in kinds or mailish)


def _apply_hints(lines: list[_Line], quote_below: list[int]) -> None:
    """Believe the HTML where the text below is one old mail; answers written between the quotes overrule it."""
    for hint in (hint for hint in quote_below[:5] if 0 < hint < len(lines)):
        above = any(line.kind in ("text", "device") and _WORD.search(line.text) for line in lines[:hint])
        below = [line.kind for line in lines[hint:] if line.kind != "empty"]
        if above and below and not _has_answer(below):
            lines[hint].kind = "cut"
            return


def _has_answer(kinds: list[str]) -> bool:
    """Text after a `>` line."""
    if "quote" not in kinds:
        return False
    return "text" in kinds[kinds.index("quote") :]


def _kept(lines: list[_Line]) -> list[bool]:
    end = _end_of_own_text(lines)
    keep = [number < end and line.kind not in ("attribution",) for number, line in enumerate(lines)]
    _drop_leading_quote(lines, keep, end)
    _drop_trailing(lines, keep, end)
    return keep


def _end_of_own_text(lines: list[_Line]) -> int:
    """Where the part that can hold own words ends: at the first cut below some words."""
    seen = False
    for number, line in enumerate(lines):
        if line.kind == "cut" and seen:
            return number
        if line.kind == "attribution" and seen and not _quote_in(lines, number + 1):
            return number
        seen = seen or (line.kind == "text" and bool(_WORD.search(line.text)))
    return len(lines)


def _quote_in(lines: list[_Line], number: int) -> bool:
    """Whether the lines below an attribution are marked with `>` (else everything below it is the quote)."""
    return _next_kind(lines, number) in ("quote", "attribution")


def _drop_leading_quote(lines: list[_Line], keep: list[bool], end: int) -> None:
    """An answer below one whole quote needs the quote no more; answers between quotes do."""
    blocks, inside = 0, False
    for line in lines[:end]:
        if line.kind == "quote":
            blocks += not inside
            inside = True
        elif line.kind != "empty":
            inside = False
    first = next((line.kind for line in lines[:end] if line.kind != "empty"), "")
    if blocks == 1 and first in ("quote", "attribution"):
        for number in range(end):
            keep[number] = keep[number] and lines[number].kind != "quote"


def _drop_trailing(lines: list[_Line], keep: list[bool], end: int) -> None:
    """Quotes, signatures and `Sent from my …` below the last own word."""
    number = end - 1
    while number >= 0 and lines[number].kind in ("empty", "quote", "device", "attribution", "signature", "cut"):
        keep[number] = False
        number -= 1
    for start in range(max(0, number - _LONGEST_SIGNATURE), number + 1):
        if lines[start].kind == "signature" and not any(line.kind == "quote" for line in lines[start:number]):
            if any(kept and line.kind == "text" for line, kept in zip(lines[:start], keep[:start], strict=True)):
                keep[start : number + 1] = [False] * (number + 1 - start)
            break
    number = next((place for place in range(number, -1, -1) if keep[place] and lines[place].kind != "empty"), -1)
    while number >= 0 and (lines[number].kind in _TRAILING or _is_rule_above_quote(lines, keep, number)):
        keep[number] = False
        number -= 1


def _is_rule_above_quote(lines: list[_Line], keep: list[bool], number: int) -> bool:
    """A bare rule right above what was folded belongs to it."""
    return markers.is_bare_rule(lines[number].text) and not all(keep[number:])
