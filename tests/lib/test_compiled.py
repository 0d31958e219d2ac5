"""Queries that are written once give the rows that the query set would give."""

import pytest
from django.db.models import BigIntegerField
from django.db.models.signals import post_init

from supportdesk.lib.compiled import CompiledRows, Gap
from tests.factories.tickets import make_ticket
from tickets.models import Team, Ticket

pytestmark = pytest.mark.django_db


def columns(row):
    return {name: value for name, value in vars(row).items() if name != "_state"}


def test_a_row_knows_what_was_read_and_reads_the_rest_when_somebody_asks(django_assert_num_queries):
    ticket = make_ticket()
    rows = Ticket.objects.select_related("requester", "assignee", "team").only(
        "subject", "requester__email", "assignee__name", "team"
    )
    compiled = CompiledRows(rows.filter(pk=Gap("ticket", BigIntegerField())))
    theirs = rows.get(pk=ticket.pk)

    with django_assert_num_queries(1):
        ours = compiled.first({"ticket": ticket.pk})
        pairs = [(ours, theirs), (ours.requester, theirs.requester), (ours.team, theirs.team)]
        assert ours.assignee is None

    for one, other in pairs:
        assert one == other
        assert columns(one) == columns(other)
        assert one.get_deferred_fields() == other.get_deferred_fields()
        assert (one._state.db, one._state.adding) == ("default", False)
    with django_assert_num_queries(1):
        assert ours.snippet == ticket.snippet
    assert compiled.first({"ticket": 0}) is None


def test_whoever_listens_to_how_rows_are_made_still_hears_of_each():
    heard = []

    def listen(instance, **_):
        heard.append(instance.pk)

    post_init.connect(listen, sender=Team)
    try:
        teams = CompiledRows(Team.objects.order_by("pk")).fetch({})
    finally:
        post_init.disconnect(listen, sender=Team)

    assert heard == [team.pk for team in teams] != []
