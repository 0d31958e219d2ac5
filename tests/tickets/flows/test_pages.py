"""The pages of flows: the desk's, the settings', the customer's (D6, D8, D9, R71, R73, U27, U53)."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command

from accounts.actions.people import prove_address
from accounts.models import JournalEntry
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, make_staff, sign_in
from tests.factories.tickets import make_ticket
from tests.tickets.flows.conftest import again, at, work
from tickets.actions.flows import by_hand
from tickets.models import Case, CaseTask, Flow, FlowVersion, Note, Welcome

pytestmark = pytest.mark.django_db

EVIL = "<img src=x onerror=alert(1)>\x00"


@pytest.fixture
def proposal(staffed, customer) -> Case:
    ticket = make_ticket(requester=customer, subject="Robots for room 12", now=at(4, 9, 30))
    flow = Flow.objects.get(key="proposal")
    return by_hand.begin_by_hand(flow=flow, ticket=ticket, by=staffed["front-desk"], now=at(4, 10))


@pytest.fixture
def desk_of(client):
    def enter(person):
        sign_in(client, person)
        return client

    return enter


def post(client, address, **fields):
    return client.post(address, fields)


def test_a_case_is_begun_brought_on_and_lost_by_plain_forms(staffed, customer, desk_of):
    ticket = make_ticket(requester=customer, subject=EVIL, now=at(4, 9, 30))
    browser = desk_of(staffed["front-desk"])
    assert b"Begin" in browser.get(f"/desk/tickets/{ticket.pk}/flow/").content
    assert post(browser, f"/desk/tickets/{ticket.pk}/flow/", flow="proposal").status_code == 303
    again_said = post(browser, f"/desk/tickets/{ticket.pk}/flow/", flow="proposal")
    assert (again_said.status_code, b"runs here already" in again_said.content) == (422, True)
    case = Case.objects.get()

    listed = browser.get("/flows/", {"whose": "mine", "stage": "inquiry"}).content.decode()
    assert f"/flows/cases/{case.pk}/" in listed
    panel = browser.get(f"/desk/tickets/{ticket.pk}/process/").content.decode()
    assert "From inquiry to completed: Inquiry" in panel
    page = browser.get(f"/flows/cases/{case.pk}/").content.decode()
    assert "Inquiry is done" in page and "<img src=x" not in page
    assert post(browser, f"/flows/cases/{case.pk}/go-on/", visit=1).status_code == 302
    assert post(browser, f"/flows/cases/{case.pk}/go-on/", visit=2).status_code == 403, "the owner has it now"

    owner = desk_of(staffed["owner"])
    stale = post(owner, f"/flows/cases/{case.pk}/lost/", visit=1, reason="Too dear")
    assert (stale.status_code, b"moved on since you opened it" in stale.content) == (422, True)
    bare = post(owner, f"/flows/cases/{case.pk}/lost/", visit=2, reason=" ")
    assert (bare.status_code, b"Error: " in bare.content, b'aria-invalid="true"' in bare.content) == (422, True, True)
    assert owner.get(f"/flows/cases/{case.pk}/lost/").url == f"/flows/cases/{case.pk}/", "a refusal, loaded anew"
    assert post(owner, f"/flows/cases/{case.pk}/lost/", visit=2, reason=EVIL).status_code == 302
    ended = owner.get("/flows/?whose=ended").content.decode()
    assert "&lt;img" in ended and "<img src=x" not in ended


def test_a_date_that_is_missing_or_absurd_is_refused_beside_what_was_typed(proposal, staffed, desk_of, lead):
    for visit, role in ((1, "front-desk"), (2, "owner"), (3, "front-desk")):
        by_hand.go_on(case=proposal, visit=visit, by=staffed[role], now=at(4, 12))
    browser = desk_of(staffed["purchasing"])
    address = f"/flows/cases/{proposal.pk}/go-on/"

    for typed in ("", "soon", "0001-01-01", "9999-12-31"):
        answer = post(browser, address, visit=4, date=typed, words="Acme 5512")
        assert (answer.status_code, b"Acme 5512" in answer.content) == (422, True), typed
    assert again(proposal).visit == 4
    task = CaseTask.objects.get(case=proposal, visit=4, key="r1")
    assert post(browser, f"/flows/tasks/{task.pk}/done/", **{f"outcome-{task.pk}": EVIL}).status_code == 302
    assert "<img src=x" not in browser.get(f"/flows/cases/{proposal.pk}/").content.decode()
    for wrong in ("/flows/cases/0/", "/flows/cases/99999999999999999999/"):
        assert browser.get(wrong).status_code == 404
    assert post(browser, address, visit="9" * 40).status_code == 422
    assert browser.get("/flows/", {"flow": "\x00", "stage": "x" * 300, "whose": "nobody"}).status_code == 200


def test_only_staff_see_cases_and_observers_change_none(proposal, desk_of, customer, observer, django_client):
    assert django_client().get("/flows/").status_code in (302, 404)
    assert desk_of(customer).get(f"/flows/cases/{proposal.pk}/").status_code in (403, 404)
    watching = desk_of(observer)
    assert watching.get(f"/flows/cases/{proposal.pk}/").status_code == 200
    assert post(watching, f"/flows/cases/{proposal.pk}/go-on/", visit=1).status_code == 403


def test_D8_the_customers_page_shows_what_is_expected_and_no_word_of_staff(proposal, staffed, customer, desk_of):
    for visit, role in ((1, "front-desk"), (2, "owner"), (3, "front-desk")):
        by_hand.go_on(case=proposal, visit=visit, by=staffed[role], now=at(4, 12))
    by_hand.go_on(
        case=proposal, visit=4, by=staffed["purchasing"], date_on=date(2026, 5, 14), date_words="Acme, 5512",
        now=at(4, 13),
    )  # fmt: skip
    Note.objects.create(ticket=proposal.ticket, person=staffed["stores"], text="CANARY", created_at=at(4, 13))

    page = desk_of(customer).get(f"/tickets/{proposal.ticket_id}/").content.decode()

    assert "Parts ordered, expected 14 May 2026" in page
    for hidden in ("CANARY", "Acme", "Stores", "Purchasing", "Chase the supplier"):
        assert hidden not in page


def test_a_flow_is_written_checked_published_and_a_case_keeps_its_version(proposal, staffed, desk_of, lead):
    """D6; publish-time lint."""
    browser, flow = desk_of(lead), proposal.flow
    assert post(browser, f"/settings/flows/{flow.pk}/draft/").status_code == 302
    draft = FlowVersion.objects.get(flow=flow, published_at=None)
    assert [stage.key for stage in draft.stages.order_by("no")] == [
        stage.key for stage in proposal.version.stages.order_by("no")
    ]
    stage = draft.stages.get(no=1)
    address = f"/settings/flows/{flow.pk}/stages/{stage.pk}/"
    form = browser.get(address).context["form"]
    typed = {name: form[name].value() or "" for name in form.fields if form[name].value() is not False}
    typed |= {"reminder_rows": "0", "do": "save"}
    assert post(browser, address, **typed | {"due_minutes": "soon"}).status_code == 422
    more = post(browser, address, **typed | {"do": "more"})
    assert (more.status_code, b"Reminder 1" in more.content) == (200, True)
    wrong = {"words": "Dear {nobody_knows}", "due_minutes": "", "owner_role": "", "exit_on": "field_set"}
    assert post(browser, address, **typed | wrong).status_code == 302

    refused = post(browser, f"/settings/flows/{flow.pk}/publish/").content.decode()

    for words in ("choose the role that owns it", "say when it is due", "nobody knows what {nobody_knows} stands for",
                  "say what the date is that ends it"):  # fmt: skip
        assert f"Stage 1, Inquiry: {words}" in refused
    reminder = {
        "reminder_rows": "1", "r0_sort": "task", "r0_after": "2 h", "r0_from": "entry", "r0_words": "Look at it",
    }  # fmt: skip
    assert post(browser, address, **typed | reminder).status_code == 302
    assert post(browser, f"/settings/flows/{flow.pk}/stages/{stage.pk}/move/", to="down").status_code == 302
    assert [one.name for one in draft.stages.order_by("no")][:2] == ["Estimate sent", "Inquiry"]
    assert post(browser, f"/settings/flows/{flow.pk}/publish/").status_code == 302

    flow.refresh_from_db()
    assert (flow.published_id, again(proposal).version_id) == (draft.pk, proposal.version_id)
    assert browser.get(address).status_code == 404, "what is published is changed in a draft"
    assert JournalEntry.objects.filter(action="tickets.publish_flow", by=lead).count() == 1
    assert post(desk_of(staffed["owner"]), f"/settings/flows/{flow.pk}/draft/").status_code == 403


def test_a_role_without_active_people_is_said_before_publishing(desk_of, lead):
    flow = Flow.objects.get(key="onboarding")
    browser = desk_of(lead)
    post(browser, f"/settings/flows/{flow.pk}/draft/")

    page = post(browser, f"/settings/flows/{flow.pk}/publish/")

    assert page.status_code == 422
    assert "Stage 2, Tasks received: nobody active is in Project manager" in page.content.decode()
    assert FlowVersion.objects.filter(flow=flow, published_at=None).exists()


def test_R73_a_dry_run_lists_dates_on_the_page_and_at_the_command_line(staffed, desk_of, lead, capsys):
    flow = Flow.objects.get(key="onboarding")
    page = desk_of(lead).get(f"/settings/flows/{flow.pk}/dry-run/", {"at": "2026-03-06T16:00"}).content.decode()
    assert "Mon 9 March 2026, 16:00" in page
    assert desk_of(lead).get(f"/settings/flows/{flow.pk}/dry-run/", {"at": "yesterday\x00"}).status_code == 200

    call_command("dry_run_flow", "onboarding", "--at", "2026-03-06T16:00")

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Onboarding, version 1. Times of UTC."
    mail = "Mon 9 Mar 2026 16:00  Order paid: Mail: Your order {order_number} is paid"
    assert any(line.startswith(mail) and line.endswith(" [Customer]") for line in lines)
    assert OutgoingMail.objects.count() == 0
    with pytest.raises(CommandError, match="Known are: onboarding, proposal"):
        call_command("dry_run_flow", "nothing")


def test_R71_one_welcome_within_a_minute_of_an_account_and_none_for_staff(staffed, desk_of, lead):
    for _ in range(3):
        person = prove_address(email="new@school.example", name="Noor Haddad", now=at(4, 10))
    staff = make_staff(email="colleague@desk.example")
    prove_address(email=staff.email, now=at(4, 10))
    make_person(email="wrote@school.example", verified=False)
    work(at(4, 10, 1))
    work(at(5, 10))

    (mail,) = OutgoingMail.objects.filter(subject__startswith="Welcome")
    assert (mail.to_address, mail.created_at) == (person.email, at(4, 10, 1))
    assert "Hello Noor," in mail.text and "A person reads it." in mail.text

    browser = desk_of(lead)
    typed = {"subject": "Hello {order_number}", "words": "Hello", "is_enabled": "on"}
    assert post(browser, "/settings/flows/welcome/", **typed).status_code == 422
    assert post(browser, "/settings/flows/welcome/", subject="Hello", words="Good to see you").status_code == 302
    assert Welcome.objects.get().is_enabled is False
    prove_address(email="other@school.example", now=at(5, 10))
    work(at(5, 10, 1))
    assert OutgoingMail.objects.filter(to_address="other@school.example").count() == 0


def test_pages_ask_as_often_for_ten_cases_as_for_one(staffed, desk_of, lead, django_assert_num_queries):
    flow, browser = Flow.objects.get(key="proposal"), desk_of(lead)

    def begin() -> Case:
        ticket = make_ticket(requester=make_person(), now=at(4, 9))
        return by_hand.begin_by_hand(flow=flow, ticket=ticket, by=lead, now=at(4, 10))

    begin()
    browser.get("/flows/")
    with django_assert_num_queries(10):
        browser.get("/flows/")
    for _ in range(5):
        begin()
    with django_assert_num_queries(10):
        browser.get("/flows/")
