"""The demo's year (issue 7, “Done when”): five fixes bend the curve, and every figure is counted from rows."""

from datetime import UTC, datetime

import pytest

from billing.models import Invoice
from insights import overview
from insights.actions.gather import gather
from insights.actions.programme_rules import change_invoice_rules
from insights.choices import TurnKind
from insights.desk import desk_zone
from insights.models import ActiveMonth, Problem, Turn
from supportdesk.demo.company import office_hours, set_up
from supportdesk.demo.renewals import renewals
from supportdesk.demo.store import open_store
from supportdesk.demo.world import in_a_hurry, nobody_woken
from supportdesk.demo.year import DAY, DAYS, everybody, lay_fixes, lay_year
from supportdesk.faults.invariants import violations
from tickets.models import ContactReason, Ticket

# Not the first days of a month, of a year or of a daylight saving time; the demo itself holds on any day.
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_five_fixes_bend_the_curve_of_contacts_counted_from_the_demos_rows():
    with nobody_woken(), in_a_hurry():
        company = set_up(now=NOW - 57 * DAY)
        count = lay_year(company, office_hours(NOW - DAYS * DAY), now=NOW)
        _renew(company)
        gather(now=NOW)
        lay_fixes(company, now=NOW)
    view = overview.overview(span=12, now=NOW, zone=desk_zone())

    assert Ticket.objects.count() == count > 1_500 and not Ticket.objects.unsolved().exists(), (
        "the inbox stays as it was"
    )
    verified = Problem.objects.filter(state="verified")
    assert verified.count() == 5 and all(one.after * 2 / one.before <= 0.5 for one in verified)
    assert {fix.words for fix in view.fixes} >= set(verified.values_list("fix", flat=True))
    for row in view.drivers:
        of_fix = next((one for one in verified if one.driver_id == row.driver), None)
        if of_fix:
            assert row.now < row.before / 2 and row.contacts[-1] < row.contacts[0] / 2, row.name
    whole = view.months[:-1]
    assert whole[-1].rate < whole[0].rate / 2, "contacts of a hundred customers"
    for month in whole:
        rows = Turn.objects.filter(is_contact=True, on__year=month.month.year, on__month=month.month.month)
        assert month.contacts == rows.count() == rows.filter(kind=TurnKind.OPENED).count()
        assert month.customers == ActiveMonth.objects.filter(month=month.month).count() > 1_500
    assert view.elasticity and 0 < view.elasticity.value < 0.5
    assert view.costed and view.costed.cost_per_contact and view.allocation
    assert [row.name for row in view.overlooked] == ["Shipping › Held order"], "and one that nobody has taken"
    _look_at_invoices(view)


def _renew(company) -> None:
    """The Mondays of the year, and which questions are about invoices."""
    wares = open_store(admin=company.admin, now=NOW - (DAYS + 1) * DAY)
    runs = list(renewals(everybody(), wares["Classroom software"], since=NOW - DAYS * DAY, until=NOW))
    assert len(runs) == 53
    branch = ContactReason.objects.get(name="Cannot open invoice")
    change_invoice_rules(branch=branch, owner=company.admin, by=company.admin, now=NOW)


def _look_at_invoices(view: overview.Overview) -> None:
    """Some questions for many invoices, the rate falls with its fix, and the books are sound."""
    assert [one for one in violations(now=NOW) if one.invariant in ("I4", "I5", "I6")] == []
    whole = view.invoice_bars[:-1]
    assert all(50 < bar.invoices < 120 for bar in whole)
    assert 150 < whole[1].rate < 300 and whole[-1].rate < whole[1].rate / 4
    issued = Invoice.objects.order_by("issued_at", "sequence").values_list("year", "sequence")
    assert list(issued) == sorted(issued), "numbers in the order of their days"
    assert set(Invoice.objects.values_list("state", flat=True)) == {"paid", "open"}
