"""What was mailed to one reader and came back to the desk: whoever reads mail here could use it, so it ends.

A bounce, an automatic answer or a customer's own reply quotes the mail that it is about, and the staff reads what comes
in. A code or a link to enter that stands in it is over before anybody sees the mail, and stands in no ticket (E4, E9).
"""

import base64
import binascii
import contextlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from accounts import tokens
from accounts.choices import IdentityMethod
from accounts.models import IdentityCheck, Invite, ResetLink, SignInCode

HIDDEN = "[ended: it came back by mail]"
LOOKED_BACK = timedelta(days=1)  # the longest code lives a quarter of an hour
MOST_SIGNS = 1_000_000
MOST_FOUND = 300

_CODE = re.compile(rf"(?<![A-Za-z0-9-])[{tokens.ALPHABET}]{{4}}-?[{tokens.ALPHABET}]{{4}}(?![A-Za-z0-9-])", re.I)
_TOKEN = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/]{2,998}={0,2}")
_SOFT_BREAK = re.compile(rb"=\r?\n")


def readable(raw: bytes) -> list[str]:
    """What somebody who opens a mail's bytes can read in them, whatever part of it they stand in."""
    raw = raw[:MOST_SIGNS]
    return [_SOFT_BREAK.sub(b"", raw).decode("latin-1"), *_decoded(raw)]


def _decoded(raw: bytes) -> Iterator[str]:
    """Every block of base64 in it."""
    block: list[bytes] = []
    for line in [*raw.splitlines(), b""]:
        if _BASE64_LINE.fullmatch(line):
            block.append(line.rstrip(b"="))
        elif block:
            signs, block = b"".join(block), []
            with contextlib.suppress(binascii.Error):
                yield base64.b64decode(signs + b"=" * (-len(signs) % 4)).decode("latin-1")


def end_what_came_back(*, texts: Iterable[str], now: datetime) -> list[str]:
    """End every code and link to enter that stands in these texts; answers with how they are spelled there.

    Belongs in the transaction that makes the mail readable. What ended before is found, too, so that a second copy of
    the mail shows it no more than the first.
    """
    codes, links = set[str](), set[str]()
    for text in texts:
        codes.update(_first(_CODE, text))
        links.update(_first(_TOKEN, text))
    return [*_end_codes(sorted(codes), now), *_end_links(sorted(links), now)]


def _first(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for _, match in zip(range(MOST_FOUND), pattern.finditer(text[: 2 * MOST_SIGNS]), strict=False):
        yield match[0]


def _end_codes(spelled: list[str], now: datetime) -> Iterator[str]:
    if not spelled:
        return
    read = {one: tokens.read_code(one) for one in spelled[:MOST_FOUND]}
    since = now - LOOKED_BACK
    by_hash = {tokens.hash_for("code", code): one for one, code in read.items()}
    for row in SignInCode.objects.filter(created_at__gt=since, code_hash__in=by_hash):
        SignInCode.objects.filter(pk=row.pk, used_at__isnull=True).update(used_at=now)
        yield by_hash[row.code_hash]
    mailed = IdentityCheck.objects.filter(created_at__gt=since, method=IdentityMethod.MAIL_CODE)
    for check in mailed.only("pk", "code_hash").order_by("pk"):
        for one, code in read.items():
            if tokens.matches(f"identity:{check.pk}", code, check.code_hash):
                rows = IdentityCheck.objects.filter(pk=check.pk, ended_at__isnull=True)
                rows.filter(verified_at__isnull=True).update(ended_at=now)
                yield one


def _end_links(spelled: list[str], now: datetime) -> Iterator[str]:
    if not spelled:
        return
    for model, purpose in ((ResetLink, "reset"), (Invite, "invite")):
        by_hash = {tokens.hash_for(purpose, one): one for one in spelled[:MOST_FOUND]}
        rows = model.objects.filter(token_hash__in=by_hash)
        rows.filter(used_at__isnull=True, withdrawn_at__isnull=True).update(withdrawn_at=now)
        yield from (by_hash[kept] for kept in rows.values_list("token_hash", flat=True))
