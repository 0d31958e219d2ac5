"""Customer Day, the months of invoice questions and the goals, in a company that has held them for long."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from accounts.models import Person
from insights import quarters
from insights.actions import customer_day, goals, invoice_months, observations, programme, programme_rules
from insights.models import CustomerDay, CustomerDayRules, InvoiceMonth
from insights.programme_choices import ActionKind, ObservationState
from insights.queries_customer_day import diary, rules, today
from knowledgebase.choices import Visibility
from knowledgebase.models import Article
from supportdesk.demo.company import TORONTO, Company
from tickets.models import ContactReason

DAY = timedelta(days=1)
# Contact reasons at the top, and the page of the help centre that answers most of what is asked below them.
ANSWERS = {
    "Kits": "damaged-or-missing", "Firmware": "recover-a-robot", "Shipping": "shipping", "Training": "training-hour",
    "Licences": "what-is-a-display", "Billing": "open-an-invoice", "Before buying": "starter-kit",
}  # fmt: skip
MONEY, ABOUT_INVOICES = "Billing", "Cannot open invoice"
GOALS = """\
A teacher who writes to us has a class waiting. We answer within the morning, in words that the class would understand,
and we stay until the robot is back on the mat.

## What we promise ourselves

- **Nobody asks twice.** What was asked twice gets a page, a sentence on the invoice, or a better part.
- **Nothing waits in silence.** Every ticket has somebody who looks at it next, and a day.
- **We say what we do not know**, and by when we will.

## What we do not do

We do not close a ticket to make a figure look better, and we do not ask for patience without saying why.
"""
TARGETS = {
    "first_reply": Decimal(3), "csat": Decimal(80), "solved": Decimal(70), "reopened": Decimal(8),
    "unanswered": Decimal(2),
}  # fmt: skip
NOTICED = (
    ("The box does not say which booklet belongs to which kit: three people asked on one day", "Marc Lavoie",
     (ObservationState.ACCEPTED, ObservationState.SHIPPED)),
    ("“Firmware” means nothing to a teacher; the menu should say “Update the robot”", "Tom Okonkwo",
     (ObservationState.ACCEPTED,)),
    ("Nobody finds the page about spare wheels from the order mail", "Elena Popescu", ()),
)  # fmt: skip
DONE = (
    (ActionKind.ARTICLE, "“Open and pay an invoice” shows each way to pay with a picture"),
    (ActionKind.INVOICE_TEXT, "The fee of cards stands on its own line, with a link that explains it"),
    (ActionKind.INVOICE_TEXT, "The purchase order's number is printed beside ours"),
    (ActionKind.PRODUCT, "The store asks for the exemption certificate before the order, not after the invoice"),
)


def lay_programmes(*, company: Company, now: datetime) -> None:
    """Everything. It belongs after the facts of reports were gathered: months are counted from them."""
    people = {person.name: person for person in company.staff.values()} | {company.admin.name: company.admin}
    _cover(company, now)
    _customer_days(company, people, now)
    _invoice_months(company, people, now)
    goals.write(text=GOALS, article=None, asks_again=False, targets=TARGETS, by=company.admin, now=now - 40 * DAY)
    for person in people.values():
        if person.name != "Dana Whitefeather":  # she is asked still
            goals.confirm(version=1, by=person, now=now - 39 * DAY)


def _cover(company: Company, now: datetime) -> None:
    public = Article.objects.published().filter(space__visibility=Visibility.PUBLIC, slug__in=ANSWERS.values())
    pages = {article.slug: article for article in public}
    for name, slug in ANSWERS.items():
        reason = ContactReason.objects.filter(name=name, parent=None).first()
        if reason is not None:
            programme_rules.cover(
                reason=reason, article=pages.get(slug), is_money=name == MONEY, by=company.admin, now=now
            )


def _customer_days(company: Company, people: dict[str, Person], now: datetime) -> None:
    """Marc has held his, Joanna has booked hers, the others have not chosen yet."""
    known = rules()
    chosen = {name: getattr(known, name) for name in programme_rules.CHOSEN} | {"is_enabled": True}
    quarter = quarters.quarter_of(today(now))
    held = next(_open_days(quarter, today(now) - 9 * DAY, -DAY, quarter), None)
    invited = _morning(held - 3 * DAY) if held else now
    left_out = [people["Hugh Sinclair"]]
    programme_rules.change_customer_day(left_out=left_out, by=company.admin, now=invited, **chosen)
    CustomerDayRules.objects.update(alone_after=20)
    programme.invite(quarter, today(invited), now=invited)
    if held:
        _hold(CustomerDay.objects.get(person=people["Marc Lavoie"], quarter=quarter), held, people)
    ahead = next(_open_days(quarter, today(now) + 4 * DAY, DAY, quarters.last_day(quarter)), None)
    if ahead:
        day = CustomerDay.objects.get(person=people["Joanna Sikorska"], quarter=quarter)
        customer_day.book(day=day, on=ahead, by=day.person, now=now)


def _hold(day: CustomerDay, on: date, people: dict[str, Person]) -> None:
    who, now = day.person, _morning(on)
    customer_day.book(day=day, on=on, by=who, now=now - 2 * DAY)
    customer_day.tick(day=day, lines=set(range(len(day.checklist))), by=who, now=now)
    customer_day.begin(day=day, by=who, now=now)
    for number, (words, owner, steps) in enumerate(NOTICED):
        at = now + timedelta(hours=5, minutes=7 * number)
        noticed = observations.observe(
            day=day, words=words, owner=people[owner], due=on + (21 + 7 * number) * DAY, by=who, now=at
        )
        for step, state in enumerate(steps, 1):
            observations.move(observation=noticed, to=state, words="", by=people[owner], now=at + 2 * step * DAY)
    learned = (
        "Half of what people ask stands on a page that they do not find. The pages are good, the ways there are not."
    )
    customer_day.debrief(day=day, learned=learned, by=who, now=now + timedelta(hours=7))


def _invoice_months(company: Company, people: dict[str, Person], now: datetime) -> None:
    branch = ContactReason.objects.filter(name=ABOUT_INVOICES, parent__name=MONEY).first()
    if branch is None:
        return
    owner = people["Joanna Sikorska"]
    programme_rules.change_invoice_rules(branch=branch, owner=owner, by=company.admin, now=now - 130 * DAY)
    invoice_months.look_after(now=now)
    rows = list(InvoiceMonth.objects.order_by("month"))
    for number, row in enumerate(rows):
        kind, words = DONE[number % len(DONE)]
        if row is rows[-1]:
            break  # this one is still to be done
        at = _morning(row.month + 38 * DAY)
        invoice_months.act(month=row, kind=kind, words=words, owner=owner, article=None, by=owner, now=min(at, now))
        invoice_months.close(month=row, by=owner, now=now)


def _open_days(quarter: date, first: date, step: timedelta, last: date) -> Iterator[date]:
    """Days of the quarter on which the desk opens, from one to another."""
    days, day = diary(quarter), first
    while (last - day).days * step.days >= 0:
        if quarter <= day <= quarters.last_day(quarter) and days.is_open(day):
            yield day
        day += step


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(9, 20), ZoneInfo(TORONTO))
