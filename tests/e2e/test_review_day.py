"""From a customer's upload to the refund on their account, with the keys on the screen alone (R33, U31 to U37)."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.choices import Role
from accounts.models import Person
from billing.models import CreditRequest, Customer, Invoice, Refund
from selfservice.actions import review
from selfservice.choices import DecisionState
from selfservice.models import Decision, ReviewSession
from tests.billing.file_samples import PDF
from tests.billing.money import make_open_invoice, pay_with, work
from tests.e2e.conftest import Screen, Visit
from tests.factories.accounts import make_member, make_organisation, make_staff
from tests.factories.billing import make_customer, make_seller, make_tax
from tests.factories.tickets import make_mailbox, make_ticket
from tests.selfservice.reviews import let_pass, make_certificate, make_credit, make_refund, set_up_review

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FORM = {"name": "exempt-2027.pdf", "mimeType": "application/pdf", "buffer": PDF}
MOST_PRESSES = 2


@pytest.fixture
def ruth(transactional_db) -> Person:
    """The reviewer of a company that sells."""
    make_mailbox(address="support@desk.example", name="Example Robotics")
    make_seller()
    set_up_review()
    make_tax(57_500, "Ohio sales tax")
    return make_staff(Role.REVIEWER, name="Ruth Abramson", email="ruth@desk.example")


@pytest.fixture
def dana(ruth) -> Person:
    """Who buys for a school in Ohio, and has paid $640.00 by card."""
    school = make_organisation(name="Lakeview School District")
    customer = make_customer(organisation=school, name="Lakeview School District", region="OH")
    person = make_member(organisation=school, email="dana@lakeview.example", name="Dana Whitfield")
    pay_with(make_open_invoice(amount=64_000, customer=customer))
    return person


def item(page: Page, words: str) -> None:
    """Wait until this is what has to be decided."""
    expect(page.locator("#item-h")).to_contain_text(words)


def test_R33_from_the_upload_to_the_refund_on_the_account_with_keys_alone(visit: Visit, dana, ruth):
    """The customer asks on their account; the reviewer presses G R, then two keys at most for each."""
    theirs = visit(dana)
    asks(theirs, Invoice.objects.get())
    make_credit(200_000, Customer.objects.get(), by=dana)
    make_ticket(requester=dana, subject="Board arrived cracked")

    desk = visit(ruth)
    desk.open("/inbox/")
    desk.page.keyboard.press("g")
    desk.page.keyboard.press("r")
    page = desk.page
    item(page, "Lakeview School District")
    expect(page.get_by_role("button", name=re.compile("Approve"))).to_be_visible()
    credit = CreditRequest.objects.get()
    assert credit.number in page.locator("main").inner_text()
    page.keyboard.press("e")
    page.keyboard.type("1500")
    expect(page.get_by_role("button", name=re.compile(r"Approve \$1,500\.00"))).to_be_visible()
    expect(page.locator("#effects")).to_contain_text("$1,500.00")
    page.keyboard.press("Enter")

    item(page, "pays no tax in Ohio")
    page.keyboard.press("r")
    expect(page.get_by_role("dialog")).to_contain_text("Dana Whitfield reads this reason")
    page.keyboard.press("6")
    expect(page.locator("#own-words")).to_be_focused()
    page.keyboard.type("The form is for another state.")
    page.keyboard.press("Enter")
    item(page, "asks for $320.00")
    assert Decision.objects.get(kind="tax").reason == "The form is for another state."
    expect(page.get_by_role("link", name=re.compile("connector.png"))).to_be_visible()
    page.keyboard.press("z")
    item(page, "pays no tax in Ohio")
    page.keyboard.press("a")
    item(page, "asks for $320.00")
    expect(page.locator("#effects")).to_contain_text(re.compile(r"Ticket #\d+ gets a note"))
    page.keyboard.press("a")

    expect(page.get_by_role("heading", name="That was everything")).to_be_visible()
    assert Refund.objects.count() == 0, "the money leaves after the half minute"
    let_pass()
    work()
    work(minutes=1)
    assert {one.state for one in Decision.objects.exclude(state=DecisionState.UNDONE)} == {DecisionState.DONE}
    reads_it(theirs)


def asks(screen: Screen, invoice: Invoice) -> None:
    """An exemption for Ohio, and $320.00 back with a photo."""
    page = screen.page
    screen.open("/account/certificates/new/")
    page.get_by_label("Certificate", exact=True).set_input_files([FORM])
    page.get_by_label("State or province").select_option("US-OH")
    page.get_by_label("Number of the exemption").fill("OH 12-345")
    page.get_by_role("button", name="Upload and apply now").click()
    expect(page.get_by_text("Active now").first).to_be_visible()
    screen.open(f"/account/invoices/{invoice.number}/refund/")
    page.get_by_label("Arrived damaged or faulty").check()
    page.get_by_label("An amount").check()
    page.get_by_label("Amount", exact=True).fill("320.00")
    page.get_by_label("Anything that helps us decide (optional)").fill("One of the two has a cracked connector.")
    photo = {"name": "connector.png", "mimeType": "image/png", "buffer": PHOTO}
    page.get_by_label("Photos or PDFs (optional)").set_input_files([photo])
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_text(re.compile("R-[0-9]+")).first).to_be_visible()


def reads_it(screen: Screen) -> None:
    """What became of it stands on the account, in words."""
    page = screen.page
    screen.open("/account/refunds/")
    expect(page.locator("main")).to_contain_text("$320.00")
    expect(page.locator("main")).to_contain_text(re.compile("Refunded|Sent|sent"))
    screen.open("/account/")
    expect(page.locator("main")).to_contain_text("$1,500.00")


PHOTO = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)


def test_U31_thirty_mixed_items_are_cleared_with_two_presses_each(visit: Visit, ruth):
    """In the order credit, tax, refunds; the next one stands before anybody could press again."""
    for _ in range(9):
        make_credit(100_000)
    for region in ("OH", "TX", "NY", "CA", "FL", "WA", "VT", "ME"):
        make_certificate(region=region)
    for _ in range(13):
        make_refund(10_000)
    history(ruth, 5_000)
    screen = visit(ruth)
    page, presses, painted = screen.page, 0, []
    screen.open("/review/")
    page.evaluate(WATCH)

    for number in range(30):
        before = page.locator("#decide").get_attribute("action")
        # Policy suggests no limit to who bought nothing yet: 1 is "as asked".
        keys = ("r", "1") if number % 5 == 4 else ("1", "a") if number < 9 else ("a",)
        for key in keys:
            page.keyboard.press(key)
        presses += len(keys)
        page.wait_for_function(GONE, arg=before)
        painted.append(page.evaluate("window.painted"))

    expect(page.get_by_role("heading", name="That was everything")).to_be_visible()
    made = list(Decision.objects.exclude(key__startswith="old").order_by("pk").values_list("kind", flat=True))
    assert made == ["credit"] * 9 + ["tax"] * 8 + ["refund"] * 13
    assert presses <= 30 * MOST_PRESSES
    assert max(painted) < 15_000, "a slow machine; how fast it is, `make bench` says"
    screen.picture("review-end-1440-light")


# How long after a key was pressed the next item stood: measured by the page itself.
WATCH = """() => { let since = 0;
  document.addEventListener('keydown', (event) => { since = event.timeStamp; }, true);
  document.addEventListener('htmx:afterSettle', (event) => { if (event.detail.target?.id === 'review')
    requestAnimationFrame(() => { window.painted = performance.now() - since; }); }); }"""
GONE = "before => document.querySelector('#decide')?.getAttribute('action') !== before"


def history(by: Person, count: int) -> None:
    """What was decided in the last months."""
    then = timezone.now() - timedelta(days=40)
    session = ReviewSession.objects.create(person=by, day=then.date(), started_at=then, last_seen_at=then)
    Decision.objects.bulk_create(
        Decision(
            key=f"old{number}", kind="refund", subject=10**6 + number, number=f"R-{number}", who="Somebody",
            verdict="approve", amount=1, session=session, by=by, decided_at=then, state=DecisionState.DONE,
            carry_out_at=then, done_at=then,
        )
        for number in range(count)
    )  # fmt: skip


def above_the_threshold() -> None:
    """A colleague approved what two people decide."""
    otis = make_staff(Role.REVIEWER, name="Otis Other", email="otis@desk.example")
    review.decide(
        kind="refund", subject=make_refund(200_000).pk, verdict="approve", amount=200_000, valid_until=None, reason="",
        by=otis, key="page-of-a-colleague", now=timezone.now(),
    )  # fmt: skip


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_every_screen_of_the_review_in_four_looks(visit: Visit, dana, ruth, width, scheme):
    make_credit(200_000, Customer.objects.get(), by=dana)
    make_certificate(Customer.objects.get(), by=dana)
    make_refund(10_000)
    above_the_threshold()
    make_ticket(requester=dana, subject="Board arrived cracked")
    screen = visit(ruth, width=width, scheme=scheme)
    page = screen.page
    screen.open("/review/")
    for kind in ("credit", "tax", "refund"):
        expect(page.locator(f'#decide[action^="/review/{kind}/"]')).to_be_visible()
        look(screen, f"review-{kind}-{width}-{scheme}")
        if kind == "credit":
            page.locator("#reject-link").click()
            expect(page.get_by_role("dialog")).to_be_visible()
            look(screen, f"review-reject-{width}-{scheme}")
            page.get_by_label(re.compile("Write my own")).check()
            page.get_by_role("button", name=re.compile("Reject and next")).click()
            expect(page.get_by_role("alert")).to_contain_text("Say why")
            expect(page.locator("#own-words")).to_be_focused()
            look(screen, f"review-refused-{width}-{scheme}")
            page.keyboard.press("Escape")
            page.locator("[form=decide]").click()
            expect(page.get_by_role("alert")).to_contain_text("Enter an amount above zero.")
            page.locator("#amount").fill("2000")
        if kind == "refund":
            page.locator("#amount").fill("900")
            page.locator("[form=decide]").click()
            expect(page.get_by_role("alert")).to_contain_text("Enter at most $100.00.")
            expect(page.locator("#amount")).to_have_value("900")
            look(screen, f"review-too-much-{width}-{scheme}")
            page.locator("#amount").fill("100")
        page.locator("[form=decide]").click()
    expect(page.locator("main")).to_contain_text("Otis Other approved $2,000.00.")
    look(screen, f"review-second-{width}-{scheme}")
    page.get_by_role("button", name="Agree to $2,000.00").click()
    expect(page.get_by_role("heading", name="That was everything")).to_be_focused()
    look(screen, f"review-end-{width}-{scheme}")
    admin = visit(make_staff(Role.ADMIN), width=width, scheme=scheme)
    admin.open("/settings/review/")
    look(admin, f"review-settings-{width}-{scheme}")


def test_U53_without_script_it_is_decided_by_plain_forms(visit: Visit, ruth):
    first, second = make_refund(10_000), make_refund(10_000)
    screen = visit(ruth, script=False)
    page = screen.page
    screen.open("/review/")

    page.get_by_role("button", name="Skip").click()
    expect(page.locator("main")).to_contain_text(second.number)
    page.locator("#amount").fill("25")
    page.get_by_role("button", name=re.compile("Refund")).click()
    expect(page.locator("main")).to_contain_text(first.number)
    page.get_by_role("button", name="Undo last").click()
    expect(page.locator("main")).to_contain_text(second.number)
    page.get_by_role("link", name="Reject").click()
    page.get_by_label("Write my own").check()
    page.get_by_role("button", name="Reject and next").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    page.get_by_label("Write my own").check()
    page.get_by_label("In your words").fill("It works for us.")
    page.get_by_role("button", name="Reject and next").click()
    expect(page.locator("main")).to_contain_text(first.number)
    let_pass()

    second.refresh_from_db()
    assert (second.state, second.reason) == ("rejected", "It works for us.")


def look(screen: Screen, name: str) -> None:
    screen.picture(name, full_page=True)
    assert (screen.axe(), screen.sideways()) == ([], []), name
