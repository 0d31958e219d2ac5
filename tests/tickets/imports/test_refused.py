"""A row that the database refuses is found by halves, and takes no other along."""

import pytest

from tests.tickets.imports.exports import bring, counts, make_admin, table, whys
from tests.tickets.imports.test_tables import HEAD, rows
from tickets.import_formats import columns
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def test_one_row_that_nothing_foresaw_is_listed_and_the_others_come(monkeypatch):
    """As a value that our own checks let through and a constraint does not."""
    read = columns.record

    def careless(row, mapping):
        case = read(row, mapping)
        if case.external_id == "37":
            object.__setattr__(case, "priority", "x" * 40)
        return case

    monkeypatch.setattr(columns, "record", careless)
    made = bring(make_admin(), "table", table(HEAD, rows(60)))
    assert counts(made) == (59, 0, 0, 1) and Ticket.objects.count() == 59
    assert (made.refusals.get().row, whys(made)) == (38, ["It could not be kept. The log says more."])
