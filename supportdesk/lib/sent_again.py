"""What a form had sent when the server failed on it, so that the page of the failure can send it again (U48)."""

import re
from dataclasses import dataclass, field

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, RawPostDataException, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - the name of the field
SECRETS = re.compile(r"pass|secret|code|otp|card|credential", re.IGNORECASE)
MOST_FIELDS = 300
MOST_SIGNS = 300_000
# From here on somebody wrote it, and may want to read or copy it.
TEXT_FROM = 60


@dataclass(frozen=True)
class Field:
    """A name and what was sent under it."""

    name: str
    value: str

    @property
    def is_text(self) -> bool:
        """Words that somebody typed, and not a choice."""
        return self.name != TOKEN and (len(self.value) >= TEXT_FROM or "\n" in self.value) and " " in self.value


@dataclass(frozen=True)
class Sent:
    """Where it goes again. Without fields it cannot be kept: it held files or secrets, or is too much."""

    address: str
    fields: list[Field] = field(default_factory=list)


def what_was_sent(request: HttpRequest) -> Sent | None:
    """The form of a page of ours, as it was sent; None for anything else, such as a program's request."""
    try:
        if request.method != "POST" or request.content_type not in FORMS or TOKEN not in request.POST:
            return None
        address = request.get_full_path()
        fields = [Field(name, value) for name, values in request.POST.lists() for value in values]
        if request.FILES or hasattr(request, "sensitive_post_parameters") or not _may_be_kept(fields):
            return Sent(address)
    except (SuspiciousOperation, UnreadablePostError, RawPostDataException, MultiPartParserError, OSError):
        return None
    return Sent(address, fields)


def _may_be_kept(fields: list[Field]) -> bool:
    if len(fields) > MOST_FIELDS or sum(len(one.value) for one in fields) > MOST_SIGNS:
        return False
    return not any(SECRETS.search(one.name) for one in fields)
