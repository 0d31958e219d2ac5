"""A product says more in an article of the help centre (R24): only what everybody reads, kept on the invoice."""

from datetime import timedelta

import pytest

from accounts.choices import Role
from billing.actions import catalogue
from billing.forms.catalogue import ProductForm
from billing.models import Product
from billing.snapshots import more_info
from knowledgebase.actions import shelving
from knowledgebase.choices import Visibility
from selfservice.actions import review_work
from selfservice.review_pages import policy_page
from tests.factories.accounts import make_staff
from tests.factories.billing import make_goods
from tests.factories.knowledgebase import NINE, make_article, make_space

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return make_staff(Role.ADMIN)


@pytest.fixture
def article():
    return make_article(make_space(Visibility.PUBLIC), "How robots work", "Read this.", slug="how-robots-work")


def words_of(product: Product, **other) -> catalogue.Words:
    typed = {name: getattr(product, name) for name in vars(catalogue.Words(name="x"))}
    return catalogue.Words(**typed | other)


def change(product, admin, **other) -> Product:
    return catalogue.change_product(product=product, words=words_of(product, **other), by=admin, now=NINE)


def test_R24_a_product_is_published_with_an_article_alone_and_leads_there(admin, article, client):
    product = change(make_goods().product, admin, info_text="", info_article=article, info_label="How it works")

    product = Product.objects.select_related("info_article__space").get(pk=product.pk)
    assert product.state == "published"
    assert more_info(product) == ("How it works", "/articles/how-robots-work/")
    page = client.get(f"/store/{product.slug}/").content.decode()
    assert 'href="/articles/how-robots-work/"' in page and "How it works" in page
    assert client.get(f"/store/{product.slug}/info/").headers["Location"] == "/articles/how-robots-work/"
    with pytest.raises(catalogue.CannotChangeProduct, match="says more"):
        change(product, admin, info_article=None)


def test_only_what_everybody_reads_is_offered_and_taken(admin, article, client):
    hidden = [
        make_article(make_space(visibility), title)
        for visibility, title in ((Visibility.STAFF, "Override"), (Visibility.CUSTOMERS, "Prices for you"))
    ]
    hidden.append(make_article(make_space(Visibility.PUBLIC), "Not yet", published=False))
    product = make_goods().product
    offered = ProductForm(product=product).fields["info_article"].queryset
    assert article in offered and not set(hidden) & set(offered)
    client.force_login(admin)
    typed = {"name": product.name, "info_label": "More", "info_text": "x", "position": "0"}
    for one in [*(row.pk for row in hidden), "0", "-1", "9" * 30, "x\0", ""]:
        answer = client.post(f"/settings/products/{product.pk}/words/", typed | {"info_article": one})
        assert answer.status_code in ((302,) if one == "" else (422,)), one
    with pytest.raises(catalogue.CannotChangeProduct, match="everybody can read"):
        change(product, admin, info_article=hidden[0])


def test_an_article_that_was_put_away_leaves_the_products_own_page_or_a_person(admin, article, client):
    both = change(make_goods().product, admin, info_text="Our own words.", info_article=article)
    only = change(make_goods().product, admin, info_text="", info_article=article)

    shelving.archive(article=article, by=admin, now=NINE + timedelta(days=1))

    both, only = (Product.objects.get(pk=row.pk) for row in (both, only))
    assert more_info(both)[1] == f"/store/{both.slug}/info/"
    assert "Our own words." in client.get(more_info(both)[1]).content.decode()
    assert client.get(more_info(only)[1]).headers["Location"] == "/help/"


def test_the_review_names_the_policy_of_each_kind(admin, client):
    """R33, U30: the whole policy is one click from the request; only published pages that all staff read."""
    page = make_article(make_space(), "How we decide about refunds", slug="refund-policy")
    hidden = make_article(make_space(Visibility.ROLE), "For leads")
    client.force_login(admin)
    typed = {
        "starts_at": "10:00", "second_credit_above": "10000", "second_refund_above": "1000", "deputy_from": "16:00",
        "deputy": "", "refund_policy": page.pk,
    }  # fmt: skip
    address = "/settings/review/"
    assert client.post(address, typed | {"refund_policy": hidden.pk}).status_code == 422
    assert client.post(address, typed).status_code == 302
    assert f'<option value="{page.pk}" selected>' in client.get(address).content.decode()
    assert policy_page("refund", review_work.rules(), admin) == "refund-policy"
    assert policy_page("tax", review_work.rules(), admin) == ""
    shelving.archive(article=page, by=admin, now=NINE)
    assert policy_page("refund", review_work.rules(), admin) == ""
