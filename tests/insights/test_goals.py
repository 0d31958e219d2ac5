"""R79: what support is for stands on a page that everybody reads once, with goals, and budget beside actual."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from accounts.models import Person
from insights.actions import goals as acting
from insights.models import CostRules, Figure, Goal, GoalsRead, MonthCost, Survey
from insights.queries_goals import ADDRESS, budget_lines, reached
from tests.factories.accounts import make_staff, sign_in
from tests.factories.tickets import make_ticket

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 9, 10, 0, tzinfo=UTC)
MAY = datetime(2026, 5, 12, 10, 0, tzinfo=UTC)


@pytest.fixture
def written(admin):
    """The goals of this desk."""
    acting.write(
        text="## Why\n\nNobody should have to ask twice.\n\n<script>alert(1)</script>", article=None, asks_again=False,
        targets={"csat": Decimal(90), "reopened": Decimal(5), "first_reply": Decimal(4)}, by=admin, now=NOW,
    )  # fmt: skip
    return 1


def test_new_people_are_asked_to_read_it_first_until_they_say_so_R79(django_client, agent, written, stranger):
    """Once a version: the banner stands on every page of the desk, costs no query, and goes with the receipt."""
    assert acting.hand_out() == 0, "asked twice, it is once"
    hire = make_staff(name="Nina New")
    assert acting.hand_out() == 1
    stranger.refresh_from_db()
    assert stranger.must_read == ""
    with time_machine.travel(NOW, tick=False):
        client = django_client()
        sign_in(client, hire)
        assert client.get("/")["Location"] == ADDRESS, "before anything else"
        for page in ("/inbox/", "/wiki/", "/settings/"):
            text = client.get(page, follow=True).content.decode()
            assert "Read this first" in text and f'href="{ADDRESS}"' in text, page
        page = client.get(ADDRESS).content.decode()
        assert "Read this first" not in page and "Nobody should have to ask twice." in page
        assert "<script>alert" not in page and "I read this" in page and "Budget" not in page
        for wrong in ("", "0", "2", "x", "９", "9" * 30):
            client.post(f"{ADDRESS}read/", {"version": wrong})
        assert not GoalsRead.objects.exists()
        for _ in range(2):
            client.post(f"{ADDRESS}read/", {"version": "1"})
        assert "Read this first" not in client.get("/inbox/", follow=True).content.decode()
        assert client.get("/")["Location"] == "/inbox/"
        assert "You said that you read this" in client.get(ADDRESS).content.decode()
        other = django_client()
        other.force_login(stranger)
        assert other.get(ADDRESS).status_code == 404
    assert list(GoalsRead.objects.values_list("person", "version", "at")) == [(hire.pk, 1, NOW)]
    assert Person.objects.get(pk=agent.pk).must_read == ADDRESS


def test_a_change_asks_again_only_where_somebody_says_so(agent, written, admin):
    def write(asks_again: bool) -> None:
        acting.write(text="Other", article=None, asks_again=asks_again, targets={}, by=admin, now=NOW)

    acting.confirm(version=1, by=agent, now=NOW)
    write(asks_again=False)
    assert Person.objects.get(pk=agent.pk).must_read == "" and Goal.objects.count() == 0
    write(asks_again=True)
    assert Person.objects.get(pk=agent.pk).must_read == ADDRESS
    with pytest.raises(acting.CannotPublish, match="changed"):
        acting.confirm(version=1, by=agent, now=NOW)


def test_goals_are_counted_as_the_reports_count_them(written, agent, customer):
    """Last month beside the one before; a share has its n, and what nobody knows is not called missed."""
    Figure.objects.create(
        on=MAY.date(), team_id=1, dimension="all", key="", closed=200, closed_soon=8, closed_unanswered=3, contacts=210
    )
    for number in range(30):
        ticket = make_ticket(requester=customer, now=MAY)
        Survey.objects.create(
            ticket=ticket, person=customer, team_id=ticket.team_id, state="answered", closed_at=MAY, asked_at=MAY,
            asked_on=MAY.date(), answered_at=MAY, csat=5 if number < 24 else 2, token_sha256=f"{number:064}",
        )  # fmt: skip
    found = {one.figure.value: one for one in reached(NOW)}
    assert (found["csat"].now, found["csat"].n, found["csat"].is_reached) == (80.0, 30, False)
    assert (found["reopened"].now, found["reopened"].n, found["reopened"].is_reached) == (4.0, 200, True)
    assert (found["first_reply"].now, found["first_reply"].is_reached, found["csat"].before) == (None, None, None)


def test_budget_stands_beside_what_was_spent_month_by_month_R79(client, written, admin, lead):
    CostRules.objects.update_or_create(pk=1, defaults={"budget": 8_000_00, "tools": 500_00, "rate": 40_00})
    MonthCost.objects.create(month=MAY.date().replace(day=1), support_pay=8_000_00, entered_at=NOW)
    MonthCost.objects.create(month=datetime(2026, 4, 1).date(), support_hours=100, entered_at=NOW)
    lines = {f"{line.month:%Y-%m}": line for line in budget_lines(NOW)}
    assert len(lines) == 12
    assert (lines["2026-05"].actual, lines["2026-05"].over) == (8_500_00, 500_00)
    assert (lines["2026-04"].actual, lines["2026-04"].under) == (4_500_00, 3_500_00)
    assert (lines["2026-06"].actual, lines["2026-06"].over) == (None, None)
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        sign_in(client, lead)
        page = client.get(ADDRESS).content.decode()
        assert "$500.00 over" in page and "$3,500.00 under" in page
        assert client.get("/settings/goals/").status_code == 403
        sign_in(client, admin)
        for wrong in ({"text": "", "csat": ""}, {"csat": "many"}, {"csat": "-1"}, {"csat": "1e99"}, {"article": "0"}):
            response = client.post("/settings/goals/", {"text": "Why", **wrong})
            assert response.status_code == 422 and "Error: " in response.content.decode(), wrong
        assert client.post("/settings/goals/", {"text": "Why", "csat": "95.5"}).status_code == 302
    assert list(Goal.objects.values_list("figure", "target")) == [("csat", Decimal("95.50"))]
