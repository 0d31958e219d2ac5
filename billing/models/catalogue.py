"""What is sold, and for how much."""

import pgtrigger
from django.db import models
from django.db.models import Q

from billing.choices import Period, ProductKind, ProductState
from billing.models import fields

# Which published products `p` lack a price that they need, in SQL. The lock comes first, so that one transaction cannot
# withdraw a price while another publishes; the check after it sees what the other one left.
_CHECK_PRICES = """
PERFORM 1 FROM billing_product WHERE id IN ({ids}) ORDER BY id FOR NO KEY UPDATE;
IF EXISTS (
  SELECT 1 FROM billing_product p WHERE p.id IN ({ids}) AND p.state = 'published' AND CASE p.kind WHEN 'plan' THEN
    NOT EXISTS (SELECT 1 FROM billing_price WHERE product_id = p.id AND withdrawn_at IS NULL)
    OR EXISTS (SELECT 1 FROM billing_price WHERE product_id = p.id AND withdrawn_at IS NULL AND period = 'once')
    OR EXISTS (SELECT 1 FROM billing_price WHERE product_id = p.id AND withdrawn_at IS NULL
               GROUP BY currency, displays HAVING count(DISTINCT period) < 2)
  ELSE
    NOT EXISTS (SELECT 1 FROM billing_price WHERE product_id = p.id AND withdrawn_at IS NULL)
    OR EXISTS (SELECT 1 FROM billing_price WHERE product_id = p.id AND withdrawn_at IS NULL AND period <> 'once')
  END
) THEN
  RAISE EXCEPTION 'a published product has its prices' USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
"""


class Product(models.Model):
    """Something with a page and a "more info" text or address; without either it cannot be published (R24)."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=ProductKind)
    state = models.CharField(max_length=10, choices=ProductState, default=ProductState.DRAFT)
    summary = models.CharField(max_length=255, blank=True, help_text="One line, as it stands on an invoice.")
    description = models.TextField(blank=True, help_text="The product's page, as Markdown.")
    info_label = models.CharField(max_length=80, default="What is this?")
    info_text = models.TextField(blank=True, help_text='The "more info" page, as Markdown.')
    info_url = models.URLField(max_length=500, blank=True, help_text="Or an article elsewhere.")
    info_article = models.ForeignKey(
        "knowledgebase.Article", models.PROTECT, null=True, blank=True, related_name="+", help_text="Or one of ours."
    )
    minutes = models.PositiveIntegerField(default=0, help_text="What one of it adds to the hours ledger.")
    is_taxable = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="a product has a name"),
            models.CheckConstraint(condition=Q(kind__in=ProductKind.values), name="a product is of a known kind"),
            models.CheckConstraint(condition=Q(state__in=ProductState.values), name="a product has a known state"),
            models.CheckConstraint(
                condition=~Q(state=ProductState.PUBLISHED)
                | ~Q(info_text="")
                | ~Q(info_url="")
                | Q(info_article__isnull=False),
                name="a published product says more",
            ),
            models.CheckConstraint(
                condition=~Q(kind=ProductKind.HOURS) | Q(minutes__gt=0), name="a package of hours has minutes"
            ),
        ]
        indexes = [
            models.Index(fields=["position", "id"], condition=Q(state=ProductState.PUBLISHED), name="product_in_store")
        ]  # fmt: skip
        triggers = [
            pgtrigger.Trigger(
                name="published_with_its_prices",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                func=_CHECK_PRICES.format(ids="NEW.id"),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def more_url(self) -> str:
        """Where it says more about itself (R24): our article while everybody reads that, an address, or its own page.

        An article that was put away leaves the other two; without them its page sends people to a person.
        """
        if self.info_article_id and self.info_article and self.info_article.is_public:
            return f"/articles/{self.info_article.slug}/"
        return self.info_url or f"/store/{self.slug}/info/"


class Price(models.Model):
    """What a product costs: fixed, for up to so many displays where it is a plan (R39). Nothing is metered.

    A price in use never changes; a new one replaces it and the old one is withdrawn.
    """

    product = models.ForeignKey(Product, models.PROTECT, related_name="prices")
    period = models.CharField(max_length=8, choices=Period)
    currency = fields.currency()
    displays = models.PositiveIntegerField(null=True, blank=True, help_text="Up to so many; empty: any number.")
    amount = fields.amount(help_text="Minor units for one period, or for one piece.")
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "period", "currency", "displays"],
                condition=Q(withdrawn_at__isnull=True),
                nulls_distinct=False,
                name="a product has one price for a period and a size",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lte=99_999_999), name="a price is what a provider takes"
            ),
            models.CheckConstraint(
                condition=Q(displays__isnull=True) | Q(displays__gt=0), name="a price is for at least one display"
            ),
            models.CheckConstraint(condition=Q(period__in=Period.values), name="a price has a known period"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="prices_of_what_is_published",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                func=_CHECK_PRICES.format(ids="NEW.product_id, OLD.product_id"),
            ),
            pgtrigger.Protect(
                name="a_price_never_changes",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__amount__df=pgtrigger.F("new__amount"))
                | pgtrigger.Q(old__product__df=pgtrigger.F("new__product"))
                | pgtrigger.Q(old__period__df=pgtrigger.F("new__period"))
                | pgtrigger.Q(old__currency__df=pgtrigger.F("new__currency"))
                | pgtrigger.Q(old__displays__df=pgtrigger.F("new__displays")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.period} {self.amount} {self.currency}"
