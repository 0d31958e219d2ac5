"""Questions about invoices, month by month, and what was done so that they need not be asked (B9)."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from insights.programme_choices import ActionKind, MonthState


class InvoiceRules(models.Model):
    """Which contact reasons are questions about invoices, and who looks after the months. One row."""

    branch = models.ForeignKey(
        "tickets.ContactReason", models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="This reason and all below it.",
    )  # fmt: skip
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    since = models.DateField(null=True, blank=True, help_text="The first month that is looked at.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="there is one set of invoice question rules")]

    def __str__(self) -> str:
        return f"branch {self.branch_id}"


class InvoiceMonth(models.Model):
    """A month's invoices and questions: counted anew while it is open, and as they stood when it was closed."""

    month = models.DateField(unique=True, help_text="Its first day.")
    state = models.CharField(max_length=10, choices=MonthState, default=MonthState.OPEN)
    invoices = models.PositiveIntegerField(default=0)
    questions = models.PositiveIntegerField(default=0)
    by_reason = models.JSONField(default=dict, help_text="Questions by the key of their reason.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    opened_at = models.DateTimeField()
    counted_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="a month of invoices begins with its first day"),
            models.CheckConstraint(
                condition=Q(state=MonthState.CLOSED, closed_at__isnull=False)
                | Q(state=MonthState.OPEN, closed_at__isnull=True),
                name="a month of invoices is closed at a time",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="a_month_closes_with_an_action",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__state=MonthState.CLOSED),
                func="""
                    IF NOT EXISTS (SELECT FROM insights_invoiceaction WHERE month_id = NEW.id) THEN
                        RAISE EXCEPTION 'A month of invoices closes with at least one action'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class IssuedCount(models.Model):
    """How many invoices got their number in a month: a rollup kept by the timer, which charts read."""

    month = models.DateField(unique=True, help_text="Its first day.")
    invoices = models.PositiveIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(month__day=1), name="a count of invoices is of a month")]

    def __str__(self) -> str:
        return f"{self.invoices} in {self.month:%Y-%m}"


class InvoiceAction(models.Model):
    """What was done so that a question is not asked again, by whom it is owned. It stays once its month is closed."""

    month = models.ForeignKey(InvoiceMonth, models.CASCADE, related_name="actions")
    kind = models.CharField(max_length=10, choices=ActionKind)
    words = models.CharField(max_length=300)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    article = models.ForeignKey("knowledgebase.Article", models.SET_NULL, null=True, blank=True, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ActionKind.values), name="an action is of a known kind"),
            models.CheckConstraint(condition=~Q(words=""), name="an action says what is done"),
        ]
        indexes = [models.Index("month", "id", name="invoice_actions")]
        triggers = [
            pgtrigger.Trigger(
                name="actions_of_a_closed_month_stay",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func="""
                    IF EXISTS (SELECT FROM insights_invoicemonth WHERE id = OLD.month_id AND state = 'closed') THEN
                        RAISE EXCEPTION 'The actions of a closed month stay' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN OLD;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.words
