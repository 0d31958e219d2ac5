"""What leads into the wiki from elsewhere: products to articles, the review to policies, reasons to processes."""

from datetime import datetime

from billing.actions import catalogue
from billing.models import Product
from knowledgebase.choices import ArticleKind
from knowledgebase.models import Article
from selfservice.actions import review_rules, review_work
from supportdesk.demo.company import Company
from tickets.actions.setup import reasons
from tickets.models import ContactReason

MORE = {
    "Starter robot kit": "starter-kit", "Motor controller": "motor-controller",
    "Classroom software": "what-is-a-display", "Training hour": "training-hour",
    "Six hours of help": "hours-of-help",
}  # fmt: skip
POLICIES = {
    "credit_policy": "on-account-credit", "tax_policy": "check-a-tax-certificate",
    "refund_policy": "refund-a-paid-invoice",
}  # fmt: skip
# Why people write, to what is done about it then.
DONE_ABOUT = {
    "Shipping": ("held-shipment",), "Training": ("book-a-training-hour",), "Kits": ("battery-or-smoke",),
    "Billing": ("card-declined-at-the-desk", "refund-a-paid-invoice"),
}  # fmt: skip


def tie_to_wiki(*, company: Company, now: datetime) -> None:
    """Every line of an invoice leads to an article that is read each month; a small demo has only some of them."""
    public = {one.slug: one for one in Article.objects.readable_by(None).filter(slug__in=MORE.values())}
    for product in Product.objects.filter(name__in=MORE):
        if article := public.get(MORE[product.name]):
            known = {name: getattr(product, name) for name in catalogue.Words(name="").__dict__}
            words = catalogue.Words(**known | {"info_article": article})
            catalogue.change_product(product=product, words=words, by=company.admin, now=now)
    pages = {one.slug: one for one in Article.objects.published().filter(slug__in=POLICIES.values())}
    rules = review_work.rules()
    review_rules.save_rules(
        starts_at=rules.starts_at, second_credit_above=rules.second_credit_above,
        second_refund_above=rules.second_refund_above, deputy=rules.deputy, deputy_from=rules.deputy_from,
        **{name: pages.get(slug) for name, slug in POLICIES.items()}, by=company.admin, now=now,
    )  # fmt: skip
    for reason in ContactReason.objects.filter(name__in=DONE_ABOUT, parent=None):
        found = list(Article.objects.published().filter(slug__in=DONE_ABOUT[reason.name], kind=ArticleKind.PROCESS))
        reasons.tie_processes(reason=reason, processes=found, by=company.admin, now=now)
