"""Sources that were set up on Monday, and the Wednesday on which they are looked at."""

import pytest

from tests.tickets.start_of_day.posts import SECRET
from tests.tickets.start_of_day.test_days import at
from tickets.models import InboxSource


@pytest.fixture
def source(db):
    """A function that makes one."""

    def make(kind: str = "zendesk", **fields) -> InboxSource:
        fields = {"name": kind.title(), "secret": SECRET, "key": f"key-{kind}", "began_on": at(2).date(), **fields}
        if kind == "other":
            fields |= {"secret": "", "freshness_minutes": None}
        return InboxSource.objects.create(kind=kind, created_at=at(2, 9), **fields)

    return make
