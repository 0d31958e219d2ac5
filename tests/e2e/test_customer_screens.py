"""The customer's pages, the forms of admins, and what people are told: each looked at in four looks."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Person
from mail.actions.choices import choices_address
from tests.e2e.company import Company
from tests.e2e.conftest import PUBLISHED, Screen, Visit
from tickets.actions import answer, calls, links, passing, reply, state
from tickets.actions.attach import store_upload
from tickets.choices import Channel
from tickets.models import ContactForm, ContactTopic, Message, Participant, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
PICTURE = Path(__file__).resolve().parents[2] / "docs" / "screenshots" / "desk-390-light.png"


def told(company: Company) -> Ticket:
    """The customer's ticket after an answer, a picture of theirs, and a call."""
    now, ticket = timezone.now(), company.declined
    photo = SimpleUploadedFile("receipt.png", PICTURE.read_bytes(), "image/png")
    answer.answer(
        ticket=ticket, person=company.dana, text="Here is what the bank showed.", channel=Channel.WEB,
        attachments=[store_upload(upload=photo, now=now)], now=now - timedelta(hours=1),
    )  # fmt: skip
    ticket.refresh_from_db()
    reply.reply(
        ticket=ticket, by=company.maya, text="Thank you, Dana.\n\nYour bank has to allow payments to Canada.",
        last_seen=ticket.last_message_id, now=now - timedelta(minutes=30),
    )  # fmt: skip
    said = calls.Told("incoming", "spoke", now - timedelta(minutes=9), 7, text="They pay on Friday.")
    calls.log_call(said=said, ticket=ticket, by=company.maya, now=now - timedelta(minutes=2))
    return ticket


def look(screen: Screen, name: str, width: int, scheme: str) -> list[str]:
    """What is wrong with the screen as it stands; its picture lands in VAR_DIR/pictures."""
    screen.picture(f"{name}-{width}-{scheme}", full_page=f"{name}-{width}-{scheme}" not in PUBLISHED)
    return [f"{name} {width} {scheme}: {line}" for line in (*screen.axe(), *screen.sideways())]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_no_page_of_a_customer_has_a_fault_at_any_width_in_any_light(visit: Visit, company: Company, width, scheme):
    """U44, U46, U51, U52."""
    ticket, now = told(company), timezone.now()
    state.close_ticket(ticket=company.others[0], by=company.maya, now=now, unanswered=True)
    token = re.search(r"/t/([\w-]{43})/", links.make_link(ticket=ticket, person=company.dana, now=now))[1]
    screen = visit(company.dana, width=width, scheme=scheme)
    found = []

    for name, path in {
        "list": "/tickets/",
        "list-none": "/tickets/?q=zebra&standing=closed",
        "thread": f"/tickets/{ticket.pk}/",
        "link": f"/t/{token}/",
        "told": "/me/notifications/",
        "choices": choices_address(company.dana.email),
    }.items():
        screen.open(path)
        found += look(screen, f"customer-{name}", width, scheme)
    page = screen.page
    screen.open(f"/tickets/{ticket.pk}/")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".errsum")).to_be_focused()
    found += look(screen, "customer-refused", width, scheme)

    expect(page.locator(".preview img")).to_have_js_property("complete", True)
    assert page.locator(".preview img").evaluate("one => one.naturalWidth") > 0
    form = ContactForm.objects.create(name="Shop", slug="shop", heading="Ask us about your order")
    ContactTopic.objects.create(form=form, name="Delivery")
    page.context.clear_cookies()
    screen.open("/help/shop/")
    page.get_by_label("Your name").fill("Noor Haddad")
    found += look(screen, "customer-contact", width, scheme)

    assert found == []


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_no_page_of_forms_calls_and_channels_has_a_fault(visit: Visit, company: Company, width, scheme):
    """U44: for staff."""
    now = timezone.now()
    form = ContactForm.objects.create(name="Shop", slug="shop", heading="Ask", origins=["https://school.example"])
    ContactTopic.objects.create(form=form, name="Refund")
    texted, _ = passing.take_in(
        channel="sms", provider_id="1", sender=passing.Sender("+14035550147"), text="Where is it?", now=now
    )
    screen = visit(company.maya, width=width, scheme=scheme)
    found = []

    for name, path in {
        "forms": "/settings/contact-forms/",
        "form": f"/settings/contact-forms/{form.pk}/",
        "call": "/desk/calls/new/?number=403+555+0147",
        "call-on-ticket": f"/desk/tickets/{company.declined.pk}/call/",
        "end-links": f"/desk/tickets/{company.declined.pk}/links/",
        "told": "/me/notifications/",
        "sms": f"/inbox/all/{texted.message.ticket_id}/",
    }.items():
        screen.open(path)
        found += look(screen, f"channels-{name}", width, scheme)

    assert found == []


def test_a_customer_reads_news_answers_and_closes_on_a_phone(visit: Visit, company: Company):
    """U28, U51: news ends when it was looked at, files are named before they are sent, words survive a reload."""
    ticket = told(company)
    screen = visit(company.dana, width=390)
    page = screen.page
    screen.open("/tickets/?standing=us")
    screen.open("/tickets/")
    expect(page.locator("tr.news")).to_have_count(1)
    page.get_by_role("link", name=ticket.subject).click()
    with page.expect_response("**/looked/"):
        pass
    page.get_by_label("Your answer").fill("We pay on Friday")
    page.reload()
    expect(page.get_by_label("Your answer")).to_have_value("We pay on Friday")
    files = [{"name": f"{n}.txt", "mimeType": "text/plain", "buffer": b"one"} for n in (1, 2)]
    page.get_by_label("Add files").set_input_files(files)
    expect(page.locator(".chosen li")).to_have_text(["1.txt, 1 kB", "2.txt, 1 kB"])

    page.context.set_offline(True)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-offline]")).to_contain_text("You are offline")
    page.context.set_offline(False)
    page.get_by_role("button", name="Send").click()

    expect(page.get_by_role("status").first).to_contain_text(f"It stands at the end of ticket {ticket.pk}")
    expect(page.get_by_label("Your answer")).to_have_value("")
    assert Message.objects.latest("pk").attachments.count() == 2
    page.get_by_role("button", name="My question is answered").click()
    expect(page.locator(".banner.ok").last).to_contain_text("Closed.")
    screen.open("/tickets/")
    expect(page.locator("tr.news")).to_have_count(0)
    assert Participant.objects.get(ticket=ticket, person=company.dana).seen_message_id > 0


def test_words_outlive_the_session_of_a_browser_without_scripts(visit: Visit, company: Company):
    """U5 and U53 for customers: the session ends while they write, they sign in again, and the words are there."""
    ticket = told(company)
    screen = visit(company.dana, script=False)
    page = screen.page
    screen.open(f"/tickets/{ticket.pk}/")
    page.get_by_label("Your answer").fill("Words that took an hour")
    Person.objects.filter(pk=company.dana.pk).update(session_version=9)

    page.get_by_role("button", name="Send").click()

    expect(page).to_have_url(re.compile("/sign-in/"))
    company.dana.refresh_from_db()
    company.dana.set_password("a long enough password")
    company.dana.save()
    page.get_by_label("Mail address").fill(company.dana.email)
    page.get_by_label("Password").fill("a long enough password")
    page.locator("main form button").first.click()
    expect(page).to_have_url(re.compile(f"/tickets/{ticket.pk}/"))
    expect(page.get_by_label("Your answer")).to_have_value("Words that took an hour")
    assert not Message.objects.filter(text="Words that took an hour").exists()
