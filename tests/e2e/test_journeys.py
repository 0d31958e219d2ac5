"""What agents do all day, with their hands on the keyboard."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Person
from mail.models import OutgoingMail
from tests.e2e.conftest import Visit
from tests.e2e.hands import box, listening, writes
from tests.factories.tickets import make_ticket
from tickets.actions import reply

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


WATCH = """() => { window.heard = []; const region = document.getElementById("says");
  new MutationObserver(() => window.heard.push(region.textContent)).observe(region, {childList: true}); }"""


def test_a_new_ticket_appears_in_the_open_list_without_a_reload(visit: Visit, company):
    """U7, and the third line of what is done."""
    screen = visit(company.maya)
    screen.open("/inbox/unassigned/")
    listening(screen.page)
    screen.page.evaluate("window.isSamePage = true")

    make_ticket(requester=company.dana, subject="The robot fell off the table", mailbox=company.mailbox)

    expect(screen.page.locator("#tickets")).to_contain_text("The robot fell off the table")
    assert screen.page.evaluate("window.isSamePage") is True


def test_new_words_arrive_while_typing_and_nothing_that_was_typed_moves(visit: Visit, company):
    """U7: caret, selection and scroll stay; a screen reader hears of it once."""
    ticket = company.declined
    for number in range(6):
        writes(ticket, f"One more thing, number {number}.\n\nIt is long.\n\nIt goes on.")
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{ticket.pk}/")
    page = screen.page
    listening(page)
    box(page).fill("Hi Dana, I am looking.")
    box(page).evaluate("one => one.setSelectionRange(3, 7)")
    page.evaluate(WATCH)
    page.locator("#conversation").evaluate("one => { one.scrollTop = 5 }")
    assert page.locator("#conversation").evaluate("one => one.scrollTop") == 5

    writes(ticket, "It worked just now, thank you!")

    expect(page.locator("#items")).to_contain_text("It worked just now, thank you!")
    state = box(page).evaluate(
        "one => [one.value, one.selectionStart, one.selectionEnd, document.activeElement === one]"
    )
    assert state == ["Hi Dana, I am looking.", 3, 7, True]
    assert page.locator("#conversation").evaluate("one => one.scrollTop") == 5
    assert page.evaluate("heard") == ["New message from Dana Whitfield"]


def test_one_key_sends_closes_and_opens_the_next_with_the_cursor_ready(visit: Visit, company):
    """U1."""
    ticket = company.others[0]
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{ticket.pk}/")
    page = screen.page
    following = page.locator("#tickets a[aria-current] >> xpath=../following-sibling::li[1]/a")
    next_number = (
        following.get_attribute("data-ticket")
        if following.count()
        else page.locator("#tickets a:not([aria-current])").first.get_attribute("data-ticket")
    )
    box(page).fill("It leaves today.")

    box(page).press("Control+Enter")

    expect(page).to_have_url(re.compile(rf"/inbox/mine/{next_number}/"))
    expect(page.locator(f"#text-{next_number}")).to_be_focused()
    ticket.refresh_from_db()
    assert ticket.category == "closed"
    assert ticket.messages.filter(author="agent").get().text == "It leaves today."


def test_sending_twice_in_a_row_sends_once(visit: Visit, company):
    ticket = company.others[0]
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{ticket.pk}/")
    box(screen.page).fill("It leaves today.")

    screen.page.evaluate("for (let i = 0; i < 3; i++) document.querySelector('[data-send=\"ctrl+enter\"]').click()")

    expect(screen.page).not_to_have_url(re.compile(rf"/{ticket.pk}/"))
    assert ticket.messages.filter(author="agent").count() == 1


def test_z_takes_a_reply_back_from_any_page_and_no_mail_leaves(visit: Visit, company):
    """U4."""
    Person.objects.filter(pk=company.maya.pk).update(undo_send_seconds=30)
    ticket = company.others[0]
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{ticket.pk}/")
    page = screen.page
    box(page).fill("It leaves today.\n\nTomorrow at the latest.")
    box(page).press("Control+Enter")
    expect(page.locator("#outbox")).to_contain_text("Tomás Rivera")
    screen.open("/quarantine/")
    expect(page.locator("#outbox")).to_contain_text(re.compile(r"in \d+ s"))

    page.keyboard.press("z")

    expect(page).to_have_url(re.compile(rf"/inbox/mine/{ticket.pk}/"))
    expect(box(page)).to_have_value("It leaves today.\n\nTomorrow at the latest.")
    ticket.refresh_from_db()
    assert ticket.category == "new"
    assert list(OutgoingMail.objects.values_list("state", flat=True)) == ["cancelled"]


def test_a_reply_is_stopped_when_a_colleague_was_quicker_and_one_key_sends_it_anyway(visit: Visit, company):
    """U6."""
    ticket = company.declined
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{ticket.pk}/")
    page = screen.page
    box(page).fill("My answer.")
    reply.reply(
        ticket=ticket, by=company.priya, text="I was quicker.", last_seen=ticket.messages.get().pk, now=timezone.now()
    )

    box(page).press("Control+Enter")

    expect(page.locator(".stopped")).to_contain_text("I was quicker.")
    expect(box(page)).to_have_value("My answer.")
    assert ticket.messages.filter(person=company.maya).count() == 0
    expect(page.get_by_role("button", name="Send mine anyway")).to_be_focused()
    assert screen.axe() == []

    page.keyboard.press("Enter")

    expect(page.locator(".stopped")).to_have_count(0)
    assert ticket.messages.filter(person=company.maya).get().text == "My answer."


def test_closing_asks_for_the_reason_with_one_key_and_guesses_it(visit: Visit, company):
    """U14."""
    ticket = company.declined
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{ticket.pk}/")
    page = screen.page

    page.keyboard.press("e")
    expect(page.locator("#dialog button[autofocus]")).to_be_focused()
    assert "Card declined" in page.locator("#dialog button[autofocus]").inner_text()
    assert screen.axe() == []
    page.keyboard.press("1")

    expect(page).not_to_have_url(re.compile(rf"/{ticket.pk}/"))
    expect(page.locator("#dialog")).not_to_be_visible()
    ticket.refresh_from_db()
    assert (ticket.category, ticket.contact_reason.name) == ("closed", "Card declined")
    assert screen.focused() != "BODY"


def test_two_keys_snooze_till_tomorrow_and_the_list_says_when(visit: Visit, company):
    """U10."""
    ticket = company.others[0]
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{ticket.pk}/")
    page = screen.page

    page.keyboard.press("h")
    expect(page.locator("#dialog")).to_be_visible()
    page.keyboard.press("t")

    expect(page).not_to_have_url(re.compile(rf"/{ticket.pk}/"))
    screen.open("/inbox/snoozed/")
    expect(page.locator(f"#tk-{ticket.pk}")).to_contain_text("Back ")
    ticket.refresh_from_db()
    assert ticket.snoozed_until is not None


def test_a_dialog_closes_with_escape_and_gives_the_focus_back(visit: Visit, company):
    """U45."""
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{company.declined.pk}/")
    page = screen.page
    opener = page.get_by_role("link", name="Snooze H")
    opener.focus()

    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#dialog")).not_to_be_visible()
    expect(opener).to_be_focused()


def test_what_is_wrong_in_a_dialog_is_said_in_the_dialog(visit: Visit, company):
    """U27, U44."""
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{company.declined.pk}/")
    page = screen.page
    page.keyboard.press("h")
    page.locator("#dialog #id_at").fill("2020-01-01T09:00")

    page.get_by_role("button", name="Bring it back then").click()

    expect(page.locator("#dialog .errsum")).to_contain_text("Choose a time that has not passed.")
    assert screen.axe() == []
    company.declined.refresh_from_db()
    assert company.declined.snoozed_until is None


def test_every_action_has_one_key_and_the_list_of_keys_names_it(visit: Visit, company):
    """U2."""
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{company.declined.pk}/")
    page = screen.page

    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    listed = page.locator("#keys").inner_text()
    for action in ("Reply", "Note", "Assign", "Snooze", "Close", "Reason", "Search"):
        assert action in listed
    assert screen.axe() == []
    page.keyboard.press("Escape")

    page.keyboard.press("r")
    expect(box(page)).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.locator("[name=kind][value=note]")).to_be_checked()
    expect(box(page)).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.locator("#dialog")).to_contain_text("Why did they write?")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    expect(page.locator("#dialog")).to_contain_text("Who looks after it?")


def test_single_keys_can_be_switched_off_and_then_no_letter_does_anything(visit: Visit, company):
    """U47."""
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{company.declined.pk}/")
    page = screen.page
    page.keyboard.press("?")
    page.get_by_role("button", name="Switch them off").click()
    expect(page.locator("body")).to_have_attribute("data-keys", "off")
    before = page.url

    for key in "jkrnahecz/?mwfdosu":
        page.keyboard.press(key)

    assert page.url == before
    assert page.locator("dialog[open]").count() == 0
    assert screen.focused() in ("BODY", "main")
    company.declined.refresh_from_db()
    assert (company.declined.category, company.declined.assignee) == ("new", company.maya)


def test_j_and_k_walk_the_list_and_focus_is_never_lost(visit: Visit, company):
    """U45."""
    screen = visit(company.maya)
    screen.open("/inbox/mine/")
    page = screen.page
    numbers = [link.get_attribute("data-ticket") for link in page.locator("#tickets a[data-ticket]").all()]

    for number in numbers:
        page.keyboard.press("j")
        expect(page).to_have_url(re.compile(rf"/inbox/mine/{number}/"))
        expect(page.locator(f"#tk-{number}")).to_be_focused()
    page.keyboard.press("k")

    expect(page).to_have_url(re.compile(rf"/inbox/mine/{numbers[-2]}/"))


def test_back_reload_and_a_copied_address_show_the_same(visit: Visit, company):
    """U15."""
    screen = visit(company.maya)
    screen.open("/inbox/search/?q=is:open+declined")
    page = screen.page
    page.locator("#tickets a[data-ticket]").first.click()
    expect(page).to_have_url(re.compile(r"/inbox/search/\d+/\?q="))
    opened = page.url
    page.goto(screen.address + "/inbox/all/")

    page.go_back()

    expect(page).to_have_url(opened)
    assert page.locator("#q").input_value() == "is:open declined"
    expect(page.locator("h2[data-heading]")).to_contain_text("Card keeps getting declined")
    page.reload()
    expect(page.locator("#tickets a[aria-current]")).to_have_count(1)
    page.go_back()
    expect(page).to_have_url(re.compile(r"/inbox/search/\?q="))


def test_the_list_stays_where_it_was_scrolled_to(visit: Visit, company):
    """U15."""
    for number in range(20):
        make_ticket(requester=company.dana, subject=f"Question {number}", now=timezone.now() - timedelta(days=1))
    screen = visit(company.maya)
    screen.open("/inbox/unassigned/")
    page = screen.page
    page.locator("#tickets").evaluate("one => { one.scrollTop = 600 }")
    page.wait_for_function("sessionStorage.length > 0")

    page.reload()

    assert page.locator("#tickets").evaluate("one => one.scrollTop") == 600


def test_what_was_typed_survives_a_reload_and_goes_when_it_is_sent(visit: Visit, company):
    ticket = company.declined
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{ticket.pk}/")
    page = screen.page
    box(page).fill("Half a thought")
    expect(page.locator("[data-saved]")).to_be_visible()

    page.reload()
    expect(box(page)).to_have_value("Half a thought")
    box(page).press("Control+Shift+Enter")
    expect(page.locator("#items")).to_contain_text("Half a thought")

    expect(box(page)).to_have_value("")
    page.reload()
    expect(box(page)).to_have_value("")


def test_leaving_for_another_ticket_in_the_middle_of_a_word_loses_nothing(visit: Visit, company):
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{company.declined.pk}/")
    page = screen.page

    box(page).press_sequentially("Half a tho")
    page.locator(f"#tk-{company.others[0].pk}").click()
    expect(page).to_have_url(re.compile(rf"/{company.others[0].pk}/"))
    expect(box(page)).to_have_value("")
    page.locator(f"#tk-{company.declined.pk}").click()

    expect(box(page)).to_have_value("Half a tho")


def test_a_search_from_the_keyboard_opens_its_first_ticket(visit: Visit, company):
    """U2, U15."""
    screen = visit(company.maya)
    screen.open("/inbox/mine/")
    page = screen.page

    page.keyboard.press("/")
    page.keyboard.type("declined from:dana")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/inbox/search/\?q=declined"))
    expect(page.locator("#tickets a[data-ticket]")).to_have_count(1)
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")

    expect(page).to_have_url(re.compile(rf"/inbox/search/{company.declined.pk}/\?q=declined"))


def test_a_lost_connection_is_said_in_words_and_keeps_what_was_typed(visit: Visit, company):
    """U48."""
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{company.declined.pk}/")
    page = screen.page
    box(page).fill("My answer.")
    page.route("**/write/**", lambda route: route.abort())

    box(page).press("Control+Enter")

    expect(page.locator("#trouble")).to_contain_text("cannot be reached")
    expect(box(page)).to_have_value("My answer.")
    screen.failures.clear()  # the browser's own word for the request that we cut
    page.unroute("**/write/**")
    box(page).press("Control+Enter")
    expect(page).not_to_have_url(re.compile(rf"/{company.declined.pk}/"))


def test_a_saved_reply_is_inserted_with_the_customers_name(visit: Visit, company):
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{company.declined.pk}/")
    page = screen.page

    page.keyboard.press("s")
    page.locator("#offers [role=option]", has_text="W-8 is on your invoice").click()

    expect(box(page)).to_have_value(re.compile("^Hi Dana,"))
    expect(box(page)).to_be_focused()


def test_reply_note_close_and_snooze_work_without_script(visit: Visit, company):
    """U53."""
    ticket, other = company.declined, company.others[0]
    screen = visit(company.maya, script=False)
    page = screen.page

    screen.open(f"/inbox/mine/{ticket.pk}/")
    page.locator("textarea[name=text]").fill("An answer without script.")
    page.get_by_label("More ways to send").click()
    page.get_by_role("button", name="Send and stay").click()
    expect(page.locator("#items")).to_contain_text("An answer without script.")
    page.locator("label", has_text="Note").click()
    page.locator("textarea[name=text]").fill("A note without script.")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".msg.note").last).to_contain_text("A note without script.")
    page.get_by_role("link", name="Close E").click()
    page.get_by_role("button", name="Card declined").click()
    ticket.refresh_from_db()
    assert (ticket.category, ticket.contact_reason.name) == ("closed", "Card declined")

    screen.open(f"/inbox/mine/{other.pk}/")
    page.get_by_role("link", name="Snooze H").click()
    page.get_by_role("button", name="Tomorrow").click()
    other.refresh_from_db()
    assert other.snoozed_until is not None


def test_a_phone_shows_list_ticket_and_customer_as_pages(visit: Visit, company):
    """U51."""
    screen = visit(company.maya, width=390)
    screen.open("/inbox/mine/")
    page = screen.page
    page.get_by_text("Card keeps getting declined").first.tap()
    expect(box(page)).to_be_visible()
    expect(page.locator("#tickets")).not_to_be_visible()

    page.get_by_role("link", name="Customer", exact=True).tap()
    expect(page.locator("#side")).to_be_visible()
    page.get_by_role("link", name="Back to the ticket").tap()
    expect(box(page)).to_be_visible()
    box(page).fill("From the train.")
    page.get_by_role("button", name="Send and close").tap()

    expect(page).not_to_have_url(re.compile(rf"/{company.declined.pk}/"))
    assert company.declined.messages.filter(author="agent").get().text == "From the train."


@pytest.mark.parametrize("path", ["/inbox/mine/", "/inbox/mine/{0}/", "/inbox/mine/{0}/customer/", "/quarantine/"])
def test_nothing_sticks_out_at_320_pixels(visit: Visit, company, path):
    """U46."""
    screen = visit(company.maya, width=320)

    screen.open(path.format(company.declined.pk))

    assert screen.sideways() == []
