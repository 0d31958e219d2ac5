"""Who may set up entitlements and scope, how many queries the panel costs, and what the minutes beyond it cost."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.models import JournalEntry
from billing.actions.numbering import local_day
from insights.models import CostRules
from insights.queries_out_of_scope import months, tickets_of
from tests.factories.accounts import make_person, sign_in
from tests.factories.billing import make_goods, make_seller
from tests.factories.tickets import make_ticket
from tests.tickets.support.conftest import entitled
from tickets import urls_settings
from tickets.actions.scope import judging
from tickets.actions.setup import scope_rules
from tickets.models import ReplyTemplate, ScopeTime, SupportRules
from tickets.scope import Facts
from tickets.support_choices import Verdict

pytestmark = pytest.mark.django_db
STAFF = {"agent", "lead", "reviewer", "editor", "admin", "observer"}
LEADS = {"lead", "admin"}
# name: (who may look, who may post). None: there is no such method.
MATRIX: dict[str, tuple[set[str] | None, set[str] | None]] = {
    "entitlements": (STAFF, None),
    "new_entitlement": (LEADS, LEADS),
    "entitlement": (STAFF, None),
    "end_entitlement": (None, LEADS),
    "add_entitled": (None, LEADS),
    "remove_entitled": (None, LEADS),
    "offer_words": (None, LEADS),
    "priority_offer": ({"admin"}, {"admin"}),
    "withdraw_priority_offer": (None, {"admin"}),
    "identity_secret": (None, {"admin"}),
    "scope": (STAFF, None),
    "new_scope_rule": (LEADS, LEADS),
    "scope_rule": (LEADS, LEADS),
    "end_scope_rule": (None, LEADS),
}


def test_who_may_look_and_post_under_settings(client, request, lead, customer, now):
    """S22, S27: every role on every address; what was refused is journalled, and a customer finds nothing."""
    make_seller(time_zone="UTC")
    row = entitled(customer, now=now)
    rule = scope_rules.create_rule(
        words=scope_rules.ScopeWords(Verdict.FULL), starts_on=local_day(now), after=None, by=lead, now=now
    )
    values = {"pk": row.pk, "person_pk": customer.pk, "line": rule.line}
    ours = [one for one in urls_settings.urlpatterns if one.name in MATRIX]
    assert {one.name for one in ours} == MATRIX.keys()
    for role in sorted(STAFF):
        sign_in(client, request.getfixturevalue(role))
        for one in ours:
            address = f"/settings/{one.pattern}"
            for name, value in values.items():
                address = address.replace(f"<int:{name}>", str(value))
            look, post = MATRIX[one.name]
            assert client.get(address).status_code == (405 if look is None else 200 if role in look else 403) or (
                look is None and client.get(address).status_code == 403
            ), (role, address)
            before = JournalEntry.objects.filter(action="accounts.refused").count()
            status = client.post(address).status_code
            refused = JournalEntry.objects.filter(action="accounts.refused").count() - before
            if post is None:
                assert status in (403, 405), (role, address)
            elif role in post:
                assert (status in (200, 302, 404, 422), refused) == (True, 0), (role, address, status)
            else:
                assert status == 403 and (refused == 1 or role == "observer"), (role, address)
    sign_in(client, make_person())
    assert {client.get(f"/settings/{one.pattern}".replace("<int:pk>", "1")).status_code for one in ours} == {404}


def test_an_admin_sells_priority_a_lead_gives_it_and_sees_the_secret_once(client, admin, lead, now):
    """R11, R12: a pack of the store, priority by hand with its days, and the secret on one page only."""
    make_seller(time_zone="UTC")
    product = make_goods(9_900, name="Two incidents").product
    sign_in(client, admin)
    wrong = client.post("/settings/entitlements/products/", {"product": product.pk, "most_contacts": "3"})
    right = client.post(
        "/settings/entitlements/products/", {"product": product.pk, "incidents": "2", "most_contacts": "3"}
    )
    secret = client.post("/settings/entitlements/secret/").content.decode()
    made = SupportRules.objects.get().identity_secret
    assert (wrong.status_code, right.status_code) == (422, 302)
    assert made in secret and made not in client.get("/settings/entitlements/").content.decode()
    sign_in(client, lead)
    typed = {"address": "Gina@Lakeview.example", "name": "Goodwill year", "starts_on": "2026-01-01", "note": "Pilot"}
    backwards = client.post("/settings/entitlements/new/", typed | {"ends_on": "2025-12-31"})
    assert backwards.status_code == 422 and "It ends before it begins" in backwards.content.decode()
    client.post("/settings/entitlements/new/", typed | {"ends_on": "2026-12-31"})
    page = client.get("/settings/entitlements/?q=gina").content.decode()
    assert "Goodwill year" in page and "gina@lakeview.example" in page
    template = ReplyTemplate.objects.create(name="Calls", body="Calls cost, {customer_first_name}.")
    assert client.post("/settings/entitlements/words/", {"template": template.pk}).status_code == 302
    assert SupportRules.objects.get().offer_template == template
    assert client.post(f"/settings/templates/{template.pk}/remove/").status_code in (302, 403)


def test_the_panel_costs_the_same_however_many_entitlements_and_tickets_there_are(
    client, agent, lead, customer, now, django_assert_max_num_queries
):
    """Loaded when it is opened: the ticket's page asks nothing more for it."""
    make_seller(time_zone="UTC")
    scope_rules.create_rule(
        words=scope_rules.ScopeWords(Verdict.BEST_EFFORT, minutes=30), starts_on=local_day(now), after=None,
        by=lead, now=now,
    )  # fmt: skip
    ticket = make_ticket(requester=customer, now=now)
    judging.judge_ticket(ticket=ticket, facts=Facts("Displays"), by=agent, now=now)
    for _ in range(15):
        entitled(customer, now=now)
    client.force_login(agent)
    client.get(f"/desk/tickets/{ticket.pk}/support/", headers={"HX-Request": "true"})
    with django_assert_max_num_queries(18):
        panel = client.get(f"/desk/tickets/{ticket.pk}/support/", headers={"HX-Request": "true"})
    assert panel.content.decode().count("Ask their contact") == 8


def test_N4_the_months_minutes_beyond_what_we_support_are_shown_with_their_cost(client, lead, agent, customer):
    """N4: minutes × rate ÷ 60, by month in the desk's zone; the tickets, and a file that says the same."""
    CostRules.objects.update_or_create(pk=1, defaults={"rate": 9_000})
    zone, ticket = ZoneInfo("UTC"), make_ticket(requester=customer, subject="=Old display")
    now = datetime(2026, 6, 15, 12, tzinfo=zone)
    worked = [
        (datetime(2026, 5, 31, 23, 59, 59, tzinfo=zone), 20, Verdict.NONE, False),
        (datetime(2026, 6, 1, tzinfo=zone), 30, Verdict.BEST_EFFORT, False),
        (datetime(2026, 6, 2, tzinfo=zone), 7, Verdict.NONE, True),
        (datetime(2026, 6, 3, tzinfo=zone), 90, Verdict.FULL, False),
    ]
    for at, minutes, verdict, is_overridden in worked:
        ScopeTime.objects.create(
            ticket=ticket, person=agent, began_at=at - timedelta(hours=1), ended_at=at, minutes=minutes,
            verdict=verdict, is_overridden=is_overridden,
        )  # fmt: skip

    may, june = months(2, now, zone)
    assert (may.minutes, may.not_supported, may.cost) == (20, 20, 3_000)
    assert (june.best_effort, june.overridden, june.minutes, june.tickets, june.cost) == (30, 7, 37, 1, 5_550)
    [row] = tickets_of(june.month, zone)
    assert (row.ticket, row.minutes, row.cost) == (ticket.pk, 37, 5_550)
    client.force_login(agent)
    assert client.get("/insights/out-of-scope/").status_code == 403
    client.force_login(lead)
    ScopeTime.objects.update(ended_at=timezone.now())
    page = client.get("/insights/out-of-scope/").content.decode()
    lines = client.get("/insights/out-of-scope.csv").content.decode().strip().splitlines()
    assert "=Old display" in page and ">57<" in page and "$85.50" in page
    assert lines[-1].endswith(",30,20,7,57,1,85.50")
    for odd in ("2026-13", "x", "9999-01", "\x00", "1" * 400):
        assert client.get("/insights/out-of-scope/", {"month": odd}).status_code == 200
