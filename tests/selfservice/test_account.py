"""The account page: what stands on it, for whom, and what is changed there (R23, R37, R38, S22, S26, U20, U24, U30)."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import identity
from accounts.actions import identity as identity_checks
from accounts.choices import Role
from accounts.models import JournalEntry
from billing.actions import dunning, opt_outs, pay, subscriptions
from billing.actions import hours as ledger
from billing.actions.w8 import add_form
from billing.choices import CreditState, HoursReason, Notice, PaymentMethod, Period, SubscriptionState
from billing.models import Card, Customer, Invoice, InvoiceLink, Payment, Recipient, Subscription
from mail.actions.reach import opted_out
from mail.models import OutgoingMail
from tests.billing.money import make_open_invoice
from tests.billing.plans import GOOD, KEPT_THEN_DECLINED, keep_card, make_subscription
from tests.factories.accounts import make_member, make_organisation, make_person, make_staff
from tests.factories.billing import make_customer, make_plan, make_seller
from tests.factories.invoices import make_invoice
from tests.factories.tickets import make_ticket
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def school(db) -> Customer:
    make_seller(time_zone="UTC")
    return make_customer(
        organisation=make_organisation(name="Lakeview School District"), name="Lakeview School District"
    )


@pytest.fixture
def dana(school):
    return make_member(organisation=school.organisation, name="Dana Whitfield", email="dana@lakeview.example")


@pytest.fixture
def page(client, dana):
    client.force_login(dana)
    return lambda address="/account/": client.get(address)


def text(response) -> str:
    return " ".join(response.content.decode().split())


def make_plan_of(school: Customer, *, period: Period = Period.MONTHLY, days_ago: int = 12, **fields) -> Subscription:
    """A plan that began some days ago, so that its next renewal is still to come."""
    return make_subscription(
        on=timezone.now().date() - timedelta(days=days_ago), customer=school, period=period, **fields
    )


def test_the_front_door_leads_customers_to_their_account(client, dana, agent):
    client.force_login(dana)
    assert client.get("/").headers["Location"] == "/account/"
    body = text(client.get("/account/"))
    for place in ("/account/", "/account/invoices/", "/orders/", "/help/", "/w8/?from=account"):
        assert f'href="{place}"' in body
    client.force_login(agent)
    assert client.get("/account/").status_code == 404


def test_somebody_who_never_bought_sees_a_way_to_the_store_and_to_a_person(client):
    person = make_person(verified=False)
    client.force_login(person)
    body = text(client.get("/account/"))
    assert "Nothing was bought yet" in body and "prove that" in body
    assert 'href="/store/"' in body and 'href="/help/"' in body


def test_a_declined_renewal_stands_first_with_its_reason_and_the_way_to_pay(page, school):
    plan = make_plan_of(school, days_ago=40, method=PaymentMethod.CARD)
    keep_card(school, KEPT_THEN_DECLINED)
    now = timezone.now()
    subscriptions.renew(subscription_id=plan.pk, now=now)
    dunning.charge_due(now=now + timedelta(seconds=1))
    invoice = Invoice.objects.get()

    body = text(page())

    assert "Your card was declined" in body
    assert "Your bank declined $24.00 without a reason. Nothing was charged." in body
    assert f'href="/account/invoices/{invoice.number}/?answer=failed#declined"' in body
    assert "Declined today" in body and "Bank said no" in body
    assert "Changing the card retries nothing by itself. You choose when to pay." in body
    assert "We try again on" in body
    assert "ending" in body and "0341" in body


def test_credit_hours_orders_plans_and_conversations_stand_there(page, school, dana, agent):
    Customer.objects.update(credit_state=CreditState.PROVISIONAL, credit_limit=50_000)
    plan = make_plan_of(school, method=PaymentMethod.ON_ACCOUNT)
    now = timezone.now()
    ledger.book(customer=school, minutes=360, reason=HoursReason.PURCHASE, key="order:1", words="Bought", now=now)
    ledger.book(customer=school, minutes=-45, reason=HoursReason.USED, key="used:1", words="Set-up by phone", now=now)
    ticket = make_ticket(requester=dana)
    Ticket.objects.filter(pk=ticket.pk).update(assignee=agent)
    pdf = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
    add_form(content=pdf, signed_on=now.date(), by=make_staff(Role.ADMIN), now=now)

    body = text(page())

    assert "$500.00 starter limit" in body and "$500.00 available" in body
    assert "5 hours 15 minutes" in body and "Set-up by phone" in body
    assert plan.product.name in body and "Monthly, $24.00" in body and "Yearly, $240.00" in body
    assert "Saves $48.00" in body
    assert "one open conversation with Alma Agent" in body
    assert f"31 December {now.year + 3}" in body
    assert "None yet" in body  # no exemption is made up before there is one


def fill(school: Customer, dana, times: int) -> None:
    for number in range(times):
        invoice = make_invoice(customer=school, now=timezone.now() - timedelta(days=40))
        plan = make_plan_of(school, method=PaymentMethod.CARD, period_invoice=invoice, state=SubscriptionState.PAST_DUE)
        Payment.objects.create(
            invoice=invoice, method="card", amount=invoice.due, currency="USD", state="failed", key=f"k{invoice.pk}",
            created_at=timezone.now(), finished_at=timezone.now(),
        ).declines.create(at=timezone.now(), code="card_declined", decline_code="do_not_honor")  # fmt: skip
        Card.objects.create(
            customer=school, provider_id=f"pm_sandbox_{plan.pk}", brand="visa", last4="4242", exp_month=8,
            exp_year=2040, added_at=timezone.now(), is_default=not number and not school.cards.exists(),
        )  # fmt: skip
        Recipient.objects.create(customer=school, email=f"ap{plan.pk}@lakeview.example", added_at=timezone.now())
        make_ticket(requester=dana)


def test_the_page_costs_as_many_queries_for_three_of_everything_as_for_one(
    page, school, dana, django_assert_num_queries
):
    fill(school, dana, 1)
    page()
    with django_assert_num_queries(23):
        page()
    fill(school, dana, 2)
    with django_assert_num_queries(23):
        assert page().status_code == 200


def test_E4_a_number_that_an_agent_reads_out_is_announced_where_its_customer_is(client, page, school, dana, agent):
    """Who asks and for what, with the way to the box; never the number. Said no, or typed, it is gone."""
    asked = {"ticket_id": 7, "purpose": "Change of <b>address</b>", "by": agent}
    waiting = identity_checks.read_number(person=dana, now=timezone.now(), **asked)
    shown = page().content.decode()
    assert f"{agent.shown_name} asks you for a number" in shown and "Change of &lt;b&gt;address" in shown
    assert "/me/caller/" in shown and identity.number_of(waiting) not in shown
    identity_checks.decline_number(person=dana, now=timezone.now())
    assert "asks you for a number" not in page().content.decode()
    newcomer = make_person()
    identity_checks.read_number(person=newcomer, now=timezone.now(), **asked)
    client.force_login(newcomer)
    assert "asks you for a number" in client.get("/account/").content.decode()


def test_S22_ids_of_other_customers_are_404_at_every_address(client, school, dana):
    stranger = make_customer(person=make_person())
    plan = make_plan_of(stranger)
    recipient = Recipient.objects.create(customer=stranger, email="x@y.example", added_at=timezone.now())
    client.force_login(dana)
    addresses = [
        f"/account/?for={stranger.pk}", f"/account/?for={school.pk}0", "/account/?for=x",
        f"/account/{stranger.pk}/recipients/",
        f"/account/{stranger.pk}/hours/", f"/account/recipients/{recipient.pk}/remove/",
        *[f"/account/plans/{plan.pk}/{verb}/?price={plan.price_id}" for verb in ("change", "keep", "cancel", "go-on")],
        f"/account/plans/{2**63}/change/?price=1", f"/account/{2**70}/recipients/",
    ]  # fmt: skip
    for address in addresses:
        for method in ("get", "post"):
            answer = getattr(client, method)(address, {"price": plan.price_id, "email": "a@b.example", "sure": "1"}
                                             if method == "post" else None)  # fmt: skip
            assert answer.status_code in (404, 405), f"{method} {address}"
    recipient.refresh_from_db()
    plan.refresh_from_db()
    assert (recipient.removed_at, plan.ends_at_renewal, plan.next_price) == (None, False, None)


def hidden(response, name: str) -> str:
    return response.content.decode().split(f'name="{name}" value="', 1)[1].split('"', 1)[0]


def test_U24_monthly_to_yearly_takes_two_clicks_with_price_saving_and_date(client, dana, school):
    plan = make_plan_of(school, days_ago=10)
    keep_card(school, GOOD)
    yearly = plan.product.prices.get(period=Period.YEARLY)
    client.force_login(dana)
    assert f'href="/account/plans/{plan.pk}/change/?price={yearly.pk}"' in text(client.get("/account/"))

    look = client.get(f"/account/plans/{plan.pk}/change/?price={yearly.pk}")  # the first click
    whole = (plan.period_ends_on - plan.period_starts_on).days
    credit = 2_400 - round(2_400 * 10 / whole)
    due = f"${(24_000 - credit) / 100:,.2f}"
    assert due in text(look) and "$48.00 a year" in text(look)
    assert f"for the {whole - 10} days that you paid and have not used yet" in text(look)
    assert not Invoice.objects.exists()
    done = client.post(  # the second one, with more than the form has (S26)
        f"/account/plans/{plan.pk}/change/",
        {"price": yearly.pk, "version": hidden(look, "version"), "credit": "999999", "state": "ended", "quantity": "0",
         "amount": "1", "customer": "1"},
        follow=True,
    )  # fmt: skip

    plan.refresh_from_db()
    today = timezone.now().date()
    assert (plan.period, plan.price, plan.period_starts_on, plan.quantity) == (Period.YEARLY, yearly, today, 1)
    assert plan.period_ends_on.year == today.year + 1
    invoice = Invoice.objects.get()
    assert (invoice.state, invoice.total) == ("paid", 24_000 - credit)
    assert "is paid yearly now" in text(done)
    assert JournalEntry.objects.filter(action="billing.change_plan").count() == 1


def test_S30_what_was_not_on_the_page_is_not_changed(client, dana, school):
    plan, other = make_plan_of(school), make_plan()
    yearly = plan.product.prices.get(period=Period.YEARLY)
    client.force_login(dana)
    address = f"/account/plans/{plan.pk}/change/"
    look = client.get(f"{address}?price={yearly.pk}")
    stale = client.post(address, {"price": yearly.pk, "version": "0" * 32})
    assert stale.status_code == 409 and "Nothing was changed yet" in text(stale)
    assert (
        client.post(address, {"price": other.prices.first().pk, "version": hidden(look, "version")}).status_code == 409
    )
    for bad in ({}, {"price": "x"}, {"price": "-1"}, {"price": "9" * 30}, {"price": "\x00"}, {"price": "²"}):
        assert client.post(address, bad).status_code == 404
        assert client.get(address, bad).status_code == 404
    assert not Invoice.objects.exists()


def test_a_plan_is_cancelled_and_goes_on_by_plain_forms(client, dana, school):
    plan = make_plan_of(school)
    client.force_login(dana)
    assert "works until" in text(client.get(f"/account/plans/{plan.pk}/cancel/"))
    body = text(client.post(f"/account/plans/{plan.pk}/cancel/", follow=True))
    assert "Cancelled: it works until" in body and "Go on with it" in body
    body = text(client.post(f"/account/plans/{plan.pk}/go-on/", follow=True))
    assert "Renews on" in body
    actions = set(JournalEntry.objects.values_list("action", flat=True))
    assert {"billing.cancel_plan", "billing.go_on_with_plan"} <= actions


def test_R37_recipients_are_added_and_removed_and_the_last_one_is_warned(client, dana, school):
    client.force_login(dana)
    address = f"/account/{school.pk}/recipients/"
    for bad in ("", "x", "a b@c.example", "a@b.example\x00", "x" * 400, "<script>@x.example"):
        refused = client.post(address, {"email": bad, "name": "kept"})
        assert refused.status_code == 422, bad
        assert "Error: " in refused.content.decode() and "kept" in refused.content.decode()
    client.post(address, {"email": "AP@Lakeview.example", "name": "Accounts <b>"})
    client.post(address, {"email": "ap@lakeview.example"})
    row = Recipient.objects.get()
    assert (row.email, row.added_by) == ("ap@lakeview.example", dana)
    assert "Accounts &lt;b&gt;" in client.get(address).content.decode()

    warned = client.post(f"/account/recipients/{row.pk}/remove/")
    assert warned.status_code == 409 and "the last address that gets the invoices" in text(warned)
    assert Recipient.objects.filter(removed_at__isnull=True).exists()
    client.post(f"/account/recipients/{row.pk}/remove/", {"sure": "1"})
    assert not Recipient.objects.filter(removed_at__isnull=True).exists()
    recorded = list(JournalEntry.objects.order_by("number").values_list("action", flat=True))
    assert recorded == ["billing.add_recipient", "billing.remove_recipient"]


def test_R37_a_colleague_is_added_with_one_click_and_gets_one_mail_with_links_of_their_own(client, dana, school):
    jo = make_member(organisation=school.organisation, email="jo@lakeview.example", name="Jo Byrne")
    owed, other = make_open_invoice(amount=5_000, customer=school), make_open_invoice(amount=7_000)
    client.force_login(dana)
    address = f"/account/{school.pk}/recipients/"
    assert f'href="{address}"' in client.get("/account/").content.decode()
    page = text(client.get(address))
    assert "Jo Byrne" in page and "Add a colleague" in page

    for _ in range(3):
        client.post(address, {"email": jo.email, "name": jo.name})

    mail = OutgoingMail.objects.get(source_key__startswith="recipient:")
    assert (mail.to_address, mail.opt_out_scope) == (jo.email, "invoice")
    assert owed.number in mail.text and "$50.00" in mail.text and other.number not in mail.text
    token = re.search(r"/i/([^/\s]+)/", mail.text).group(1)
    assert owed.number in Client().get(f"/i/{token}/").content.decode(), "without a login"
    assert InvoiceLink.objects.filter(invoice=owed, email=jo.email).count() == 1
    assert "Jo Byrne" not in text(client.get(address)).partition("Add a colleague")[2]


def test_R37_the_mail_to_a_new_recipient_respects_an_opt_out_and_bombs_nobody(client, dana, school):
    client.force_login(dana)
    address = f"/account/{school.pk}/recipients/"
    opt_outs.stop(address="quiet@lakeview.example", notice=Notice.INVOICE, is_sure=True, now=timezone.now())
    said = client.post(address, {"email": "quiet@lakeview.example"}, follow=True)
    assert "stopped such mails before" in text(said) and Recipient.objects.get().email == "quiet@lakeview.example"
    assert not OutgoingMail.objects.filter(source_key__startswith="recipient:").exists()

    for _ in range(3):
        client.post(address, {"email": "Victim@elsewhere.example"})
        Recipient.objects.filter(email="victim@elsewhere.example").update(removed_at=timezone.now())
    for number in range(30):
        client.post(address, {"email": f"crowd{number}@elsewhere.example"})
        Recipient.objects.filter(email__startswith="crowd").update(removed_at=timezone.now())
    mails = OutgoingMail.objects.filter(source_key__startswith="recipient:")
    assert mails.filter(to_address="victim@elsewhere.example").count() == 1
    assert mails.count() <= 20
    shut = make_customer(person=make_person())
    assert client.post(f"/account/{shut.pk}/recipients/", {"email": "a@b.example"}).status_code == 404


def test_R37_a_member_stops_and_takes_up_the_mails_to_their_own_address(client, dana, school):
    Recipient.objects.create(customer=school, email=dana.email, added_at=timezone.now())
    client.force_login(dana)
    warned = client.post("/account/notices/", {})
    assert warned.status_code == 409 and "the last address that gets new invoices" in text(warned)
    assert opted_out([dana.email], "invoice") == set()
    client.post("/account/notices/", {"sure": "1", "invoice_reminder": "on"})
    assert opted_out([dana.email], "invoice") == {dana.email}
    assert opted_out([dana.email], "invoice_reminder") == set()
    client.post("/account/notices/", {"invoice": "on", "invoice_reminder": "on"})
    assert opted_out([dana.email], "invoice") == set()


def test_a_change_that_is_not_paid_waits_and_can_be_taken_back(client, dana, school):
    plan = make_plan_of(school)
    keep_card(school, KEPT_THEN_DECLINED)
    yearly = plan.product.prices.get(period=Period.YEARLY)
    client.force_login(dana)
    address = f"/account/plans/{plan.pk}/change/"
    version = hidden(client.get(f"{address}?price={yearly.pk}"), "version")
    client.post(address, {"price": yearly.pk, "version": version})
    client.post(address, {"price": yearly.pk, "version": version})
    invoice = Invoice.objects.get()
    plan.refresh_from_db()
    assert (plan.period, plan.switch_invoice, Payment.objects.count()) == (Period.MONTHLY, invoice, 1)
    assert "Your card was declined" in text(client.get("/account/"))

    assert "stays as it is" in text(client.post(f"/account/plans/{plan.pk}/keep/", follow=True))

    invoice.refresh_from_db()
    plan.refresh_from_db()
    assert (invoice.state, plan.switch_invoice, plan.next_price) == ("void", None, None)


def test_a_switch_that_is_paid_later_by_another_card_holds_then(client, dana, school):
    plan = make_plan_of(school)
    yearly = plan.product.prices.get(period=Period.YEARLY)
    client.force_login(dana)
    address = f"/account/plans/{plan.pk}/change/"
    version = hidden(client.get(f"{address}?price={yearly.pk}"), "version")
    answer = client.post(address, {"price": yearly.pk, "version": version})
    invoice = Invoice.objects.get()
    assert answer.headers["Location"] == f"/account/invoices/{invoice.number}/"

    pay.start(invoice=invoice, card=keep_card(school, GOOD), key="later", by=dana, now=timezone.now())

    plan.refresh_from_db()
    assert (plan.period, plan.switch_invoice, plan.next_price) == (Period.YEARLY, None, None)
    assert plan.period_ends_on > date.today() + timedelta(days=300)


def test_a_card_that_is_missing_or_ends_before_a_renewal_is_said_in_time(page, school):
    make_plan_of(school, method=PaymentMethod.CARD)
    body = text(page())
    assert "No card is on file" in body and f'href="/account/cards/add/{school.pk}/"' in body
    card, today = keep_card(school, GOOD), timezone.now().date()
    assert "No card is on file" not in text(page()) and "Your card expires soon" not in text(page())
    Card.objects.update(exp_month=today.month, exp_year=today.year)
    body = text(page())
    assert "Your card expires soon" in body and f'href="/account/cards/add/{school.pk}/?instead={card.pk}"' in body
