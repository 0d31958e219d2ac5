"""Tests on single lines (or a few joined ones): is this where a quote or a signature begins?

Every pattern runs on at most 600 characters, so no text can make one slow.
"""

import re
from functools import lru_cache

from mail.parsing.quotes import words

LONGEST_MARKER = 600


def _any_of(phrases: tuple[str, ...]) -> str:
    """A pattern for one of them, the longest first."""
    return "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))


_TO_FOLD = re.compile("[\u2019\u00a0\u202f\u200e\u200f\u202a\u202c\u2068\u2069]")
_FOLDED = str.maketrans("\u2019\u00a0\u202f", "'  ", "\u200e\u200f\u202a\u202c\u2068\u2069")
_WROTE = re.compile(r"(?:^|[\s>\")\]】年月日,])(?:" + _any_of(words.WROTE) + r")(?![^\W\d_])")
_CJK_WROTE = re.compile(r"(?:写道|寫道|のメール|さんは書きました|님이 작성|เขียนว่า)")
_ON = re.compile(r"(?:" + _any_of(words.ON) + r")(?![^\W\d_])")
_TIME = re.compile(r"\d{1,2}\s?[:.h時点시]\s?\d{2}|\d{1,2}\s?(?:am|pm|a\.m|p\.m)\b")
_DATE = re.compile(r"\b(?:19|20)\d\d\b|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{4}年|\d{1,2}月\d{1,2}日|20\d\d년")
_EMAIL = re.compile(r"[<\[(\"]?[^\s<>()\[\]\"]{1,100}@[^\s<>()\[\]\"]{1,200}")
_DATE_SOMEONE = re.compile(
    r"(?:[^\d<>]{0,30}(?<!\d))?(?:\d{1,2}\.?\s\S{2,12}\s)?(?:19|20)\d\d(?!\d)[^<>]{0,120}<[^<>@\s]{1,100}@[^<>\s]{1,200}>\s*:?"
)
_FROM_MOBILE = re.compile(r"\w{1,30} from (?:my )?mobile")
_TALE = re.compile(r"\b(?:your|my|our|the|he|she|they|who|which|that|ihr|mein|unser|der|die|votre|mon|notre|su|mi)\b")
_TOKEN = re.compile(r"[^\s/,;()<>]+(?<![.!])")
_DEVICES = frozenset(words.DEVICES)
_SENTENCE = re.compile(r"\b(?:is|was|are|were|has|had|will|would|i|we|ist|war|est|fue|wurde (?!von mein|mit))\b")
_QUOTE_ON_SAME_LINE = re.compile(r"on [^<>]{6,120}<[^<>@\s]{1,100}@[^<>\s]{1,200}> wrote:\s")
_RULE_SIGNS = "-_=—–"
_BARE_RULE = re.compile(r"\s*(?:_{5,}|-{5,}|={5,}|—{3,}|\*{5,})\s*")
_LABEL = re.compile(r"[\s>*_|]*([^\s:*：][^:*：\n]{0,30}?)\s*\*?\s*[:：]\s*\*{0,2}(.*)", re.DOTALL)
_SIGNATURE = re.compile(r"(?:--|—|–|__)\s?")
_KINDS = {
    label: kind
    for kind, labels in (
        ("other", words.OTHER),
        ("subject", words.SUBJECT),
        ("to", words.TO),
        ("when", words.WHEN),
        ("from", words.FROM),
    )
    for label in labels
}
_AMBIGUOUS = {"le": "when", "de": "from", "da": "from", "a": "to", "re": "subject", "no": "from", "data": "when"}


def fold(line: str) -> str:
    """Lower case, plain apostrophes and blanks: the form in which lines are compared."""
    line = line[:LONGEST_MARKER]
    if not line.isascii() and _TO_FOLD.search(line):
        line = line.translate(_FOLDED)
    return line.lower().strip()


def is_quoted(line: str) -> bool:
    stripped = line.lstrip()
    return stripped.startswith(">") and not stripped.startswith((">>>>>>> ", ">:", ">_<"))


def is_attribution(joined: str, *, quote_follows: bool) -> bool:
    """`On 5 May 2026 at 10:00, Bob <bob@x.org> wrote:` in some thirty languages, on one line or joined from a few."""
    text = fold(joined).lstrip("-<> *").rstrip("- *")
    if not text or len(text) > 450:
        return False
    dated = bool(_DATE.search(text) or _TIME.search(text))
    addressed = "@" in text and bool(_EMAIL.search(text))
    if text.count("<") == 1 and _DATE_SOMEONE.fullmatch(text):
        return quote_follows or text.endswith(":")
    if not addressed and not quote_follows and _TALE.search(text):
        return False
    verb = _CJK_WROTE.search(text) or _last_verb(text)
    if not verb:
        return False
    tail = text[verb.end() :].strip(" .>-*")
    if tail in ("", ":", "：", ":-", "："):
        return (
            (dated and (addressed or bool(_ON.match(text)) or quote_follows))
            or addressed
            or (quote_follows and len(text) < 120)
        )
    if text.endswith((":", "：")) and dated:
        return bool(_ON.match(text)) or addressed or quote_follows
    return bool(dated and _QUOTE_ON_SAME_LINE.match(text))


def _last_verb(text: str) -> re.Match[str] | None:
    last = None
    for match in _WROTE.finditer(text):
        last = match
    return last


def could_open_attribution(line: str) -> bool:
    """Cheap test for the first line of an attribution that goes on below."""
    text = fold(line).lstrip("-<> *")
    return bool(text) and (bool(_ON.match(text)) or bool(_DATE.search(text)) or "@" in text or bool(_TIME.search(text)))


def could_close_attribution(line: str) -> bool:
    """Cheap test for its last line."""
    text = fold(line).rstrip(" *-.")
    return text.endswith((":", "：", ">")) or bool(_WROTE.search(text[-60:]))


def header_kind(line: str) -> str:
    """`from`, `when`, `to`, `subject`, `other` or "" of a line such as `*Von:* Bob`."""
    match = _LABEL.fullmatch(line[:LONGEST_MARKER])
    if not match:
        return ""
    label = fold(match[1])
    return _AMBIGUOUS.get(label) or _KINDS.get(label, "")


def header_value(line: str) -> str:
    match = _LABEL.fullmatch(line[:LONGEST_MARKER])
    return match[2].strip(" *") if match else ""


@lru_cache(maxsize=4096)
def rule_kind(line: str) -> str:
    """`original`, `forwarded` or "" for `-----Original Message-----` and its kin."""
    text = fold(line)
    bare = text.strip("> *\t")
    inner = bare.strip(_RULE_SIGNS)
    ruled = len(bare) - len(inner) >= 4 and bare[:1] in _RULE_SIGNS and bare[-1:] in _RULE_SIGNS
    inner = inner.strip(" *:") if ruled else bare.rstrip(": ")
    if ruled and inner in words.ORIGINAL:
        return "original"
    if inner in words.FORWARDED and (ruled or text.rstrip(" *").endswith((":", "："))):
        return "forwarded"
    if len(text) < 200 and any(phrase in text for phrase in words.REPLY_ABOVE):
        return "original"
    if ruled and inner.startswith(("forwarded by ", "weitergeleitet von ", "transféré par ")):
        return "forwarded"
    return ""


def is_bare_rule(line: str) -> bool:
    return len(line) <= 200 and bool(_BARE_RULE.fullmatch(line))


def is_signature_rule(line: str) -> bool:
    return bool(_SIGNATURE.fullmatch(line.strip("\u00a0"))) if len(line) <= 4 else False


def is_device_line(line: str) -> bool:
    """`Sent from my iPhone`, in its many languages; not a sentence that happens to begin like it."""
    text = fold(line).strip("<>()[]*_ -")
    if len(text) > 120 or text.endswith(("?", ":")):
        return False
    if text.startswith(words.DEVICE_LINES) or _FROM_MOBILE.fullmatch(text):
        return True
    if not text.startswith(words.DEVICE_OPENINGS) or _SENTENCE.search(text):
        return False
    return not _DEVICES.isdisjoint(_TOKEN.findall(text.partition("<")[0]))
