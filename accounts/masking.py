"""What is left of an address, a number or a line of a log once its secrets are taken out."""

import re

from accounts.addresses import NO_MAIL
from accounts.tokens import ALPHABET

DOTS = "•••"
_LONG = re.compile(r"(?<![\w.@-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}(?![\w@-])|(?<![\w-])[\w-]{32,}(?![\w-])")
_NAMES = (
    r"(?i)\b(password|passwd|pwd|secret|token|api[_-]?key|key|code|cvc|cvv|pin|otp|signature|session(?:id)?|csrf\w*|"
    r"cookie|authorization)\b"
)
_NAMED = re.compile(_NAMES + r"(?:[\"']?\s*[=:]\s*[\"']?)(?:(?:bearer|basic|token)\s+)?[^\s&;,\"']+")
_SAID = re.compile(_NAMES + r"\s+(?=[^\s]*\d)[^\s&;,\"']+")  # a word without a digit is a word
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}")
_OUR_CODE = re.compile(rf"(?<![\w-])[{ALPHABET}]{{4}}-?[{ALPHABET}]{{4}}(?![\w-])")
_KEY = re.compile(r"\b(?:sk|pk|rk|whsec|ghp|gho|xox[abp]|sd)_[A-Za-z0-9_]{6,}")
_JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?")
_CARD = re.compile(r"\b(?:\d[ -]?){12,18}\d\b")
_SIX = re.compile(r"(?<![\w.-])\d{6,8}(?![\w.-])")
_QUERY = re.compile(r"([?&][^=&\s]{1,40})=[^&\s]*")


def masked_email(email: str) -> str:
    """c•••@robotics.example: enough to recognise one's own."""
    if email.endswith(f"@{NO_MAIL}"):
        return "no mail address"
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}{DOTS}@{domain}"


def masked_number(number: str) -> str:
    """••• 47: the last two digits of a telephone."""
    return f"{DOTS} {number[-2:]}" if len(number) > 4 else DOTS


def masked_line(text: str) -> str:
    """`text` without tokens, codes, keys, passwords and numbers of cards; what a query asks for is left out, too.

    Errs on the side of masking: a long word of letters and digits is taken for a secret.
    """
    text = _QUERY.sub(rf"\1={DOTS}", text)
    text = _BEARER.sub(DOTS, text)
    text = _SAID.sub(rf"\1 {DOTS}", _NAMED.sub(rf"\1 {DOTS}", text))
    for secret in (_JWT, _KEY, _OUR_CODE, _CARD, _LONG, _SIX):
        text = secret.sub(DOTS, text)
    return text
