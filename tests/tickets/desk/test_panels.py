"""Panels that apps above the desk show beside a ticket and its customer (house.md)."""

import pytest

from accounts import panels
from tests.tickets.desk.test_inbox import TICKET_QUERIES


@pytest.fixture
def panel(monkeypatch):
    """An app above the desk that shows something by a person's number."""
    monkeypatch.setattr(panels, "_panels", {})
    panels.register("customer", panels.Panel("orders", "Orders <b>", "truck", "desk:short_address"))


def test_a_panel_about_the_customer_stands_beside_a_plain_link_and_costs_the_page_no_query(
    desk, ticket, panel, django_assert_num_queries
):
    desk.get(f"/inbox/all/{ticket.pk}/")

    with django_assert_num_queries(TICKET_QUERIES):
        page = desk.get(f"/inbox/all/{ticket.pk}/").content.decode()

    assert f'href="/desk/tickets/{ticket.requester.pk}/"' in page
    assert "Orders &lt;b&gt;" in page
