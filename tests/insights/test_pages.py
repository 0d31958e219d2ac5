"""Reports on screen: who reads them, what they cost, that the CSV is the page, and that nothing typed breaks them."""

import csv
import io
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from insights.periods import read_preset
from insights.words import duration, percent, share
from supportdesk.lib.csv_files import cell
from tests.factories.accounts import sign_in
from tests.factories.tickets import WEDNESDAY, make_ticket
from tests.insights.conftest import gathered, say
from tests.webhooks.receiver import Receiver
from tickets.actions import details
from tickets.models import Ticket
from webhooks.actions import deliver, endpoints
from webhooks.models import Delivery

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rules")]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGES = ("/reports/", "/reports/satisfaction/", "/reports/tickets/?figure=opened")
FILES = ("/reports/figures.csv", "/reports/figures.csv?by=tag", "/reports/satisfaction/answers.csv")
LATER = WEDNESDAY + 3 * DAY


@pytest.fixture
def history(agent, customer):
    """Five days of tickets."""
    for number in range(5):
        ticket = make_ticket(requester=customer, now=WEDNESDAY + number * HOUR)
        details.change(ticket=ticket, by=agent, tags=["=cmd|x", "vip"], now=ticket.created_at)
        if number % 2:
            say(ticket, agent, now=ticket.created_at + HOUR, then="closed")
    gathered(WEDNESDAY + DAY)


def rows_of(response) -> list[list[str]]:
    text = response.content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


@time_machine.travel(LATER, tick=False)
def test_leads_admins_and_observers_read_reports_and_nobody_else(django_client, lead, admin, observer, agent, stranger):
    for person, status in ((lead, 200), (admin, 200), (observer, 200), (agent, 403), (stranger, 404)):
        client = django_client()
        sign_in(client, person) if person.is_staff_member else client.force_login(person)
        assert {client.get(address).status_code for address in (*PAGES, *FILES)} == {status}, person


@time_machine.travel(LATER, tick=False)
def test_a_page_costs_the_same_with_one_ticket_and_with_many(client, lead, agent, history, django_assert_num_queries):
    sign_in(client, lead)
    for address in PAGES:
        client.get(address)
    with django_assert_num_queries(14):
        client.get("/reports/")
    with django_assert_num_queries(9):
        client.get("/reports/satisfaction/")
    with django_assert_num_queries(8):
        client.get("/reports/tickets/?figure=opened")
    for _ in range(4):
        say(make_ticket(now=WEDNESDAY + DAY), agent, now=WEDNESDAY + DAY + HOUR, then="closed")
    gathered(WEDNESDAY + 2 * DAY)

    with django_assert_num_queries(14):
        client.get("/reports/?by=person&period=365")
    with django_assert_num_queries(9):  # one more names who answered
        client.get("/reports/tickets/?figure=answers&period=365")


@time_machine.travel(LATER, tick=False)
def test_the_csv_holds_what_the_page_shows_and_runs_nowhere_S21(client, lead, history):
    sign_in(client, lead)
    page = client.get("/reports/?period=7")
    report = page.context["report"]

    head, *days = rows_of(client.get("/reports/figures.csv?period=7"))
    assert head[2:] == ["opened", "closed", "opened again", "replies", "unsolved at the end"]
    assert [[int(value) for value in day[2:]] for day in days] == [
        [*(day.counts[name] for name in ("opened", "closed", "reopened", "answers")), day.backlog]
        for day in report.days
    ]
    assert sum(int(day[2]) for day in days) == 5
    lines = rows_of(client.get("/reports/figures.csv?period=7&by=tag"))
    assert [line[0] for line in lines[1:]] == ["'=cmd|x", "vip"]
    assert [int(value) for value in lines[1][1:4]] == [5, 2, 0]


@pytest.mark.parametrize(
    ("value", "written"),
    [("=1+1", "'=1+1"), ("+49", "'+49"), ("-2", "'-2"), ("@x", "'@x"), ("\tx", "'\tx"), (" =1", "' =1"),
     ("\r=", "'\r="), ("a=b", "a=b"), (-2, -2), (None, ""), ("a\x00b", "ab")],
)  # fmt: skip
def test_S21_no_cell_begins_a_formula(value, written):
    assert cell(value) == written


@time_machine.travel(LATER, tick=False)
def test_every_number_on_the_page_opens_its_rows(client, lead, history):
    sign_in(client, lead)
    report = client.get("/reports/?period=7&by=channel").context["report"]
    addresses = [tile.address for tile in report.tiles]
    addresses += [address for line in report.lines for address in line.addresses.values()]
    addresses += [address for day in report.days for address in day.addresses.values()]

    assert len(addresses) > 40
    assert {client.get(address).status_code for address in addresses} == {200}
    first = next(tile for tile in report.tiles if tile.key == "opened")
    assert len(client.get(first.address).context["rows"]) == int(first.shown) == 5


@time_machine.travel(LATER, tick=False)
def test_rows_are_paged_by_key_without_a_gap(client, lead, customer, monkeypatch):
    monkeypatch.setattr("insights.queries_reports.PAGE", 3)
    tickets = [make_ticket(requester=customer).pk for _ in range(8)]
    gathered(WEDNESDAY + HOUR)
    sign_in(client, lead)
    seen, after = [], ""
    while True:
        page = client.get("/reports/tickets/", {"figure": "opened", "period": "7", "after": after})
        seen += [row["ticket"].pk for row in page.context["rows"]]
        after = page.context["next"]
        if not after:
            break
        assert f"after={after.split('_')[0][:10]}" in page.content.decode()

    assert seen == tickets[::-1]


@time_machine.travel(LATER, tick=False)
@pytest.mark.parametrize(
    "query",
    ["period=x", "period=-1", "since=2026-13-99", "until=x", "since=9999-12-31&until=9999-12-31", "since=0001-01-01",
     "since=2026-03-09&until=2026-03-01", "since=2020-01-01&until=2026-01-01", "team=x", "team=" + "9" * 40, "by=x",
     "by=tag&key=%00", "by=person&key=" + "9" * 30, "by=person&key=-1", "by=reason&key=x", "after=%00_%00",
     "after=2026-99-99T00:00:00_1", "after=9999-12-31T23:59:59%2B00:00_" + "9" * 30, "figure=%00",
     "period=7&team=%F0%9F%98%80"],
)  # fmt: skip
def test_nothing_that_is_typed_into_an_address_is_an_error(client, lead, history, query):
    sign_in(client, lead)

    for address in ("/reports/", "/reports/satisfaction/", "/reports/tickets/", "/reports/figures.csv"):
        for figure in ("", "&figure=closed"):
            assert client.get(f"{address}?{query}{figure}").status_code in (200, 404, 422), (address, query)


@time_machine.travel(LATER, tick=False)
def test_a_period_that_is_none_says_so_and_keeps_what_was_typed_U27(client, lead):
    sign_in(client, lead)

    response = client.get("/reports/?since=2026-03-09&until=2026-03-01")

    page = response.content.decode()
    assert response.status_code == 422
    assert "There is a problem" in page and 'value="2026-03-09"' in page and 'value="2026-03-01"' in page


@time_machine.travel(LATER, tick=False)
def test_whoever_changes_the_days_gets_those_days_and_whoever_changes_the_period_that(client, lead):
    sign_in(client, lead)
    shown = {"since": "2026-03-01", "until": "2026-03-07", "was": "7"}

    def days(**asked) -> tuple[str, str]:
        period = client.get("/reports/", {**shown, **asked}).context["period"]
        return period.since.isoformat(), period.until.isoformat()

    assert days(period="7") == ("2026-03-01", "2026-03-07")
    assert days(period="7", since="2026-03-03") == ("2026-03-03", "2026-03-07")
    assert days(period="28") == ("2026-02-08", "2026-03-07")
    assert days(period="", since="2026-03-05") == ("2026-03-05", "2026-03-07")


def test_periods_and_their_previous_ones(settings):
    zone = ZoneInfo("Asia/Tokyo")
    period = read_preset("28", now=WEDNESDAY.replace(hour=20), zone=zone)
    assert (period.until.isoformat(), period.days, period.previous.days) == ("2026-03-05", 28, 28)
    assert period.previous.until + DAY == period.since
    assert read_preset("last_month", now=WEDNESDAY, zone=zone).in_words == "1 to 28 February 2026"
    year = read_preset("365", now=WEDNESDAY, zone=zone)
    buckets = year.buckets()
    assert year.step == "week" and buckets[0] == year.since and len(buckets) == 53
    assert sum(year.bucket_period(first).days for first in buckets) == 365


def test_words_of_figures():
    assert [duration(s) for s in (None, 0, 59, 60, 3599, 3600, 11_100, 172_800, 190_000)] == [
        "–", "0 s", "59 s", "1 min", "1 h", "1 h", "3 h 5 min", "2 d", "2 d 5 h",
    ]  # fmt: skip
    assert [percent(*pair) for pair in ((24, 30), (1, 1000), (999, 1000), (0, 5), (5, 5))] == [80, 1, 99, 0, 100]
    assert (share((24, 30)), share((0, 0)), share(None)) == ("80%", "–", "–")


@time_machine.travel(LATER, tick=False)
def test_the_panel_beside_a_ticket_says_what_its_customer_said(client, agent, stranger, history, django_client):
    ticket = Ticket.objects.order_by("pk").first()
    sign_in(client, agent)

    whole = client.get(f"/reports/tickets/{ticket.pk}/rating/").content.decode()
    part = client.get(f"/reports/tickets/{ticket.pk}/rating/", headers={"HX-Request": "true"}).content.decode()
    assert "<nav" in whole and "<nav" not in part and "Not asked yet" in part
    client.force_login(stranger)
    assert client.get(f"/reports/tickets/{ticket.pk}/rating/").status_code == 404


class TestSettings:
    """The pages on which an admin sets surveys and webhooks up."""

    def test_survey_rules_are_changed_and_refused_in_words(self, client, admin, rules):
        sign_in(client, admin)
        typed = {"is_enabled": "on", "after_hours": "4", "pause_days": "30", "change_days": "7", "low_reopens": "on"}

        assert client.post("/settings/surveys/", typed).status_code == 302
        rules.refresh_from_db()
        assert (rules.after_hours, rules.pause_days, rules.low_reopens, rules.asks_effort) == (4, 30, True, False)
        for wrong in ("", "x", "-1", "241", "9" * 30):
            response = client.post("/settings/surveys/", {**typed, "after_hours": wrong})
            assert (response.status_code, f'value="{wrong}"' in response.content.decode() or not wrong) == (422, True)
        rules.refresh_from_db()
        assert rules.after_hours == 4

    def test_the_secret_of_a_webhook_is_shown_once(self, client, admin):
        sign_in(client, admin)
        typed = {"url": "https://hooks.example.com/in", "description": "ERP", "events": ["ticket.closed"]}

        made = client.post("/settings/webhooks/new/", typed)
        secret = made.context["secret"]
        pk = made.context["endpoint"].pk

        assert (made.status_code, secret[:6], secret in made.content.decode()) == (201, "whsec_", True)
        again = client.get(f"/settings/webhooks/{pk}/").content.decode()
        assert secret not in again
        fresh = client.post(f"/settings/webhooks/{pk}/secret/").context["secret"]
        assert fresh != secret
        for verb in ("try", "switch", "switch", "replay", "remove"):
            assert client.post(f"/settings/webhooks/{pk}/{verb}/", {"since": "2026-03-01T00:00"}).status_code == 302
        assert client.get(f"/settings/webhooks/{pk}/").status_code == 404

    @pytest.mark.parametrize(
        "url", ["", "x", "http://example.com/", "https://127.0.0.1/", "https://[::1]/", "https://a\x00b/"]
    )
    def test_an_address_that_cannot_be_is_refused_beside_what_was_typed(self, client, admin, url):
        sign_in(client, admin)

        response = client.post("/settings/webhooks/new/", {"url": url, "events": ["ticket.closed"]})

        assert response.status_code == 422
        assert "There is a problem" in response.content.decode()

    def test_what_a_receiver_answers_is_shown_as_text(self, client, admin, settings):
        with Receiver() as receiver:
            settings.WEBHOOK_INTERNAL_HOSTS = [receiver.host]
            made, _ = endpoints.make_endpoint(
                url=receiver.url, description="", events=["ticket.created"], now=WEDNESDAY
            )
            receiver.script = [(500, {}, b"<script>alert(1)</script>")]
            make_ticket(subject="<img src=x onerror=alert(1)>")
            deliver.deliver_to(endpoint_id=made.pk, clock=lambda: WEDNESDAY)
        sign_in(client, admin)

        page = client.get(f"/settings/webhooks/deliveries/{Delivery.objects.get().pk}/").content.decode()
        listed = client.get(f"/settings/webhooks/{made.pk}/?only=waiting&before=99999999999999999999").content.decode()
        assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page and "<img" not in page
        assert "It answered 500." in listed
