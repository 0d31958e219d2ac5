"""What is sold: published only with "more info" and its prices (R24, R39), by every way into the database."""

import pytest
from django.db import IntegrityError, InternalError, transaction
from django.utils import timezone

from accounts.access import NotAllowed
from accounts.models import JournalEntry
from billing.actions import catalogue
from billing.choices import Period, ProductKind, ProductState
from billing.models import Price, Product, Seller
from tests.factories.billing import NOON, make_goods, make_plan, make_price, make_product, make_seller

PLAN = {
    "name": "Classroom software", "summary": "Lessons for robots", "description": "# What you get\n\n- Lessons",
    "info_label": "What is a display?", "info_text": "A display is a screen.", "info_url": "", "position": "1",
    "is_taxable": "on",
}  # fmt: skip


@pytest.fixture(autouse=True)
def seller(db):
    return make_seller()


def test_R39_a_plan_is_made_priced_and_published_on_the_staff_pages(client, admin):
    client.force_login(admin)

    made = client.post("/settings/products/new/", {**PLAN, "kind": "plan"})
    product = Product.objects.get()
    assert made.headers["Location"] == f"/settings/products/{product.pk}/"
    refused = client.post(f"/settings/products/{product.pk}/publish/", follow=True)
    assert "It has no prices: a plan has a monthly and a yearly one." in refused.content.decode()
    half = {"displays_0": "5", "monthly_0": "24", "yearly_0": "$240.00", "displays_1": "10", "monthly_1": "44.00"}
    client.post(f"/settings/products/{product.pk}/prices/", half)
    refused = client.post(f"/settings/products/{product.pk}/publish/", follow=True)
    assert "It lacks a yearly price for up to 10 displays." in refused.content.decode()
    client.post(f"/settings/products/{product.pk}/prices/", {**half, "yearly_1": "440"})
    page = client.post(f"/settings/products/{product.pk}/publish/", follow=True).content.decode()

    product.refresh_from_db()
    assert (product.state, product.slug) == ("published", "classroom-software")
    assert "saves $48.00" in page and "saves $88.00" in page
    store = client.get("/store/classroom-software/").content.decode()
    assert "$24.00" in store and "$240.00" in store and "Saves $48.00" in store
    assert "A display is a screen." in client.get("/store/classroom-software/info/").content.decode()
    assert JournalEntry.objects.filter(action="billing.publish_product", by=admin).count() == 1


def test_R24_nothing_is_published_without_more_info_nor_loses_it(client, admin):
    client.force_login(admin)
    draft = make_product(info_text="", published=False)
    make_price(draft, 24_900)

    refused = client.post(f"/settings/products/{draft.pk}/publish/", follow=True).content.decode()
    assert "It says no more about itself" in refused
    kit = make_goods()
    answer = client.post(f"/settings/products/{kit.product.pk}/words/", {**PLAN, "name": "Kit", "info_text": " "})

    assert answer.status_code == 422
    assert "What is sold says more about itself." in answer.content.decode()
    kit.product.refresh_from_db()
    draft.refresh_from_db()
    assert (draft.state, kit.product.info_text) == (ProductState.DRAFT, "More about it.")


AROUND = {
    "published without prices": lambda plan, kit: make_product(ProductKind.PLAN),
    "goods without a price": lambda plan, kit: make_product(ProductKind.GOODS),
    "one period only": lambda plan, kit: make_price(plan, 900, Period.MONTHLY, displays=77),
    "a price taken away": lambda plan, kit: Price.objects.filter(product=kit.product).update(withdrawn_at=NOON),
    "a price removed": lambda plan, kit: Price.objects.filter(product=plan, period="yearly").delete(),
    "goods by the month": lambda plan, kit: make_price(kit.product, 900, Period.MONTHLY),
    "a plan paid once": lambda plan, kit: make_price(plan, 900, Period.ONCE),
    "another kind": lambda plan, kit: Product.objects.filter(pk=plan.pk).update(kind="goods"),
    "no more info": lambda plan, kit: Product.objects.filter(pk=plan.pk).update(info_text=""),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", AROUND)
def test_R24_R39_the_database_publishes_nothing_without(way):
    """The triggers look at the end of the transaction, whoever wrote, and in what order."""
    with transaction.atomic():
        plan, kit = make_plan(), make_goods()
    before = list(Product.objects.order_by("pk").values()), list(Price.objects.order_by("pk").values())

    with pytest.raises(IntegrityError), transaction.atomic():
        AROUND[way](plan, kit)

    assert (list(Product.objects.order_by("pk").values()), list(Price.objects.order_by("pk").values())) == before


def test_a_price_never_changes_it_is_replaced(admin):
    kit = make_goods(24_900)

    with pytest.raises(InternalError, match="Cannot update"), transaction.atomic():
        Price.objects.filter(pk=kit.pk).update(amount=1)
    catalogue.set_prices(product=kit.product, prices={(Period.ONCE, None): 19_900}, by=admin, now=NOON)
    catalogue.set_prices(product=kit.product, prices={(Period.ONCE, None): 19_900}, by=admin, now=NOON)

    rows = Price.objects.filter(product=kit.product).order_by("pk").values_list("amount", "withdrawn_at")
    assert list(rows) == [(24_900, NOON), (19_900, None)]
    assert JournalEntry.objects.filter(action="billing.set_prices").count() == 1


def test_what_is_published_keeps_its_prices_in_words(admin):
    plan = make_plan((5, 2_400, 24_000))

    with pytest.raises(catalogue.CannotChangeProduct, match="It lacks a yearly price for up to 5 displays"):
        catalogue.set_prices(product=plan, prices={(Period.MONTHLY, 5): 2_400}, by=admin, now=NOON)
    with pytest.raises(catalogue.CannotChangeProduct, match="Only a plan"):
        catalogue.set_prices(product=make_goods().product, prices={(Period.MONTHLY, 5): 5}, by=admin, now=NOON)

    assert plan.prices.filter(withdrawn_at__isnull=True).count() == 2


def test_an_archived_product_is_gone_from_the_store_and_its_info_page_stays(client, admin):
    kit = make_goods(name="Old robot")

    catalogue.archive(product=kit.product, by=admin, now=timezone.now())

    assert b"Old robot" not in client.get("/store/").content
    assert client.get(f"/store/{kit.product.slug}/").status_code == 404
    assert client.get(f"/store/{kit.product.slug}/info/").status_code == 200


@pytest.mark.parametrize("verb", ["publish", "archive"])
def test_only_an_admin_changes_the_catalogue(lead, verb):
    kit = make_goods()

    with pytest.raises(NotAllowed):
        getattr(catalogue, verb)(product=kit.product, by=lead, now=NOON)


HOSTILE = [
    {"displays_0": "-1", "monthly_0": "1", "yearly_0": "1"}, {"displays_0": "5", "monthly_0": "-1", "yearly_0": "1"},
    {"displays_0": "5", "monthly_0": "1e9", "yearly_0": "1"}, {"displays_0": "9" * 30, "monthly_0": "1"},
    {"displays_0": "5", "monthly_0": "99999999999", "yearly_0": "1"}, {"displays_0": "\x00", "monthly_0": "2"},
    {"displays_0": "5", "monthly_0": "1.005", "yearly_0": "1"}, {"displays_0": "5", "monthly_0": "0", "yearly_0": "0"},
    {"displays_0": "5", "monthly_0": "3", "yearly_0": "3", "displays_1": "5", "monthly_1": "3", "yearly_1": "3"},
]  # fmt: skip


@pytest.mark.parametrize("sent", HOSTILE)
def test_strange_prices_are_refused_and_nothing_changes(client, admin, sent):
    client.force_login(admin)
    plan = make_plan()

    assert client.post(f"/settings/products/{plan.pk}/prices/", sent).status_code == 422

    assert list(plan.prices.values_list("amount", "withdrawn_at").order_by("pk")) == [(2_400, None), (24_000, None)]


def test_shipping_and_taxes_are_set_on_their_pages(client, admin):
    client.force_login(admin)
    client.post("/settings/shipping/", {"amount": "18.00"})
    tax = {"country": "US", "region": "ohio", "name": "Ohio sales tax", "percent": "5.75", "starts_on": "2026-01-01"}

    assert client.post("/settings/taxes/add/", tax).status_code == 302
    assert client.post("/settings/taxes/add/", {**tax, "percent": "6", "starts_on": "2027-01-01"}).status_code == 302
    assert client.post("/settings/taxes/add/", tax).status_code == 422
    assert client.post("/settings/taxes/add/", {**tax, "percent": "NaN"}).status_code == 422
    assert client.post("/settings/taxes/add/", {**tax, "region": "Atlantis"}).status_code == 422

    assert Seller.objects.get().shipping_amount == 1_800
    page = client.get("/settings/taxes/").content.decode()
    assert "5.75%" in page and "31 Dec 2026" in page
