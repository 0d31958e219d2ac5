"""The founder's page (U42, R18, R41, R56 to R58, R63, R65, R82): what it counts, its rows, CSV, charts and costs."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum

from insights import charts, costs, overview, queries_overview
from insights.actions.activity import keep_activity
from insights.actions.costs import enter_month, save_rules
from insights.actions.gather import gather
from insights.activity import active_customers
from insights.choices import Dimension
from insights.desk import desk_zone
from insights.models import ActiveCount, ActiveMonth, CostRules, Figure, MonthCost, Turn
from insights.months import back, shift
from supportdesk.lib.palette import asked, find
from tests.factories.accounts import make_person, make_staff, sign_in
from tests.factories.closed import Asked, close_many
from tests.factories.invoices import make_buyer, make_invoice
from tests.factories.tickets import WEDNESDAY, make_ticket
from tests.insights.conftest import gathered, say
from tickets.models import ContactReason, Team

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rules")]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
QUERIES = 33
TODAY = WEDNESDAY.replace(day=25)
MARCH, FEBRUARY = date(2026, 3, 1), date(2026, 2, 1)
RULES = {"rate": 4_000, "tools": 0, "budget": None, "contact_rate_goal": None, "engineering_target": 20}
NOTHING = {"support_hours": None, "support_pay": None, "tools": None, "engineering_hours": None}


def active(month, count):
    """So many people who signed in."""
    people = [make_person() for _ in range(count)]
    ActiveMonth.objects.bulk_create([ActiveMonth(month=month, person=one, has_signed_in=True) for one in people])
    return people


@pytest.fixture
def history(agent):
    """Nine contacts of ten customers in February, three of twenty in March, of which one was opened again at once."""
    reason = ContactReason.objects.create(name="Card declined")
    close_many(
        (Asked(f"February {n}", reason, WEDNESDAY.replace(month=2, day=3) + n * DAY) for n in range(9)), by=agent
    )
    for number in range(3):
        ticket = make_ticket(requester=make_person(), now=WEDNESDAY + number * DAY)
        say(ticket, agent, now=ticket.created_at + HOUR, then="closed")
    active(FEBRUARY, 10)
    active(MARCH, 20)
    keep_activity(now=TODAY, is_thorough=True)
    gathered(TODAY)
    return reason


def seen(now=TODAY, span=12):
    return overview.overview(span=span, now=now, zone=desk_zone())


def rows_of(response):
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_R58_a_contact_rate_is_contacts_of_a_hundred_active_customers(history):
    """And the month that is called “now” is the current one only once half of it is over."""
    view = seen()
    by_month = {month.month: month for month in view.months}

    assert (by_month[FEBRUARY].contacts, by_month[FEBRUARY].customers, by_month[FEBRUARY].rate) == (9, 10, 90)
    assert (view.at.month, view.at.contacts, view.at.customers, view.at.rate, view.is_to_date) == (
        MARCH,
        3,
        20,
        15,
        True,
    )
    assert seen(TODAY.replace(day=14)).at.month == FEBRUARY and seen(TODAY.replace(day=15)).at.month == MARCH
    assert view.index("customers")[-2:] == [100, None], "the current month is not over"
    assert {month.month: month.rate for month in view.months}[date(2025, 12, 1)] is None


def test_rollups_equal_the_rows(history, customer):
    """What timers keep is what counting the rows gives: days, months of customers (speed of issue 7)."""
    buyer = make_buyer()
    invoice = make_invoice(customer=buyer, now=WEDNESDAY - 40 * DAY)
    type(invoice).objects.filter(pk=invoice.pk).update(paid_at=WEDNESDAY)
    type(customer).objects.filter(pk=customer.pk).update(last_seen_at=TODAY - HOUR)
    staff = make_staff("agent")
    type(staff).objects.filter(pk=staff.pk).update(last_seen_at=TODAY - HOUR)

    assert keep_activity(now=TODAY) == 2 and keep_activity(now=TODAY) == 0, "one that paid, one that was here; no staff"
    assert active_customers(WEDNESDAY.date()) == 22 == ActiveMonth.objects.filter(month=MARCH).count()
    rows = ActiveMonth.objects.filter(month=MARCH)
    assert rows.get(organisation=customer.memberships.get().organisation).has_signed_in
    assert rows.get(has_paid=True).organisation_id == buyer.organisation_id
    for month in (FEBRUARY, MARCH):
        days = {"on__gte": month, "on__lt": shift(month, 1)}
        kept = Figure.objects.filter(dimension=Dimension.ALL, **days).aggregate(sum=Sum("contacts"))["sum"]
        assert kept == Turn.objects.filter(is_contact=True, **days).count()
        assert ActiveCount.objects.get(month=month).customers == ActiveMonth.objects.filter(month=month).count()
    ActiveMonth.objects.filter(month=FEBRUARY).first().delete()
    keep_activity(now=TODAY, is_thorough=True)
    assert active_customers(FEBRUARY) == 9, "a thorough look counts every month again"


def test_R56_and_R57_elasticity_and_the_cost_of_a_contact(admin):
    """R56: customers +50 %, hours +10 % is 0.2. R57: $8,000 of 1,000 contacts is $8.00."""
    assert queries_overview.elasticity((100, 150), (50.0, 55.0)) == pytest.approx(0.2)
    assert [
        queries_overview.elasticity(*pair)
        for pair in (((0, 5), (1.0, 2.0)), ((5, 5), (1.0, 2.0)), ((5, 6), (0.0, 2.0)))
    ] == [None] * 3
    month = queries_overview.Month(MARCH, {"contacts": 1_000}, cost=800_000)
    assert month.cost_per_contact == 800
    assert queries_overview.Month(MARCH, {"contacts": 0}, cost=800_000).cost_per_contact is None

    save_rules(by=admin, now=TODAY, **RULES)
    then, now = back(MARCH, 14)[0], FEBRUARY
    ActiveCount.objects.bulk_create([ActiveCount(month=then, customers=100), ActiveCount(month=now, customers=150)])
    for at, hours in ((then, "50"), (now, "55")):
        enter_month(by=admin, month=at, now=TODAY, **{**NOTHING, "support_hours": Decimal(hours)})
    found = seen().elasticity
    assert found and found.value == pytest.approx(0.2) and (found.before.month, found.now.month) == (then, now)
    assert found.customers_per_person == round(150 * 160 / 55)
    row, of = MonthCost.objects.get(month=now), costs.rules()
    assert (costs.cost_of(row, of), costs.loaded_rate()) == (220_000, 4_000), "hours at the rate, and the usual tools"
    row.support_pay, row.tools = 700_000, 100_000
    assert costs.cost_of(row, of) == 800_000
    with pytest.raises(IntegrityError), transaction.atomic():
        MonthCost.objects.create(month=date(2026, 3, 2), entered_at=TODAY)


def test_costs_are_entered_by_admins_and_refused_in_words(client, django_client, admin, lead, observer):
    sign_in(client, admin)
    typed = {"rate": "52.50", "tools": "400", "budget": "9,000", "contact_rate_goal": "3.0", "engineering_target": "25"}
    with time_machine.travel(TODAY, tick=False):
        assert client.post("/settings/costs/", typed).status_code == 302
        assert (costs.loaded_rate(), costs.rules().budget, CostRules.objects.count()) == (5_250, 900_000, 1)
        for name, wrong in (
            ("rate", ""), ("rate", "-1"), ("rate", "1e9"), ("tools", "x\x00"), ("budget", "9" * 40),
            ("contact_rate_goal", "NaN"), ("contact_rate_goal", "1e400"), ("contact_rate_goal", "-1"),
            ("engineering_target", "101"), ("engineering_target", "1.5"), ("more", "1"),
        ):  # fmt: skip
            refused = client.post("/settings/costs/", {**typed, name: wrong})
            assert (refused.status_code, "There is a problem" in refused.content.decode()) == (422, True), (name, wrong)
        assert costs.loaded_rate() == 5_250
        month = {"support_hours": "120.5", "support_pay": "", "tools": "0", "engineering_hours": ""}
        assert client.post("/settings/costs/2026-02/", month).status_code == 302
        assert client.post("/settings/costs/2026-02/", {**month, "support_hours": "160"}).status_code == 302
        row = MonthCost.objects.get()
        assert (row.month, row.support_hours, row.tools, row.entered_by) == (FEBRUARY, 160, 0, admin)
        for wrong in ("-1", "100001", "1.25", "Infinity", "\x00", "９"):
            refused = client.post("/settings/costs/2026-02/", {**month, "support_hours": wrong})
            assert refused.status_code in ((302,) if wrong == "９" else (422,)), wrong
        for never in ("2026-13", "2026-00", "1999-12", "2026-04", "99999999999-01"):
            assert client.get(f"/settings/costs/{never}/").status_code == 404
        for person in (lead, observer):
            other = django_client()
            sign_in(other, person)
            assert other.get("/settings/costs/").status_code == other.post("/settings/costs/", typed).status_code == 403


@time_machine.travel(TODAY, tick=False)
def test_U42_every_number_opens_its_rows_and_the_csv_is_the_chart(client, observer, history):
    sign_in(client, observer)
    page = client.get("/insights/")
    view, drawn = page.context["view"], page.context["page"]

    head, *lines = rows_of(client.get("/insights/months.csv"))
    place = {name: number for number, name in enumerate(head)}
    assert len(lines) == len(view.months) == len(drawn.lines) == 12
    for line, month, shown in zip(lines, view.months, drawn.lines, strict=True):
        assert [line[place[name]] for name in ("month", "active customers", "contacts")] == [
            f"{month.month:%Y-%m}", str(month.customers), str(month.contacts)
        ]  # fmt: skip
        rate = line[place["contacts per 100 customers"]]
        assert rate == ("" if month.rate is None else str(round(month.rate, 2)))
        assert line[place["contacts index"]] == ("" if shown.contacts_index is None else str(shown.contacts_index))
    assert [y for _, y in drawn.rate.lines[0].dots] == [
        charts.lines([[90.0, 15.0]], ["F", "M"]).lines[0].dots[number][1] for number in (0, 1)
    ], "the dots stand at the values of the table"
    reasons = rows_of(client.get("/insights/reasons.csv"))
    assert [line[0] for line in reasons[1:]] == [row.name for row in view.drivers] == ["Card declined"]
    assert reasons[1][1:13] == [str(count) for count in view.drivers[0].contacts]

    addresses = [tile.address for tile in drawn.tiles] + [line.address for line in (*drawn.drivers, *drawn.teams)]
    addresses += [address for line in drawn.lines for address in line.addresses.values()]
    addresses += [f"/insights/rows/{name}/" for name in ("active", "breaches", "comments", "pages", "review-days")]
    pages = [address for address in addresses if not address.startswith("#")]
    assert len(pages) > 80 and {client.get(address).status_code for address in dict.fromkeys(pages)} == {200}
    march = drawn.lines[-1]
    assert len(client.get(march.addresses["contacts"]).context["rows"]) == march.month.contacts == 3
    assert len(client.get(march.addresses["customers"]).context["listed"].rows) == march.month.customers == 20
    for address in (
        "/insights/?months=x\x00",
        "/insights/?months=-1",
        "/insights/?months=9999999999",
        "/insights/rows/active/?month=2026-99&after=x",
        "/insights/rows/active/?month=%00&after=99999999999999999999",
    ):
        assert client.get(address).status_code == 200
    assert client.get("/insights/rows/nothing/").status_code == 404
    assert [found.address for group in find(observer, asked("overview"), TODAY) for found in group.found] == []
    named = [found.address for group in find(observer, asked("insights"), TODAY) for found in group.found]
    assert "/insights/" in named


@time_machine.travel(TODAY, tick=False)
def test_leads_admins_and_observers_open_the_page_and_it_costs_the_same_with_more(
    client, django_client, lead, admin, observer, agent, stranger, history, django_assert_num_queries
):
    for person, status in ((lead, 200), (admin, 200), (observer, 200), (agent, 403), (stranger, 404)):
        other = django_client()
        sign_in(other, person) if person.is_staff_member else other.force_login(person)
        addresses = (
            "/insights/",
            "/insights/months.csv",
            "/insights/reasons.csv",
            "/insights/rows/active/",
            "/me/weekly/",
        )
        assert {other.get(address).status_code for address in addresses} == {status}, person
    sign_in(client, lead)
    client.get("/insights/")
    with django_assert_num_queries(QUERIES):
        client.get("/insights/")
    for number in range(4):
        reason = ContactReason.objects.create(name=f"Reason {number}")
        close_many([Asked("More", reason, WEDNESDAY + number * DAY)] * 3)
    gather(now=TODAY, is_thorough=True)
    with django_assert_num_queries(QUERIES):
        client.get("/insights/?months=24")


def test_R82_teams_are_set_side_by_side_with_how_they_are_staffed(client, admin, agent, history):
    sign_in(client, admin)
    typed = {"name": "Night shift", "sourcing": "offshore", "members": [agent.pk]}
    assert client.post("/settings/teams/new/", typed).status_code == 302
    team = Team.objects.get(name="Night shift")
    make_ticket(team=team, now=WEDNESDAY)
    gather(now=TODAY, is_thorough=True)

    assert client.post("/settings/teams/new/", {**typed, "name": "X", "sourcing": "moon"}).status_code == 422
    with time_machine.travel(TODAY, tick=False):
        page = client.get("/insights/")
    lines = {line.name: line for line in page.context["page"].teams}
    assert (lines["Night shift"].sourcing, lines["Night shift"].contacts) == ("Offshore", 1)
    assert sum(line.contacts for line in lines.values()) == 13
    assert client.post(f"/settings/teams/{team.pk}/", {"name": "Night shift"}).status_code == 302
    team.refresh_from_db()
    assert team.sourcing == "inhouse", "a form that does not say is about our own people"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update tickets_team set sourcing = 'moon'")


def test_charts_are_arithmetic_that_holds_for_any_values():
    assert [charts.scale(values) for values in ([9.4], [0.31], [132], [], [0.0], [1e9])] == [10, 0.4, 150, 1, 1, 1e9]
    drawing = charts.lines([[None, 4.0, None, 2.0, 1.0]], list("abcde"), pins=[0.0, 0.01, 4.0], goal=3)
    assert len(drawing.lines[0].dots) == 3 and drawing.lines[0].path.count("M") == 2, "a gap where nothing is known"
    places = [pin.x for pin in drawing.pins]
    assert places[1] - places[0] >= 22 and [pin.number for pin in drawing.pins] == [1, 2, 3], (
        "pins never cover each other"
    )
    assert charts.lines([[]], []).lines[0].path == "" and charts.lines([[None]], ["a"]).lines[0].dots == []
    bars = charts.spark([0, 5, 10], fixed_before=2, is_hot=True)
    assert [kind for *_, kind in bars.bars] == ["", "", " after"] and bars.fix_x == 28
