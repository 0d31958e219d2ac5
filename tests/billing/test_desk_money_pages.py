"""The desk's pages for giving money, and the settings of rights and limits (E3, R95 to R97, U53, S22)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.choices import Role
from accounts.models import JournalEntry
from billing.actions import free_accounts, money_rights
from billing.actions.issue import Draft, DraftLine, issue
from billing.choices import MoneyRightKind
from billing.models import (
    CouponGrant,
    FreeAccount,
    Goodwill,
    Invoice,
    MoneyLimit,
    MoneyRight,
    Price,
    Refund,
    RefundRequest,
)  # fmt: skip
from tests.billing.money import make_open_invoice, pay_with
from tests.factories.accounts import make_staff, sign_in
from tests.factories.billing import make_coupon, make_customer, make_plan, make_seller
from tests.factories.tickets import make_ticket

pytestmark = pytest.mark.django_db
KEY = "k" * 32


@pytest.fixture(autouse=True)
def seller(db):
    return make_seller()


def desk_of(person) -> Client:
    client = Client()
    sign_in(client, person)
    return client


def appoint(person, *rights: MoneyRightKind):
    for right in rights:
        money_rights.grant_right(person=person, right=right, by=make_staff(Role.ADMIN), now=timezone.now())
    return person


def paid(amount: int = 8_000, **fields) -> Invoice:
    invoice = make_open_invoice(amount=amount, **fields)
    pay_with(invoice)
    return invoice


def words(response) -> str:
    return response.content.decode()


def refund_form(paid_one, **more) -> dict:
    return {
        "invoice": paid_one.pk,
        "amount": "20",
        "why": "damaged",
        "words": "Crushed",
        "key": KEY,
        "ticket": "",
    } | more


def test_E3_without_the_right_the_button_asks_and_the_post_is_403_and_journalled():
    invoice, agent = paid(), make_staff()
    client, address = desk_of(agent), f"/desk/customers/{invoice.customer_id}/refund/"

    page = words(client.get(address))
    assert "Refund now" not in page and "Ask the review" in page
    assert client.post(address, refund_form(invoice, do="give")).status_code == 403
    assert JournalEntry.objects.filter(action="accounts.refused", by=agent, data={"tried": "money.refund"}).count() == 1
    for path in ("discount", "free-account"):
        assert client.get(f"/desk/customers/{invoice.customer_id}/{path}/").status_code == 403
        assert client.post(f"/desk/customers/{invoice.customer_id}/{path}/", {}).status_code == 403
    assert (Refund.objects.count(), CouponGrant.objects.count(), FreeAccount.objects.count()) == (0, 0, 0)

    assert client.post(address, refund_form(invoice, do="ask")).status_code == 302
    assert RefundRequest.objects.get().by == agent
    customer_page = words(client.get(f"/billing/customers/{invoice.customer_id}/"))
    assert "Ask for a refund" in customer_page and "Waits for review" in customer_page
    assert f"asked by {agent.shown_name}" in customer_page
    for role in (Role.OBSERVER, Role.REVIEWER, Role.EDITOR):
        other = desk_of(make_staff(role))
        assert other.get(address).status_code == other.post(address, refund_form(invoice, do="ask")).status_code == 403


def test_a_refund_at_the_desk_is_sent_and_above_the_limit_it_waits_for_the_review():
    invoice, agent = paid(50_000), appoint(make_staff(), MoneyRightKind.REFUND)
    client, address = desk_of(agent), f"/desk/customers/{invoice.customer_id}/refund/"
    assert "Refund now" in words(client.get(address))

    for wrong, said in (
        ({"amount": "500.01"}, "at most $500.00"), ({"amount": "-5"}, "Enter an amount such as"),
        ({"amount": ""}, "Enter an amount"), ({"invoice": "999999"}, "Choose one of these"),
        ({"amount": "0"}, "more than nothing"), ({"why": "\x00"}, "Choose one of these"),
        ({"ticket": "9" * 20}, "Enter the number of a ticket"), ({"ticket": "12"}, "There is no ticket 12 of"),
        ({"words": "x" * 5_000}, "at most 4,000"), ({"key": ""}, ""),
        ({"limit": "999"}, "no field “limit”"), ({"amount": ["20", "480"]}, "“amount” was sent twice"),
    ):  # fmt: skip
        answer = client.post(address, refund_form(invoice, do="give", **wrong))
        assert (answer.status_code, said in words(answer)) == (422, True), (wrong, said)
        assert "Crushed" in words(answer) or "words" in wrong
    assert Refund.objects.count() == 0

    for _ in range(2):
        assert client.post(address, refund_form(invoice, do="give")).status_code == 302
    assert [one.amount for one in Refund.objects.all()] == [2_000]
    answer = client.post(address, refund_form(invoice, do="give", amount="300", key="q" * 32), follow=True)
    request = RefundRequest.objects.get()
    assert (request.amount_asked, request.by) == (30_000, agent)
    assert f"{request.number} waits for its review: $300.00" in words(answer)


def test_goodwill_names_what_is_left_and_its_ticket_has_to_be_the_customers():
    customer, agent = make_customer(), make_staff()
    make_staff(Role.LEAD, name="Dana Reyes")
    ticket, other = make_ticket(requester=customer.person), make_ticket()
    client, address = desk_of(agent), f"/desk/customers/{customer.pk}/goodwill/"
    form = {"way": "coupon", "amount": "60", "reason": "Waited a week", "ticket": f"#{ticket.pk}", "key": KEY}

    assert words(client.get(f"{address}?ticket={ticket.pk}")).count(f'value="{ticket.pk}"') == 1
    for wrong, said in (
        ({"ticket": ""}, "Enter the number of the ticket"), ({"ticket": str(other.pk)}, "There is no ticket"),
        ({"reason": ""}, "Say why"), ({"way": "invoice:1"}, "Choose one of these"),
        ({"amount": "100.01"}, "You may give $100.00 more today, of $100.00 a day. Dana Reyes may give more"),
        ({"percent_off": "50", "amount": ""}, "Enter an amount"),
    ):  # fmt: skip
        answer = client.post(address, form | wrong)
        assert (answer.status_code, said in words(answer)) == (422, True), (wrong, said)
    answer = client.post(address, form)
    assert answer["Location"] == f"/desk/tickets/{ticket.pk}/"
    assert (Goodwill.objects.get().amount, Goodwill.objects.get().ticket) == (6_000, ticket.pk)

    panel = client.get(f"/desk/tickets/{ticket.pk}/giving/", headers={"HX-Request": "true"})
    assert "$40.00 of your goodwill for today is left" in words(panel) and "Waited a week" in words(panel)
    assert f"/desk/customers/{customer.pk}/refund/?ticket={ticket.pk}" in words(panel)
    assert desk_of(make_staff(Role.EDITOR)).get(f"/desk/tickets/{ticket.pk}/giving/").status_code == 403
    assert client.get("/desk/tickets/999999999/giving/").status_code == 404


def test_what_is_given_for_a_ticket_stands_in_its_thread_once_for_staff_and_never_for_the_customer():
    invoice = paid(50_000)
    customer = invoice.customer
    agent = appoint(make_staff(name="Ann Example"), *MoneyRightKind)
    coupon = make_coupon("SORRY20", percent_off=20, may_be_given=True)
    price = Price.objects.get(product=make_plan(name="Classroom software"), period="monthly")
    ticket = make_ticket(requester=customer.person)
    client, soon = desk_of(agent), timezone.now().date() + timedelta(days=40)
    common = {"reason": "Canary " + "waited " * 60, "ticket": str(ticket.pk), "key": KEY}
    forms = {
        "refund": refund_form(invoice, do="give", ticket=str(ticket.pk)),
        "goodwill": common | {"way": "coupon", "amount": "60"},
        "discount": common | {"coupon": coupon.pk},
        "free-account": common | {"price": price.pk, "ends_on": soon.isoformat()},
    }

    refused = client.post(f"/desk/customers/{customer.pk}/goodwill/", forms["goodwill"] | {"amount": "101"})
    assert (refused.status_code, ticket.events.filter(kind="gave").count()) == (422, 0)
    for name, form in forms.items():
        assert client.post(f"/desk/customers/{customer.pk}/{name}/", form).status_code == 302
        assert client.post(f"/desk/customers/{customer.pk}/{name}/", form).status_code in (302, 422)

    lines = list(ticket.events.filter(kind="gave").order_by("pk"))
    assert [line.text.partition(": ")[0] for line in lines] == [
        f"Ann Example sent $20.00 of {invoice.number} back",
        "Ann Example gave goodwill of $60.00 as a coupon for the next order",
        "Ann Example gave the coupon SORRY20",
        f"Ann Example made Classroom software free until {soon:%-d %B %Y}",
    ]
    assert {(line.by, line.is_public, len(line.text) <= 300) for line in lines} == {(agent, False, True)}
    assert "Canary waited" in words(client.get(f"/desk/tickets/{ticket.pk}/", follow=True))
    theirs = desk_of(customer.person).get(f"/tickets/{ticket.pk}/", follow=True)
    assert theirs.status_code == 200 and "Canary" not in words(theirs)


def test_a_discount_is_chosen_from_the_catalogue_and_no_sum_that_is_typed_counts():
    customer, agent = make_customer(), appoint(make_staff(), MoneyRightKind.DISCOUNT)
    marked, other = make_coupon("SORRY20", percent_off=20, may_be_given=True), make_coupon("SECRET90", percent_off=90)
    client, address = desk_of(agent), f"/desk/customers/{customer.pk}/discount/"

    page = words(client.get(address))
    assert "SORRY20, 20% off" in page and "SECRET90" not in page
    form = {"coupon": other.pk, "reason": "Loyal", "ticket": "", "key": KEY}
    assert client.post(address, form).status_code == 422
    form["coupon"] = marked.pk
    for typed in ("percent_off", "amount_off"):
        refused = client.post(address, form | {typed: "90"})
        assert refused.status_code == 422 and f"no field “{typed}”" in words(refused)
    assert client.post(address, form).status_code == 302

    grant = CouponGrant.objects.get()
    marked.refresh_from_db()
    assert (grant.coupon, grant.customer, marked.percent_off) == (marked, customer, 20)


def test_a_free_account_is_opened_and_ended_on_the_customers_page():
    customer, agent = make_customer(), appoint(make_staff(), MoneyRightKind.FREE_ACCOUNT)
    price = Price.objects.get(product=make_plan(name="Classroom software"), period="monthly")
    client, address = desk_of(agent), f"/desk/customers/{customer.pk}/free-account/"
    form = {"price": price.pk, "ends_on": "", "reason": "Pilot", "ticket": "", "key": KEY}

    for wrong in ("", "2001-01-01", "2099-01-01", "soon"):
        assert client.post(address, form | {"ends_on": wrong}).status_code == 422
    soon = timezone.now().date().replace(day=1) + timedelta(days=62)
    assert client.post(address, form | {"ends_on": soon.isoformat()}).status_code == 302
    page = words(client.get(f"/billing/customers/{customer.pk}/"))
    assert "Classroom software until" in page and "Pilot" in page

    account = FreeAccount.objects.get()
    assert desk_of(make_staff()).post(f"/desk/free-accounts/{account.pk}/end/").status_code == 403
    assert client.post(f"/desk/free-accounts/{account.pk}/end/").status_code == 302
    account.refresh_from_db()
    assert account.ended_at


def test_admins_keep_rights_and_limits_leads_look_and_nobody_appoints_themselves():
    admin, agent = make_staff(Role.ADMIN), make_staff(name="Grace")
    client, limits = desk_of(admin), {}
    for role, sums in (("agent", "50"), ("lead", "200"), ("admin", "200")):
        limits |= {f"{role}_refund_most": sums, f"{role}_goodwill_a_day": "25", f"{role}_free_accounts_a_month": "1"}

    assert client.post("/settings/money/limits/", limits).status_code == 302
    kept = MoneyLimit.objects.values_list("role", "refund_most", "goodwill_a_day", "free_accounts_a_month")
    assert sorted(kept) == [("admin", 20_000, 2_500, 1), ("agent", 5_000, 2_500, 1), ("lead", 20_000, 2_500, 1)]
    for wrong in ({"agent_refund_most": "-1"}, {"lead_goodwill_a_day": "x"}, {"admin_free_accounts_a_month": "1e9"}):
        assert client.post("/settings/money/limits/", limits | wrong).status_code == 422
    for person, right in ((agent, "refund"), (agent, "discount"), (admin, "refund")):
        assert client.post(f"/settings/money/{person.pk}/{right}/", {"on": "yes"}).status_code == 302
    assert client.post(f"/settings/money/{agent.pk}/discount/", {"on": "no"}).status_code == 302
    assert client.post(f"/settings/money/{agent.pk}/everything/", {"on": "yes"}).status_code == 404
    held = MoneyRight.objects.filter(revoked_at__isnull=True).values_list("person", "right", "granted_by")
    assert list(held) == [(agent.pk, "refund", admin.pk)]

    page = words(client.get("/settings/money/"))
    assert f"/settings/money/{agent.pk}/refund/" in page and f"/settings/money/{admin.pk}/refund/" not in page
    lead = desk_of(make_staff(Role.LEAD))
    assert "Save the limits" not in words(lead.get("/settings/money/"))
    assert lead.post("/settings/money/limits/", limits).status_code == 403
    assert lead.post(f"/settings/money/{agent.pk}/refund/", {"on": "no"}).status_code == 403
    assert desk_of(agent).get("/settings/money/").status_code == 403


def test_a_free_account_stands_on_the_customers_account_without_a_price_and_without_a_button_that_bills():
    customer = make_customer()
    giver = appoint(make_staff(), MoneyRightKind.FREE_ACCOUNT)
    free_accounts.open_account(
        customer=customer, price=Price.objects.get(product=make_plan(name="Classroom software"), period="monthly"),
        ends_on=timezone.now().date() + timedelta(days=40), reason="Pilot", ticket=None, by=giver, key=KEY,
        now=timezone.now(),
    )  # fmt: skip
    client, plan = Client(), FreeAccount.objects.get().subscription
    client.force_login(customer.person)

    page = words(client.get("/account/"))
    assert "Free until" in page and "it ends by itself" in page
    for nothing in ("$24", "Go on with it", "Cancel<", "Pilot", "Cancelled:"):
        assert nothing not in page
    again = client.post(f"/account/plans/{plan.pk}/go-on/", follow=True)
    assert "free until its day" in words(again)
    plan.refresh_from_db()
    assert plan.ends_at_renewal
    desk = words(desk_of(make_staff()).get(f"/billing/customers/{customer.pk}/"))
    assert "Classroom software" in desk and "free" in desk and "$24.00 monthly" not in desk


def test_E8_nobody_credits_or_withdraws_an_invoice_of_an_account_of_their_own():
    lead = make_staff(Role.LEAD)
    mine, theirs = make_open_invoice(customer=make_customer(person=lead, line1="9 Far Street")), make_open_invoice()
    client = desk_of(lead)

    for verb, form in (("credit", {"amount": "5", "reason": "x", "key": KEY}), ("void", {"reason": "x"})):
        answer = client.post(f"/billing/invoices/{mine.number}/{verb}/", form)
        assert (answer.status_code, "This is your own account" in words(answer)) == (422, True)
        assert client.post(f"/billing/invoices/{theirs.number}/{verb}/", form).status_code == 302
    mine.refresh_from_db()
    assert (mine.state, mine.credited) == ("open", 0)
    assert JournalEntry.objects.filter(action="billing.linked_account", by=lead).count() == 2


def test_a_sum_is_read_in_the_currency_of_its_invoice_and_in_another_one_than_the_limit_it_waits():
    customer, agent = make_customer(), appoint(make_staff(), MoneyRightKind.REFUND)
    make_seller()
    line = DraftLine(name="Kit", unit_amount=8_000)
    yen = issue(draft=Draft(key="yen", customer=customer, currency="JPY", lines=[line]), now=timezone.now())
    pay_with(yen)
    client, address = desk_of(agent), f"/desk/customers/{customer.pk}/refund/"

    assert "JPY has 0 digits" in words(client.post(address, refund_form(yen, do="give", amount="20.50")))
    assert client.post(address, refund_form(yen, do="give", amount="20")).status_code == 302
    assert (RefundRequest.objects.get().amount_asked, Refund.objects.count()) == (20, 0)


def test_the_invoice_leads_to_its_refund_with_the_invoice_chosen():
    invoice, agent = paid(), appoint(make_staff(), MoneyRightKind.REFUND)
    paid(customer=invoice.customer)
    address = f"/desk/customers/{invoice.customer_id}/refund/?invoice={invoice.pk}"

    assert address in words(desk_of(agent).get(f"/billing/invoices/{invoice.number}/"))
    assert address not in words(desk_of(make_staff(Role.REVIEWER)).get(f"/billing/invoices/{invoice.number}/"))
    form = desk_of(agent).get(address).context["form"]
    assert form["invoice"].value() == str(invoice.pk)
    for hostile in ("x" * 500, "-1", "%00", "999999"):
        assert desk_of(agent).get(f"/desk/customers/{invoice.customer_id}/refund/?invoice={hostile}").status_code == 200


def test_the_catalogue_lists_what_the_desk_may_give_and_no_coupon_of_one_customer():
    make_coupon("SORRY20", percent_off=20, may_be_given=True)
    make_coupon("THANKS-ABC", is_personal=True)

    page = words(desk_of(make_staff(Role.ADMIN)).get("/settings/coupons/"))

    assert "SORRY20" in page and "the desk may give it" in page and "THANKS-ABC" not in page
