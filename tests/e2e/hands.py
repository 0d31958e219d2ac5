"""What the journeys' hands do again and again."""

from django.utils import timezone
from playwright.sync_api import Page, expect

from tickets.actions import intake
from tickets.models import Message, Ticket


def writes(ticket: Ticket, text: str, person=None) -> Message:
    """The customer writes again."""
    return intake.add_customer_message(
        ticket=ticket, person=person or ticket.requester, text=text, channel="mail", now=timezone.now()
    )


def box(page: Page):
    return page.locator("#composer textarea")


def listening(page: Page) -> None:
    """Wait until the page hears what happens."""
    expect(page.locator("body")).to_have_attribute("data-live-state", "on")
