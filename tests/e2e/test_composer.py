"""Writing with one's hands: nothing is lost, nothing is sent twice, and the mouse is never needed."""

import os
import re
import signal
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Person
from mail.actions import deliver
from mail.models import OutgoingMail
from tests.browser import ARGUMENTS, CHROMIUM
from tests.e2e.conftest import Visit, _cookie
from tests.e2e.hands import box, listening, writes
from tests.factories.tickets import make_ticket
from tickets.actions import assign, note
from tickets.models import Attachment, Draft, Message, ReplyTemplate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PASTE = """([data, name]) => { const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const carried = new DataTransfer(); carried.items.add(new File([bytes], name, {type: "image/png"}));
  const area = document.querySelector("#composer textarea"); area.focus();
  area.dispatchEvent(new ClipboardEvent("paste", {clipboardData: carried, bubbles: true, cancelable: true})); }"""


def saved(page: Page) -> None:
    expect(page.locator("[data-saved]")).to_contain_text("Draft saved")


def kill_browser_of(folder: str) -> None:
    """End the browser that keeps its profile in `folder`, as by kill -9 or a power cut."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = f"--user-data-dir={folder}".encode() in (process / "cmdline").read_bytes()
        except OSError:
            continue
        if is_ours:
            os.kill(int(process.name), signal.SIGKILL)


def test_U5_a_draft_outlives_its_browser_and_a_new_message(visit: Visit, company, chromium, address):
    ticket = company.declined
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        doomed = chromium.browser_type.launch_persistent_context(
            folder, executable_path=str(CHROMIUM), headless=True, args=ARGUMENTS
        )
        doomed.add_cookies([_cookie(company.maya, address)])
        page = doomed.new_page()
        page.goto(f"{address}/inbox/mine/{ticket.pk}/")
        box(page).press_sequentially("Dear Dana, this took me an hour")
        page.wait_for_timeout(2000)  # the promise is two seconds
        kill_browser_of(folder)
    writes(ticket, "Are you still there?")

    other = visit(company.maya)
    other.open(f"/inbox/mine/{ticket.pk}/")

    expect(box(other.page)).to_have_value("Dear Dana, this took me an hour")
    expect(other.page.locator("#items")).to_contain_text("Are you still there?")
    expect(other.page.locator(f"#tk-{ticket.pk}")).to_contain_text("Draft")
    other.open("/inbox/drafts/")
    expect(other.page.locator("#tickets a[data-ticket]")).to_have_count(1)
    box_of_colleague = visit(company.priya)
    box_of_colleague.open(f"/inbox/all/{ticket.pk}/")
    expect(box(box_of_colleague.page)).to_have_value("")


def test_two_windows_never_overwrite_each_other_and_both_keep_their_words(visit: Visit, company):
    first, second = visit(company.maya), visit(company.maya)
    for screen in (first, second):
        screen.open(f"/inbox/mine/{company.declined.pk}/")
    box(first.page).press_sequentially("From the office")
    saved(first.page)

    box(second.page).press_sequentially("From the train")

    clash = second.page.locator("[data-clash]")
    expect(clash).to_contain_text("You wrote on this ticket in another window. Your words are still here.")
    assert second.axe() == []
    expect(box(second.page)).to_have_value("From the train")
    assert Draft.objects.get().text == "From the office"
    clash.get_by_role("button", name="Add the other words below").click()
    expect(box(second.page)).to_have_value("From the train\n\nFrom the office")
    expect(box(second.page)).to_be_focused()
    saved(second.page)
    assert Draft.objects.get().text == "From the train\n\nFrom the office"


def test_words_that_were_typed_offline_reach_the_desk_later(visit: Visit, company):
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{company.declined.pk}/")
    page = screen.page
    page.route("**/draft/", lambda route: route.abort())
    box(page).press_sequentially("In a tunnel")
    expect(page.locator("[data-saved]")).to_contain_text("Kept in this browser until the desk answers")
    assert not Draft.objects.exists()
    screen.failures.clear()  # the browser's own word for the request that we cut

    page.unroute("**/draft/")
    page.reload()

    expect(box(page)).to_have_value("In a tunnel")
    saved(page)
    assert Draft.objects.get().text == "In a tunnel"
    assert page.evaluate("Object.keys(localStorage).filter((one) => one.startsWith('draft:')).length") == 0
    screen.failures.clear()


def test_U9_semicolon_two_letters_and_enter_insert_a_saved_reply_and_a_gap_blocks_the_send(visit: Visit, company):
    ReplyTemplate.objects.create(name="Zebra", body="Hi {customer_first_name} of {organisation}, zebra.\n")
    lone = make_ticket(subject="From nobody we know", mailbox=company.mailbox)
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{company.declined.pk}/")
    page = screen.page
    box(page).focus()

    page.keyboard.type(";ze")
    page.keyboard.press("Enter")
    expect(box(page)).to_have_value("Hi Dana of Lakeview School District, zebra.\n")

    screen.open(f"/inbox/unassigned/{lone.pk}/")
    box(page).focus()
    page.keyboard.type(";w8")
    expect(page.locator("#offers [aria-selected=true]")).to_contain_text("W-8 is on your invoice")
    expect(page.locator("[data-preview]")).to_contain_text("the signed W-8BEN-E")
    assert screen.axe() == []
    page.keyboard.press("Escape")
    expect(page.locator("#offers-box")).not_to_be_visible()
    expect(box(page)).to_be_focused()
    box(page).fill("")
    page.keyboard.type(";ze")
    page.keyboard.press("Enter")
    expect(box(page)).to_have_value(re.compile(r"of \[organisation\?\], zebra"))
    assert page.evaluate("getSelection().toString()") in ("[customer_first_name?]", "[organisation?]")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".errsum")).to_contain_text("has no value on this ticket. Write what belongs there")
    assert not OutgoingMail.objects.filter(kind="reply").exists()


def test_U3_ten_tickets_without_a_mouse_and_with_five_keys_each(visit: Visit, company):
    """And U1 ten times over: sent, closed, and the next one open with the cursor in it."""
    for number in range(8):
        ticket = make_ticket(requester=company.dana, subject=f"Question {number}", mailbox=company.mailbox)
        assign.assign(ticket=ticket, to=company.maya, by=company.maya, now=timezone.now())
    screen = visit(company.maya)
    screen.open("/inbox/mine/")
    page = screen.page
    page.evaluate("window.mice = 0; addEventListener('mousedown', () => { window.mice += 1 }, true)")
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(r"/inbox/mine/\d+/"))
    page.keyboard.press("r")

    done: list[str] = []
    for _ in range(10):
        area = box(page)
        expect(area).to_be_focused()
        number = page.locator("#conversation").get_attribute("data-ticket")
        for key in (";", "w", "8", "Enter"):
            page.keyboard.press(key)
        expect(area).to_have_value(re.compile("the signed W-8BEN-E"))
        page.keyboard.press("Control+Enter")
        expect(page.locator("#conversation")).not_to_have_attribute("data-ticket", number or "")
        done.append(number or "")

    assert len(set(done)) == 10
    assert page.evaluate("window.mice") == 0
    assert Message.objects.filter(author="agent", ticket__category="closed").count() == 10


def test_U4_z_on_any_page_brings_the_reply_back_as_the_draft_with_its_file(visit: Visit, company):
    Person.objects.filter(pk=company.maya.pk).update(undo_send_seconds=30)
    ticket = company.others[0]
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{ticket.pk}/")
    page = screen.page
    page.locator("#id_files").set_input_files({"name": "list.txt", "mimeType": "text/plain", "buffer": b"one"})
    expect(page.locator("[data-kept] li")).to_contain_text("list.txt")
    box(page).fill("It leaves today.")
    box(page).press("Control+Enter")
    expect(page).not_to_have_url(re.compile(rf"/{ticket.pk}/"))
    screen.open("/quarantine/")

    page.keyboard.press("z")

    expect(page).to_have_url(re.compile(rf"/inbox/mine/{ticket.pk}/"))
    expect(box(page)).to_have_value("It leaves today.")
    expect(box(page)).to_be_focused()
    expect(page.locator("[data-kept] li")).to_contain_text("list.txt")
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {"cancelled"}
    assert deliver.due_ids(now=timezone.now() + timedelta(hours=1), limit=9) == []
    box(page).press("Control+Enter")
    expect(page).not_to_have_url(re.compile(rf"/{ticket.pk}/"))
    left = OutgoingMail.objects.get(state="queued")
    assert [one.name for one in left.attachments.all()] == ["list.txt"]
    assert deliver.due_ids(now=timezone.now() + timedelta(seconds=31), limit=9) == [left.pk]


def test_U6_a_colleagues_note_stops_the_send_and_one_key_sends_it_anyway(visit: Visit, company):
    ticket = company.declined
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{ticket.pk}/")
    page = screen.page
    box(page).fill("My answer.")
    note.add_note(ticket=ticket, by=company.priya, text="Wait, legal looks at it.", now=timezone.now())

    box(page).press("Control+Enter")

    expect(page.locator(".stopped")).to_contain_text("Wait, legal looks at it.")
    expect(box(page)).to_have_value("My answer.")
    assert not ticket.messages.filter(author="agent").exists()
    assert screen.axe() == []
    page.keyboard.press("Enter")
    expect(page.locator(".stopped")).to_have_count(0)
    assert ticket.messages.filter(author="agent").get().text == "My answer."
    assert not Draft.objects.exists()


def test_a_pasted_picture_stands_in_the_words_and_in_the_mail(visit: Visit, company):
    ticket = company.declined
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{ticket.pk}/")
    page = screen.page
    box(page).fill("Press here:")

    page.evaluate(PASTE, [PICTURE, "image.png"])
    expect(box(page)).to_have_value("Press here:\n[image: image.png]\n")
    page.evaluate(PASTE, [PICTURE, "image.png"])
    expect(box(page)).to_have_value(re.compile(r"\[image: image-2.png\]"))
    page.get_by_role("button", name="Remove image-2.png").click()
    expect(box(page)).not_to_have_value(re.compile("image-2"))
    saved(page)
    page.reload()
    expect(page.locator("[data-kept] li")).to_have_count(1)
    box(page).press("Control+Shift+Enter")

    shown = page.locator(".msg.agent .picture img")
    expect(shown).to_be_visible()
    assert shown.evaluate("one => one.decode().then(() => one.naturalWidth)") == 1
    mail = OutgoingMail.objects.get(kind="reply")
    kept = Attachment.objects.get(message__ticket=ticket)
    assert f"cid:{kept.content_id}" in mail.html


def test_at_and_a_name_call_a_colleague_who_finds_it_under_mentions(visit: Visit, company):
    ticket = company.declined
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{ticket.pk}/")
    page = screen.page
    page.keyboard.press("n")
    page.keyboard.type("Is that ours, @pri")
    expect(page.locator("#offers [aria-selected=true]")).to_contain_text("Priya Raman")
    page.keyboard.press("Enter")
    page.keyboard.type("?")
    expect(box(page)).to_have_value("Is that ours, @Priya Raman ?")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".msg.note .mention").last).to_have_text("@Priya Raman")

    other = visit(company.priya)
    other.open("/inbox/mentions/")
    other.page.locator("#tickets a[data-ticket]").click()
    expect(other.page.locator(".msg.note").last).to_contain_text("Is that ours")
    with other.page.expect_response(re.compile("/seen/")):
        pass
    other.open("/inbox/mentions/")
    expect(other.page.locator("#tickets a[data-ticket]")).to_have_count(0)


def test_a_reply_leaves_later_says_when_and_comes_back_when_the_customer_writes(visit: Visit, company):
    ticket = company.declined
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{ticket.pk}/")
    page = screen.page
    box(page).fill("Good morning, Dana.")
    page.get_by_label("More ways to send").click()
    page.get_by_label("Another time").fill("someday")
    page.keyboard.press("Enter")
    expect(page.locator(".errsum")).to_contain_text("Write the time like")
    expect(box(page)).to_have_value("Good morning, Dana.")
    page.get_by_label("Another time").fill("tomorrow 9:00")
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile(rf"/{ticket.pk}/"))

    screen.open(f"/inbox/snoozed/{ticket.pk}/")
    listening(page)
    expect(page.locator(".msg.agent").last).to_contain_text("09:00")
    expect(page.locator("#outbox [data-strip]")).to_have_count(0)
    writes(ticket, "Never mind, it worked!")

    expect(page.locator("#items")).to_contain_text("Never mind, it worked!")
    page.reload()
    expect(box(page)).to_have_value("Good morning, Dana.")
    expect(page.locator(".cameback")).to_contain_text("wrote before this reply left, so it was stopped")
    assert set(OutgoingMail.objects.filter(kind="reply").values_list("state", flat=True)) == {"cancelled"}


def test_U53_drafts_saved_replies_files_and_recipients_work_without_script(visit: Visit, company):
    ticket = company.declined
    screen = visit(company.maya, script=False)
    page = screen.page
    screen.open(f"/inbox/mine/{ticket.pk}/")

    box(page).fill("Half a thought")
    page.locator(".extras summary").click()
    page.locator("#id_files").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"one"})
    page.locator("#id_to").fill("nobody")
    page.get_by_role("button", name="Send and close").click()
    expect(page.locator(".errsum")).to_contain_text("“nobody” is not a mail address")
    expect(page.locator("[data-kept] li")).to_contain_text("a.txt")
    page.locator("#id_to").fill("head@lakeview.example")
    page.get_by_role("button", name="Saved reply").click()
    page.get_by_role("button", name="Use “Ask the bank to allow us”").click()
    expect(box(page)).to_have_value(re.compile(r"^Half a thought\n\nHi Dana,"))
    expect(page.locator("#id_to")).to_have_value("head@lakeview.example")
    page.get_by_role("button", name="Keep as draft").click()
    expect(page.locator("#main")).to_contain_text("Your words are kept as a draft.")
    page.get_by_role("button", name="Remove a.txt").click()
    expect(page.locator("[data-kept] li")).to_have_count(0)
    page.get_by_role("button", name="Send and close").click()

    message = ticket.messages.get(author="agent")
    assert [one["email"] for one in message.to_line] == ["head@lakeview.example"]
    assert message.text.startswith("Half a thought\n\nHi Dana,")
    assert not Draft.objects.exists()


def test_sending_again_after_an_answer_that_was_lost_sends_once(visit: Visit, company):
    ticket = company.others[0]
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{ticket.pk}/")
    page = screen.page
    box(page).fill("It leaves today.")

    def lose(route) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    page.route("**/write/**", lose)
    box(page).press("Control+Enter")
    expect(page.locator("#trouble")).to_contain_text("cannot be reached")
    screen.failures.clear()
    page.unroute("**/write/**")
    assert ticket.messages.filter(author="agent").count() == 1

    box(page).press("Control+Enter")

    expect(page).not_to_have_url(re.compile(rf"/{ticket.pk}/"))
    assert ticket.messages.filter(author="agent").count() == 1
    assert OutgoingMail.objects.filter(kind="reply").count() == 1
