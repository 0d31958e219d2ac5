"""The figures at the top of the founder's page, each in words: what it is, how it moved, and where its rows are."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format

from insights.figures import FIGURES
from insights.overview import Overview
from insights.queries_reports import Scope
from insights.reports import Number, rows_address
from insights.scales import FEW
from insights.words import percent, share
from supportdesk.lib import money


def tiles(view: Overview) -> list[Number]:
    """In the order of the page. Nothing is read."""
    return [_rate(view), _avoided(view), _csat(view), _in_time(view), _cost(view), _elastic(view), _allocated(view)]


def _rate(view: Overview) -> Number:
    at, before = view.at, next((month for month in view.months if month.rate is not None), None)
    meaning = "Conversations that customers began ÷ customers who signed in or paid in the month × 100."
    address = rows_address("contacts", Scope(view.period_of(at)))
    if at.rate is None:
        return Number("rate", "Contacts per 100 customers", meaning, "–", address, "", "No active customers yet")
    change, mood = "", "flat"
    if before and before.rate and before is not at:
        way, mood = ("Down", "") if at.rate < before.rate else ("Up", "worse")
        moved = round(abs(at.rate - before.rate) / before.rate * 100)
        change = f"{way} {moved}% from {before.rate:.1f} in {date_format(before.month, 'F Y')}"
    goal = view.rules.contact_rate_goal
    small = f"goal {goal.normalize():f}" if goal is not None else ""
    return Number("rate", "Contacts per 100 customers", meaning, f"{at.rate:.1f}", address, small, change, mood)


def _avoided(view: Overview) -> Number:
    fixes = {0: "No problem has a fix yet", 1: "From one fix: now against before it"}
    words = fixes.get(view.fixed, f"From {view.fixed} fixes: now against before each")
    meaning = "Contacts in 28 days before each fix, less those of the last 28 days."
    address = reverse("insights:problems")
    return Number("avoided", "Contacts avoided each month", meaning, f"{view.avoided:,}", address, "", words)


def _csat(view: Overview) -> Number:
    at, before = view.at, view.months[view.months.index(view.at) - 1]
    address = f"{reverse('insights:satisfaction')}?{urlencode(view.period_of(at).address)}"
    small = f"{at.happy} of {at.answered}" if at.answered else ""
    said = f"n = {at.answered}, {share((min(at.answered, at.asked), at.asked))} answered"
    change, mood = said, "flat"
    if at.answered >= FEW and before.answered >= FEW:
        now, then = percent(at.happy, at.answered), percent(before.happy, before.answered)
        name = date_format(before.month, "F")
        change = f"Same as {name}" if now == then else f"{'Up' if now > then else 'Down'} from {then}% in {name}"
        change, mood = f"{change}; {said}", "flat" if now == then else "" if now > then else "worse"
    meaning = "4 and 5 of all answers to questions of the month."
    return Number(
        "csat", "Happy customers (CSAT)", meaning, share((at.happy, at.answered)), address, small, change, mood
    )


def _in_time(view: Overview) -> Number:
    at = view.at
    kept, promised = at.counts["first_kept"], at.counts["first_promised"]
    late = promised - kept
    words = f"{late} late" if late else "None late" if promised else "Nothing was promised"
    return Number(
        "first_kept", "First reply in time", FIGURES["first_kept"].meaning, share((kept, promised)),
        rows_address("first_late" if late else "first_kept", Scope(view.period_of(at))),
        f"{kept} of {promised}" if promised else "", words, "worse" if late else "flat",
    )  # fmt: skip


def _cost(view: Overview) -> Number:
    month, meaning = view.costed, "(Support pay + tools) ÷ contacts of the month."
    if month is None or month.cost_per_contact is None or month.cost is None:
        return Number("cost", "Cost of a contact", meaning, "–", "#months-h", "", "No month has its costs entered yet")
    currency = view.rules.currency
    each, all_ = money.shown(month.cost_per_contact, currency), money.shown(month.cost, currency)
    words, mood = f"{all_} in {date_format(month.month, 'F')}", "flat"
    if view.rules.budget is not None:
        over = month.cost - view.rules.budget
        mood = "worse" if over > 0 else ""
        words += f", {money.shown(abs(over), currency)} {'over' if over > 0 else 'under'} budget"
    return Number("cost", "Cost of a contact", meaning, each, "#months-h", f"{month.contacts:,} contacts", words, mood)


def _elastic(view: Overview) -> Number:
    found, meaning = (
        view.elasticity,
        "Growth of support hours ÷ growth of customers, over 12 months. Below 1 is the aim.",
    )
    if found is None:
        return Number(
            "elasticity",
            "Hours beside customers",
            meaning,
            "–",
            "#months-h",
            "",
            "Hours or customers are missing",
        )
    people = f"{found.customers_per_person:,} customers a person" if found.customers_per_person else ""
    since = f"{date_format(found.before.month, 'M Y')} to {date_format(found.now.month, 'M Y')}"
    return Number(
        "elasticity", "Hours beside customers", meaning, f"{found.value:.1f}", "#months-h", people, since,
        "" if found.value < 1 else "worse",
    )  # fmt: skip


def _allocated(view: Overview) -> Number:
    found, meaning = view.allocation, "Hours of engineering on problems ÷ all of them."
    address = reverse("insights:problems")
    if found is None:
        words = f"Target {view.rules.engineering_target}%; no month has its engineering hours yet"
        return Number("allocation", "Engineering on problems", meaning, "–", address, "", words)
    mood = "" if found.percent >= found.target else "worse"
    small = f"{found.on_problems:g} of {found.of_all:g} h"
    words = f"Target {found.target}%, {date_format(found.month, 'F Y')}"
    return Number(
        "allocation", "Engineering on problems", meaning, f"{found.percent:.0f}%", address, small, words, mood
    )
