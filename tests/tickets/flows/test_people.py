"""What people do to cases, what customers see of them, and what is counted (D6 to D10, R43, R48, R49, R77, R78)."""

from datetime import date

import pytest
from django.db import transaction

from accounts.access import NotAllowed
from accounts.actions.people import deactivate_person
from accounts.models import JournalEntry
from knowledgebase.choices import ArticleKind
from mail.files import add_row, write
from mail.models import OutgoingMail
from tests.factories.accounts import make_person
from tests.factories.knowledgebase import make_article
from tests.factories.tickets import make_ticket
from tests.tickets.flows.conftest import again, at, left, tasks, work
from tickets import flow_tracker
from tickets.actions import intake
from tickets.actions.attach import Upload
from tickets.actions.flows import by_hand, owners
from tickets.actions.flows.by_hand import CannotDecline, CannotMove, MovedOn
from tickets.choices import Author
from tickets.flow_choices import CaseState, How
from tickets.models import Case, CaseTask, CaseVisit, Flow, Message, Note, TicketEvent
from tickets.queries_desk import cases
from timers.models import Timer

pytestmark = pytest.mark.django_db

DECLINE = """Hello {customer_first_name},

this is beyond what we do. You have these ways to get it:

{alternatives}
"""


@pytest.fixture
def proposal(staffed, customer) -> Case:
    """An inquiry, begun by the front desk on Wednesday at ten."""
    return inquired(staffed, customer)


def inquired(staffed, customer) -> Case:
    ticket = make_ticket(requester=customer, subject="Robots for room 12", now=at(4, 9, 30))
    flow = Flow.objects.get(key="proposal")
    return by_hand.begin_by_hand(flow=flow, ticket=ticket, by=staffed["front-desk"], now=at(4, 10))


def go_on(case, by, now, **more) -> Case:
    return by_hand.go_on(case=case, visit=again(case).visit, by=by, now=now, **more)


def purchase_order(now) -> Upload:
    content = b"%PDF-1.4 order"
    file = add_row(written=write(content), content_type="application/pdf", now=now)
    return Upload(file=file, name="PO-77.pdf", content_type="application/pdf", size=len(content))


def at_parts_ordered(case, staffed, customer) -> Case:
    go_on(case, staffed["front-desk"], at(4, 11))
    go_on(case, staffed["owner"], at(4, 12))
    intake.add_customer_message(
        ticket=case.ticket, person=customer, text="Here it is.", channel="web", attachments=[purchase_order(at(5, 9))],
        now=at(5, 9),
    )  # fmt: skip
    return again(case)


def test_R68_R78_D8_from_the_inquiry_to_the_survey_and_what_the_customer_reads_on_the_way(proposal, staffed, customer):
    case = at_parts_ordered(proposal, staffed, customer)
    assert (case.stage.key, case.due_at) == ("parts-ordered", at(5, 17)), "a file ended the stage that waits for one"
    with pytest.raises(CannotMove, match="Enter the supplier's date"):
        go_on(case, staffed["purchasing"], at(5, 10))

    go_on(case, staffed["purchasing"], at(5, 10), date_on=date(2026, 3, 13), date_words="Acme, order 5512")
    Note.objects.create(ticket=case.ticket, person=staffed["stores"], text="Acme is slow", created_at=at(5, 10))

    case = again(case)
    assert (case.stage.key, case.role.key, case.due_at) == ("parts-received", "stores", at(16, 17))
    (tracker,) = flow_tracker.of_ticket(case.ticket)
    assert tracker.headline == "Parts ordered, expected 13 March 2026"
    assert [(one.label, one.state, one.date_on) for one in tracker.stages[3:5]] == [
        ("Parts ordered", "done", date(2026, 3, 13)), ("Parts received", "now", None)
    ]  # fmt: skip
    assert "Acme" not in repr(tracker)

    left(at(5, 11))
    work(at(16, 17, 5))  # a day after the date, at closing time
    assert ("Chase the supplier, and enter the new date in a note", "purchasing") in [one[:2] for one in tasks(case)]
    by_hand.change_date(
        case=case, visit=case.visit, date_on=date(2026, 3, 18), date_words="", by=staffed["stores"], now=at(17, 9)
    )
    assert flow_tracker.of_ticket(case.ticket)[0].headline == "Parts ordered, expected 18 March 2026"
    go_on(case, staffed["stores"], at(18, 10))
    go_on(case, staffed["dispatcher"], at(18, 11), date_on=date(2026, 3, 20))
    assert again(case).due_at == at(20, 17), "the same day"
    go_on(case, staffed["technician"], at(20, 15))
    left(at(20, 15))
    work(at(23, 14, 59))
    before = Message.objects.filter(ticket=case.ticket, author=Author.SYSTEM).count()
    work(at(23, 15))
    last = Message.objects.filter(ticket=case.ticket, author=Author.SYSTEM).order_by("-pk")
    assert (last.count(), "How did it go?" in last[0].text) == (before + 1, True)
    assert flow_tracker.of_ticket(case.ticket)[0].headline == "Everything is done."


def test_R77_the_assistant_calls_after_16_hours_mails_after_40_and_80_lose_it_with_a_reason(proposal, staffed):
    go_on(proposal, staffed["front-desk"], at(4, 10))
    left(at(4, 10))
    work(at(6, 10))
    assert tasks(proposal) == [("Call the customer: what would they change in the estimate?", "assistant", at(9, 10))]
    work(at(11, 10))
    work(at(18, 9, 59))
    assert again(proposal).is_live
    work(at(18, 10))

    case = again(proposal)
    assert (case.state, case.reason) == (CaseState.LOST, "No answer to the estimate")
    assert [one.sort for one in case.follow_ups.all()] == ["mail"]
    assert CaseTask.objects.filter(case=case, done_at=None, dropped_at=None).count() == 0


def test_an_answer_to_an_estimate_stops_the_asking_and_a_person_reads_it(proposal, staffed, customer):
    go_on(proposal, staffed["front-desk"], at(4, 10))
    intake.add_customer_message(ticket=proposal.ticket, person=customer, text="We think.", channel="web", now=at(4, 12))
    left(at(4, 12))
    work(at(31, 12))

    case = again(proposal)
    assert (case.stage.key, case.state, case.follow_ups.count()) == ("estimate-sent", CaseState.ACTIVE, 0)
    assert tasks(case) == [("The customer answered: read it and say how this goes on", "owner", at(4, 16))]


def test_R43_nobody_answers_in_time_and_the_next_role_has_it(proposal, staffed):
    work(at(5, 10))

    case = again(proposal)
    assert (case.role.key, case.moved_why) == ("owner", "Front desk took too long")
    told = OutgoingMail.objects.filter(to_address="owner@desk.example", kind="notification")
    assert [mail.subject for mail in told] == [
        f"From inquiry to completed, case {case.pk}: Inquiry took too long and went to Owner"
    ]


def test_D7_the_last_of_purchasing_leaves_and_the_stage_falls_to_the_owner_at_once_in_sight(
    proposal, staffed, customer, admin
):
    case = at_parts_ordered(proposal, staffed, customer)
    assert case.role.key == "purchasing"

    deactivate_person(person=staffed["purchasing"], by=admin, now=at(5, 10))
    work(at(5, 10))

    case = again(case)
    assert (case.role.key, case.moved_why) == ("owner", "Nobody is left in Purchasing")
    assert {task[1] for task in tasks(case)} == {"owner"}
    assert TicketEvent.objects.filter(ticket=case.ticket, text__contains="Nobody is left in Purchasing").exists()
    for key in ("owner", "dispatcher", "technician"):
        deactivate_person(person=staffed[key], by=admin, now=at(5, 11))
    work(at(5, 11))
    assert again(case).role is None
    assert owners.may_act(admin, again(case))


def test_D7_many_cases_of_an_empty_role_go_a_page_at_a_time_and_each_is_told_of_once(
    staffed, customer, admin, monkeypatch
):
    """Five cases, two at a time: each in a transaction of its own, none left out, none twice."""
    monkeypatch.setattr(owners, "A_PAGE", 2)
    found = [inquired(staffed, customer) for _ in range(5)]
    OutgoingMail.objects.all().delete()

    deactivate_person(person=staffed["front-desk"], by=admin, now=at(4, 11))
    work(at(4, 11))

    assert {again(case).moved_why for case in found} == {"Nobody is left in Front desk"}
    told = TicketEvent.objects.filter(text__contains="Nobody is left in Front desk").values_list("ticket", flat=True)
    assert sorted(told) == sorted(case.ticket_id for case in found)
    assert Timer.objects.filter(kind=owners.CHANGED, done_at__isnull=False).count() == 2
    left_over = owners.look_again(now=at(4, 12), after=found[-1].pk)
    assert left_over is None


def test_D6_a_case_keeps_its_version_and_the_database_keeps_the_version(proposal, staffed, admin):
    version = proposal.version
    with pytest.raises(Exception, match="a published flow never changes"), transaction.atomic():
        version.stages.filter(no=1).update(due_minutes=1)
    assert again(proposal).version == version


def test_R75_people_of_other_roles_are_refused_and_who_saw_an_older_stage_too(proposal, staffed, lead):
    with pytest.raises(NotAllowed):
        go_on(proposal, staffed["technician"], at(4, 11))
    assert JournalEntry.objects.filter(action="accounts.refused", by=staffed["technician"]).count() == 1

    by_hand.take(case=proposal, visit=1, by=staffed["front-desk"], now=at(4, 11))
    with pytest.raises(CannotMove, match="has it already"):
        by_hand.take(case=proposal, visit=1, by=lead, now=at(4, 11))
    go_on(proposal, staffed["front-desk"], at(4, 11))
    with pytest.raises(MovedOn):
        by_hand.go_on(case=proposal, visit=1, by=lead, now=at(4, 11))


def test_D9_R48_R49_nobody_is_declined_before_another_lead_agreed_and_alternatives_are_named(
    onboarded, staffed, buyer, lead, admin
):
    case, manager = onboarded, staffed["project-manager"]
    left(at(4, 10, 2))
    intake.add_customer_message(ticket=case.ticket, person=buyer, text="Build us a pool.", channel="web", now=at(4, 11))
    good = make_article(title="Sorry, we do not do that", markdown=DECLINE, kind=ArticleKind.TEMPLATE)
    poor = make_article(title="No", markdown="We do not do that.", kind=ArticleKind.TEMPLATE)
    asked = {"case": case, "visit": 2, "now": at(4, 12)}

    with pytest.raises(CannotDecline, match="Nobody said"):
        by_hand.decline(template=good, alternatives="A pool builder", by=lead, **asked)
    by_hand.say_out_of_scope(why="It is a pool. I asked two partners.", by=manager, **asked)
    assert (again(case).state, case.ticket.messages.filter(text__contains="beyond").count()) == (CaseState.BLOCKED, 0)
    with pytest.raises(CannotMove, match="A lead decides that first"):
        by_hand.go_on(case=case, visit=2, by=manager, now=at(4, 12))
    with pytest.raises(NotAllowed):
        by_hand.decline(template=good, alternatives="A pool builder", by=manager, **asked)
    for template, alternatives, words in (
        (None, "A pool builder", "names alternatives"), (poor, "A pool builder", "names alternatives"),
        (good, " \n ", "at least one alternative"),
    ):  # fmt: skip
        with pytest.raises(CannotDecline, match=words):
            by_hand.decline(template=template, alternatives=alternatives, by=lead, **asked)
    assert again(case).is_live

    by_hand.decline(template=good, alternatives="A pool builder\nThe city's pool", by=lead, **asked)

    ended = again(case)
    assert (ended.state, ended.reason) == (CaseState.LOST, "Beyond what we do: It is a pool. I asked two partners.")
    assert CaseVisit.objects.get(case=case, no=2).how == How.DECLINED
    mail = OutgoingMail.objects.filter(to_address=buyer.email).order_by("-pk")[0]
    assert "- A pool builder\n- The city's pool" in mail.text
    assert "partners" not in mail.text


def test_D10_R77_the_report_says_75_against_50_per_cent_and_of_how_many(staffed, customer):
    flow, visits = Flow.objects.get(key="proposal"), 0
    for role, accepted in (("assistant", 3), ("owner", 2)):
        for number in range(4):
            case = inquired(staffed, make_person())
            go_on(case, staffed["front-desk"], at(4, 10))
            task = CaseTask.objects.create(
                case=case, visit=2, key="call", words="Call", role=case.stage.owner_role, follows_up=True,
                made_at=at(4, 10),
            )  # fmt: skip
            CaseTask.objects.filter(pk=task.pk).update(role=owner_role(role))
            by_hand.do_task(
                task=CaseTask.objects.select_related("role", "case__role").get(pk=task.pk), outcome="They read it",
                by=staffed[role], now=at(5, 12),
            )  # fmt: skip
            if number < accepted:
                go_on(case, staffed["owner"], at(6, 12))
            else:
                by_hand.give_up(case=case, visit=2, reason="Too dear", by=staffed["owner"], now=at(6, 12))
            visits += 1

    by_role, by_delay = cases.follow_ups(flow=flow, since=at(1, 0), until=at(31, 0))

    assert [(row.role, row.rate, row.n) for row in by_role] == [("Assistant", 75, 4), ("Owner", 50, 4)]
    assert {(row.role, row.delay, row.accepted, row.n) for row in by_delay} == {
        ("Assistant", "8 to 16 hours", 3, 4), ("Owner", "8 to 16 hours", 2, 4)
    }  # fmt: skip
    assert cases.lost_reasons(flow=flow, since=at(1, 0), until=at(31, 0)) == [("Too dear", 3)]


def owner_role(key: str):
    return owners.WorkRole.objects.get(key=key)
