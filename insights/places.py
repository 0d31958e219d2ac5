"""The pages of insights, in their order: what the navigation and the palette offer."""

from django.urls import reverse

PLACES = (
    ("overview", "insights:overview", "Overview"),
    ("reports", "insights:reports", "Reports"),
    ("problems", "insights:problems", "Problems"),
    ("invoice_questions", "insights:invoice_months", "Invoice questions"),
    ("customer_day", "insights:customer_days", "Customer Day"),
    ("satisfaction", "insights:satisfaction", "Satisfaction"),
    ("goals", "insights:goals", "Goals"),
    ("out_of_scope", "insights:out_of_scope", "Out of scope"),
)


def places() -> list[tuple[str, str, str]]:
    """(name, address, words) of every page."""
    return [(name, reverse(address), shown) for name, address, shown in PLACES]
