"""What customers do, mostly with scripts switched off."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from mail.models import OutgoingMail
from tests.e2e.company import Company
from tests.e2e.conftest import Visit
from tests.factories.accounts import make_person
from tickets import tasks
from tickets.actions import links, state
from tickets.models import Message, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company(transactional_db) -> Company:
    return Company(timezone.now())


def path_of(address: str) -> str:
    return re.search(r"/t/[A-Za-z0-9_-]{43}/", address)[0]


def fill_in(page) -> None:
    page.get_by_label("Your name").fill("Nora New")
    page.get_by_label("Your email address").fill("nora@school.example")
    page.get_by_label("What is it about?").fill("Which kit do I need?")
    page.get_by_label("Your question").fill("We have thirty pupils.")


def test_a_stranger_asks_follows_the_mailed_link_and_answers_without_scripts(visit: Visit, company):
    """U28, U53, S37."""
    screen = visit(script=False)
    page = screen.page
    screen.open("/help/")
    fill_in(page)
    page.get_by_label("Add files").set_input_files(
        {"name": "room.txt", "mimeType": "text/plain", "buffer": b"12 x 8 m"}
    )

    page.get_by_role("button", name="Send your question").click()

    ticket = Ticket.objects.latest("pk")
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your question")
    expect(page.locator(".receipt .number b")).to_have_text(str(ticket.pk))
    expect(page.locator(".timeline")).to_contain_text(f"By {ticket.first_response_due_at:%A}")
    page.reload()
    expect(page.locator(".receipt .number b")).to_have_text(str(ticket.pk))

    elsewhere = visit(script=False)
    mail = OutgoingMail.objects.get(kind="acknowledgement", to_address="nora@school.example")
    elsewhere.open(path_of(mail.text))
    expect(elsewhere.page.locator(".talk")).to_contain_text("We have thirty pupils.")
    with elsewhere.page.expect_download() as download:
        elsewhere.page.get_by_role("link", name=re.compile("room.txt")).click()
    assert download.value.suggested_filename == "room.txt"
    elsewhere.page.get_by_label("Your answer").fill("Thirty-two, in fact.")
    elsewhere.page.get_by_role("button", name="Send").click()

    expect(elsewhere.page.get_by_role("status")).to_contain_text("We have your answer.")
    expect(elsewhere.page.locator(".talk")).to_contain_text("via link")
    assert Message.objects.latest("pk").text == "Thirty-two, in fact."
    elsewhere.open("/help/")
    expect(elsewhere.page.get_by_role("banner").get_by_role("link", name="Sign in")).to_be_visible()


def test_a_form_with_gaps_says_so_where_a_person_looks(visit: Visit, company):
    """U27: title, focus on the summary, a link to each field, and nothing typed is lost."""
    screen = visit()
    page = screen.page
    screen.open("/help/")
    page.get_by_label("Your name").fill("Nora New")

    page.get_by_role("button", name="Send your question").click()

    expect(page).to_have_title(re.compile("^Error: "))
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("There is a problem")
    expect(page.get_by_label("Your name")).to_have_value("Nora New")
    summary.get_by_role("link", name="Write your question").click()
    expect(page.get_by_label("Your question")).to_be_focused()
    assert page.get_by_label("Your question").get_attribute("aria-invalid") == "true"
    assert screen.axe() == []


def test_a_customer_reads_answers_closes_and_opens_again_without_scripts(visit: Visit, company):
    """U53."""
    screen = visit(company.dana, script=False)
    page = screen.page
    screen.open("/tickets/")
    page.get_by_role("link", name=company.declined.subject).click()

    page.get_by_label("Your answer").fill("It works now, thank you!")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("We have your answer.")
    expect(page.locator(".talk li").last).to_contain_text("It works now, thank you!")

    page.get_by_role("button", name=re.compile("My question is answered")).click()
    expect(page.get_by_role("status")).to_contain_text("is closed")
    page.get_by_role("button", name=re.compile("It is not solved")).click()
    expect(page.get_by_role("status")).to_contain_text("is open again")
    assert Ticket.objects.get(pk=company.declined.pk).category == "open"


def test_an_old_link_mails_a_fresh_one(visit: Visit, company):
    """S36, U29."""
    old = links.make_link(ticket=company.declined, person=company.dana, now=timezone.now() - timedelta(days=31))
    screen = visit(script=False)
    page = screen.page
    page.goto(screen.address + path_of(old))
    expect(page.get_by_role("heading", level=1)).to_contain_text("does not open anything any more")

    page.get_by_label("Your email address").fill(company.dana.email)
    page.get_by_role("button", name="Mail me fresh links").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    tasks.mail_fresh_links(address=company.dana.email)  # what the worker was asked to do
    fresh = OutgoingMail.objects.get(to_address=company.dana.email, subject="Fresh links to your tickets")
    screen.open(path_of(fresh.text))
    newest = Ticket.objects.filter(requester=company.dana).latest("pk")
    expect(page.get_by_role("heading", level=1)).to_have_text(newest.subject)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_for_customers_is_accessible_and_fits(visit: Visit, company, width, scheme):
    """U44, U46, U49, U51."""
    now = timezone.now()
    state.close_ticket(ticket=company.others[0], by=company.others[0].requester, now=now)
    link = path_of(links.make_link(ticket=company.declined, person=company.dana, now=now))
    old = path_of(links.make_link(ticket=company.declined, person=company.dana, now=now - timedelta(days=31)))
    receipt = links.make_address(ticket=company.declined, person=company.dana, purpose=links.CONFIRM_RECEIPT, now=now)
    found = []

    def look(screen, *paths):
        for path in paths:
            screen.page.goto(screen.address + path)
            found.extend(f"{path} {width} {scheme}: {line}" for line in (*screen.axe(), *screen.sideways()))

    anybody = visit(width=width, scheme=scheme)
    look(anybody, "/help/", receipt, "/help/received/nothing/", link, f"{link}answered/", old, "/t/sent/")
    look(visit(company.dana, width=width, scheme=scheme), "/help/", "/tickets/", f"/tickets/{company.declined.pk}/")
    closed = company.others[0]
    look(visit(closed.requester, width=width, scheme=scheme), f"/tickets/{closed.pk}/")
    look(visit(make_person(), width=width, scheme=scheme), "/tickets/")

    assert found == []


def test_everything_a_finger_presses_is_large_enough_on_a_phone(visit: Visit, company):
    """U51: 44 px for what matters most, 24 px for all."""
    screen = visit(company.dana, width=390)

    for path in ("/help/", "/tickets/", f"/tickets/{company.declined.pk}/"):
        screen.open(path)
        small = screen.page.evaluate(
            """() => [...document.querySelectorAll('button, .btn, input, textarea, nav a, .il')]
              .filter(e => e.type !== 'hidden' && e.offsetParent && !e.closest('.vh'))
              .map(e => [e.textContent.trim() || e.name, e.getBoundingClientRect().height,
                         e.matches('.btn, nav a, .input') ? 44 : 24])
              .filter(([, height, least]) => height < least)"""
        )
        assert small == [], path
