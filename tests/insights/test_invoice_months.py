"""B9: questions for every 1,000 invoices. The rate is judged, the count is shown, and a month closes with an action."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from accounts.access import NotAllowed
from billing.models import Customer, Invoice
from insights.actions import invoice_months as acting
from insights.actions.programme_rules import change_invoice_rules
from insights.models import Figure, InvoiceAction, InvoiceMonth, IssuedCount
from insights.queries_invoice_month import bars, count_issued, counted, did_not_fall, issued_in
from mail.models import OutgoingMail
from tests.factories.accounts import make_organisation, make_staff, sign_in
from tests.factories.tickets import make_ticket
from tests.insights.conftest import gathered, say
from tests.insights.test_pages import rows_of
from tickets.models import ContactReason

pytestmark = pytest.mark.django_db

APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
FIRST_OF_JUNE = datetime(2026, 6, 1, 0, 1, tzinfo=UTC)


@pytest.fixture
def reasons(db):
    """“Invoices” with a reason two levels below it, and one beside it."""
    top = ContactReason.objects.create(name="Invoices")
    below = ContactReason.objects.create(name="Fees", parent=top)
    return {
        "top": top, "below": below, "deep": ContactReason.objects.create(name="Canada", parent=below),
        "beside": ContactReason.objects.create(name="Robots"),
    }  # fmt: skip


@pytest.fixture
def counting(reasons, admin, lead):
    """Questions are counted since April."""
    now = datetime(2026, 5, 1, 0, 1, tzinfo=UTC)
    change_invoice_rules(branch=reasons["top"], owner=lead, by=admin, now=now)
    return reasons


def issue(month: date, count: int) -> None:
    """So many invoices that got their number in that month, half of them on its first and half on its last day."""
    payer, _ = Customer.objects.get_or_create(
        name="Payer", defaults={"organisation": make_organisation(), "created_at": FIRST_OF_JUNE}
    )
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    known = Invoice.objects.count()
    at = [datetime.combine(day, datetime.min.time(), UTC) for day in (month, last)]
    Invoice.objects.bulk_create(
        Invoice(
            customer=payer, key=f"test:{number}", number=f"2026-{number:05}", year=2026, sequence=number, state="open",
            issued_at=at[number % 2], created_at=at[0], due_on=last, currency="USD",
        )
        for number in range(known + 1, known + count + 1)
    )  # fmt: skip


def ask(month: date, count: int, reason: ContactReason) -> None:
    """So many questions that a day of the month counted. What the rollup holds is tried against rows elsewhere."""
    Figure.objects.create(on=month.replace(day=17), team_id=1, dimension="reason", key=str(reason.pk), contacts=count)


@pytest.fixture
def april_and_may(counting):
    """April 120 of 4,000, May 110 of 3,500."""
    for month, invoices, questions in ((APRIL, 4000, 120), (MAY, 3500, 110)):
        issue(month, invoices)
        ask(month, questions - 10, counting["below"])
        ask(month, 10, counting["deep"])
        ask(month, 500, counting["beside"])
    return counting


def test_may_is_red_though_the_count_fell_B9(april_and_may):
    """R18: 120/4,000 = 30.0, 110/3,500 = 31.4. Questions beside the branch count for nothing."""
    april, may = bars([APRIL, MAY])
    assert (april.invoices, april.questions, april.rate, april.is_red) == (4000, 120, 30.0, False)
    assert (may.invoices, may.questions, round(may.rate, 1), may.is_red) == (3500, 110, 31.4, True)
    # (questions, invoices) now and before: compared exactly, and equal has not fallen.
    for now, before, expected in (
        ((110, 3500), (120, 4000), True), ((119, 4000), (120, 4000), False), ((120, 4000), (120, 4000), True),
        ((3, 99), (1, 33), True), ((0, 100), (0, 100), False), ((5, 0), (1, 10), False), ((5, 10), (0, 0), False),
        ((1, 10**9), (0, 5), True),
    ):  # fmt: skip
        assert did_not_fall(now, before) is expected, (now, before)


def test_a_month_is_opened_once_and_closes_with_an_action_only_B9(client, april_and_may, lead, agent, ben):
    """R17. Run twice it is one row and one mail; closed by the page, by the action and by SQL only with an action."""
    for _ in range(3):
        acting.look_after(now=FIRST_OF_JUNE)
    assert list(InvoiceMonth.objects.order_by("month").values_list("month", flat=True)) == [APRIL, MAY]
    subjects = list(OutgoingMail.objects.filter(to_address=lead.email).order_by("pk").values_list("subject", flat=True))
    assert subjects == ["Invoice questions of April 2026", "Invoice questions of May 2026"]
    row = InvoiceMonth.objects.get(month=MAY)
    assert (row.invoices, row.questions, row.owner) == (3500, 110, lead)

    later = FIRST_OF_JUNE + timedelta(days=2)
    with pytest.raises(acting.CannotClose, match="at least one"):
        acting.close(month=row, by=lead, now=later)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "update insights_invoicemonth set state = 'closed', closed_at = now() where month = %s", [MAY]
        )  # fmt: skip
    with time_machine.travel(later, tick=False):
        sign_in(client, lead)
        place = "/insights/invoice-questions/2026-05/"
        refused = client.post(f"{place}close/")
        assert refused.status_code == 409 and "Write down at least one thing" in refused.content.decode()
        sent = {"kind": "text", "words": "Name the fee on its own line", "owner": ben.pk}
        for wrong in ({"kind": "talk"}, {"owner": ""}, {"owner": agent.pk + 999}, {"words": " "}, {"words": "\x00"}):
            response = client.post(f"{place}actions/", {**sent, **wrong})
            assert response.status_code == 422 and "Error: " in response.content.decode(), wrong
        assert client.post(f"{place}actions/", sent).status_code == 302
        assert client.post(f"{place}close/").status_code == 302
        page = client.get("/insights/invoice-questions/").content.decode()
        assert "did not fall" in page and "Name the fee on its own line" in page
        lines = rows_of(client.get("/insights/invoice-questions/months.csv"))
    assert [line for line in lines if line[0] == "2026-05"] == [
        ["2026-05", "3500", "110", "31.4", "yes", "Name the fee on its own line"]
    ]
    row.refresh_from_db()
    assert (row.state, row.closed_by) == ("closed", lead)
    assert bars([MAY])[0].actions == ("Name the fee on its own line",)

    issue(MAY, 10)
    assert bars([MAY])[0].invoices == 3500, "a closed month stays as it was closed"
    action = row.actions.get()
    with pytest.raises(acting.CannotClose):
        acting.drop(action=action, by=lead, now=later)
    with pytest.raises(IntegrityError), transaction.atomic():
        action.delete()
    with pytest.raises(NotAllowed):
        acting.act(month=row, kind="product", words="Mine", owner=agent, article=None, by=agent, now=later)
    acting.finish(action=action, is_done=True, by=ben, now=later)
    assert InvoiceAction.objects.get().done_at == later


def test_counts_kept_by_the_timer_equal_the_rows_and_follow_what_is_brought_in_later(april_and_may):
    """The chart reads a rollup of months that are over; the running month is counted from its rows."""
    both = [APRIL, MAY]
    assert issued_in(both) == count_issued(both) == {APRIL: 4000, MAY: 3500}
    acting.keep_counts(now=FIRST_OF_JUNE - timedelta(days=3))
    issue(MAY, 7)
    assert issued_in(both) == {APRIL: 4000, MAY: 3507}, "May was not over when it was looked at"
    acting.keep_counts(now=FIRST_OF_JUNE)
    issue(MAY, 5)
    for minute in range(IssuedCount.objects.count()):
        acting.keep_counts(now=FIRST_OF_JUNE + timedelta(minutes=minute + 1))
    assert issued_in(both) == count_issued(both) == {APRIL: 4000, MAY: 3512}
    assert dict(IssuedCount.objects.filter(month__in=both).values_list("month", "invoices")) == {APRIL: 4000, MAY: 3512}


def test_an_open_month_is_reminded_of_once_and_the_running_one_cannot_be_closed(april_and_may, lead):
    acting.look_after(now=FIRST_OF_JUNE)
    for days in (13, 14, 15, 40):
        acting.look_after(now=FIRST_OF_JUNE + timedelta(days=days))
    subjects = list(OutgoingMail.objects.filter(to_address=lead.email).values_list("subject", flat=True))
    assert subjects.count("Invoice questions of May 2026 are still open") == 1
    running = InvoiceMonth.objects.create(month=date(2026, 8, 1), opened_at=FIRST_OF_JUNE, counted_at=FIRST_OF_JUNE)
    with pytest.raises(acting.CannotClose, match="not over"):
        acting.close(month=running, by=lead, now=datetime(2026, 8, 31, 23, 59, tzinfo=UTC))


def test_what_is_counted_equals_the_rows_that_the_page_opens(
    counting, agent, client, observer, django_assert_num_queries
):
    """Every number opens its rows: tickets closed with a reason of the branch, gathered as reports gather them."""
    start = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
    for number, name in enumerate(("top", "below", "deep", "beside", "deep")):
        ticket = make_ticket(now=start + timedelta(hours=number))
        say(ticket, agent, now=start + timedelta(hours=number, minutes=5), then="closed", reason=counting[name])
    gathered(start + timedelta(days=1))
    invoices, by_reason = counted([MAY])[MAY]
    assert (invoices, by_reason) == (
        0,
        {str(counting["top"].pk): 1, str(counting["below"].pk): 1, str(counting["deep"].pk): 2},
    )
    assert bars([MAY])[0].rate is None
    with time_machine.travel(start + timedelta(days=2), tick=False):
        sign_in(client, observer)
        page = client.get("/insights/invoice-questions/2026-05/").content.decode()
        address = page.partition('href="/reports/tickets/?')[2].partition('"')[0].replace("&amp;", "&")
        assert len(client.get(f"/reports/tickets/?{address}").context["rows"]) == 2, (
            "the deepest reason was asked twice"
        )
        with django_assert_num_queries(15):
            client.get("/insights/invoice-questions/")


def test_who_reads_and_hostile_addresses(django_client, april_and_may, agent, observer, stranger, lead, admin):
    acting.look_after(now=FIRST_OF_JUNE)
    with time_machine.travel(FIRST_OF_JUNE + timedelta(days=2), tick=False):
        for person, seen in ((lead, 200), (observer, 200), (agent, 403), (stranger, 404)):
            client = django_client()
            sign_in(client, person) if person.is_staff_member else client.force_login(person)
            assert client.get("/insights/invoice-questions/").status_code == seen, person
            month = client.get("/insights/invoice-questions/2026-05/").status_code
            assert month == (404 if person in (agent, stranger) else 200), person
            assert client.post("/insights/invoice-questions/2026-05/close/").status_code == {
                lead: 409, observer: 403, agent: 404, stranger: 404,
            }[person]  # fmt: skip
        client = django_client()
        sign_in(client, lead)
        for text in ("2026-13", "0000-00", "2026-5", "9999-01", "x", "2027-01", "٢٠٢٦-٠٥", "2026-05-01"):
            assert client.get(f"/insights/invoice-questions/{text}/").status_code == 404, text
        assert client.get("/insights/invoice-questions/2020-01/").status_code == 200, "a month that nobody opened"
        for number in (0, 2**63, 10**30):
            assert client.post(f"/insights/invoice-questions/actions/{number}/done/").status_code == 404
        sign_in(client, admin)
        for sent in ({"branch": "x"}, {"branch": 10**30}, {"owner": stranger.pk}):
            assert client.post("/settings/invoice-questions/", sent).status_code == 422, sent
        assert client.post("/settings/invoice-questions/", {"branch": "", "owner": ""}).status_code == 302
        assert "Which questions are about invoices?" in client.get("/insights/invoice-questions/").content.decode()
    assert make_staff().pk and acting.look_after(now=FIRST_OF_JUNE + timedelta(days=99)) == 0, "nothing is counted"
