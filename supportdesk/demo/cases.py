"""Cases of the demo: schools that bought hours of help are set up, and inquiries become work that is done.

Stories for the World: it moves them by what customers write, by what is paid, and by what time does meanwhile.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count

from accounts.models import Person
from billing.actions import pay
from billing.choices import PaymentMethod, Period
from billing.models import Product
from knowledgebase.models import Article
from mail.models import Mailbox
from supportdesk.demo.company import Company
from supportdesk.demo.customers import Customer
from supportdesk.demo.files import pdf
from supportdesk.demo.letters import File, Letter
from supportdesk.demo.store import address_of_school, buy
from supportdesk.demo.stories import Teller
from supportdesk.demo.wiki import who
from supportdesk.demo.world import Story, last_mail_to
from tickets.actions import reply, state
from tickets.actions.flows import by_hand, welcome, writing
from tickets.choices import Category
from tickets.flow_choices import LIVE, BeginsOn, ReminderSort
from tickets.models import Case, Flow, Stage, Ticket

PROPOSAL = "proposal"
ORDER_PAID, RECEIVED, OUT_OF_SCOPE, SET_UP, DONE = range(5)
# How many days ago it was ordered, and how far it has come.
ONBOARDINGS = (
    (41, DONE), (27, DONE), (3.2, SET_UP), (4.2, OUT_OF_SCOPE), (5, ORDER_PAID), (0.7, RECEIVED), (0.25, ORDER_PAID),
)  # fmt: skip
TASKS = (
    "Two fourth grades, 26 students each. Please set up the classes and show Ms. Grant how to start unit 1. We teach it"
    " the week after next.",
    "1. All twelve robots updated\n2. Names on them, so that the kids stop driving each other's\n3. A plan for six"
    " lessons of 40 minutes",
    "We have eleven robots from 2021 in a cupboard. Could you look at them with us on video and say which are worth"
    " keeping?",
    "Please write us a robot that sorts recycling for the state competition in May. The students will present it.",
    "Set up our makerspace: eight displays, one teacher account for each of four colleagues.",
)
# What they ask, how many days ago, how far it came: the key of the stage, "done", or a reason for which it was lost.
PROPOSALS = (
    ("Estimate for refurbishing 14 robots", 48, "done"),
    ("Robotics room for two schools: what would it cost?", 46, "done"),
    ("New batteries and motors for our whole set", 44, "The district bought tablets instead"),
    ("Could you rebuild our line course?", 39, "done"), ("Repair day for 20 robots in June", 36, ""),
    ("Charging carts for three rooms", 20, "scheduled"), ("Upgrade of our 2020 robots", 12, "parts-received"),
    ("Spare parts stock for a district of 14 schools", 8, "parts-ordered"),
    ("Competition field, 8 by 8 feet", 6, "purchase-order"),
    ("Estimate: sensors for 30 robots", 4, "estimate-sent"), ("Replace the shells of 24 robots", 1.5, "estimate-sent"),
    ("Can you equip our summer camp?", 0.12, "inquiry"),
)  # fmt: skip
# Template of each stage, and of the mails that remind in it, in order.
TEMPLATES = {
    "order-paid": ("ask-for-tasks", "ask-for-tasks-again", "ask-for-tasks-last"), "tasks-received": ("tasks-received",),
    "inquiry": ("inquiry-received",), "estimate-sent": ("estimate-sent", "estimate-follow-up"),
    "purchase-order": ("", "purchase-order-reminder"), "parts-ordered": ("parts-ordered",),
    "parts-received": ("parts-received",), "scheduled": ("scheduled",), "completed": ("completed",),
}  # fmt: skip
AFTER = {"onboarding": "set-up-done", PROPOSAL: "how-was-it"}


@dataclass(frozen=True)
class Desk:
    """What the stories need."""

    teller: Teller
    company: Company
    wares: dict[str, Product]
    admin: Person

    def on_the_telephone(self, case: Case, by: str, outcome: str, at: datetime) -> None:
        """Do the open tasks of a case."""
        for task in case.tasks.filter(done_at__isnull=True, dropped_at__isnull=True).order_by("pk"):
            by_hand.do_task(task=task, outcome=outcome, by=who(self.company, by), now=at)

    def go_on(self, case: Case, by: str, at: datetime, day: date | None = None, words: str = "") -> None:
        """Its stage is done."""
        case.refresh_from_db()
        by_hand.go_on(
            case=case, visit=case.visit, by=who(self.company, by), now=at, date_on=day, date_words=words
        )  # fmt: skip


def rest() -> None:
    """No flow begins by itself in the years before this company had any."""
    Flow.objects.update(is_enabled=False)


def stories(desk: Desk, schools: Sequence[Customer], *, until: datetime) -> Iterator[Story]:
    """Tell all of them to the World, after the store is open."""
    yield _awaken(desk, until - timedelta(days=50))
    yield _sweep(desk, until - timedelta(days=2))
    numbers = count()
    for days, far in ONBOARDINGS:
        place = next(numbers)
        yield _onboarding(desk, schools[(place * 2 + 3) % len(schools)], TASKS[_task(place, far)], far, until, days)
    for words, days, reached in PROPOSALS:
        yield _proposal(desk, schools[(next(numbers) * 3) % len(schools)], words, reached, until, days)


def _task(place: int, far: int) -> int:
    return 3 if far == OUT_OF_SCOPE else (place if place < 3 else 4)


def _awaken(desk: Desk, at: datetime) -> Story:
    """Both get the words of this company's wiki, as a second version, and begin: onboarding with hours of help."""
    yield at
    for key, begins_on, after in (("onboarding", BeginsOn.HELP_ORDER, 30), (PROPOSAL, BeginsOn.MANUAL, 8 * 60)):
        flow = Flow.objects.get(key=key)
        draft = writing.begin_draft(flow=flow, by=desk.admin, now=at)
        writing.change_version(
            flow=flow, by=desk.admin, now=at, subject=draft.subject, after_minutes=after,
            after_template=_template(AFTER[key]), after_words=draft.after_words,
        )  # fmt: skip
        for stage in list(draft.stages.order_by("no")):
            _give_words(flow, stage, desk.admin, at)
        writing.publish(flow=flow, by=desk.admin, now=at)
        writing.change_flow(
            flow=flow, name=flow.name, about=flow.about, begins_on=begins_on, is_enabled=True, by=desk.admin, now=at
        )
    welcome.change(
        is_enabled=True,
        subject=welcome.SUBJECT,
        words=welcome.WORDS,
        template=_template("welcome"),
        by=desk.admin,
        now=at,
    )


def _give_words(flow: Flow, stage: Stage, by: Person, at: datetime) -> None:
    entered, *reminding = TEMPLATES.get(stage.key, ("",))
    left = iter(reminding)
    reminders = [
        {
            name: getattr(reminder, name)
            for name in (
                "sort", "after_minutes", "counts_from", "words", "role", "due_minutes", "follows_up"
            )
        }
        | {"template": _template(next(left, "")) if reminder.sort == ReminderSort.MAIL else None}
        for reminder in stage.reminders.order_by("no")
    ]  # fmt: skip
    writing.save_stage(
        flow=flow, stage=stage, entered={"name": stage.name, "template": _template(entered)}, reminders=reminders,
        by=by, now=at,
    )  # fmt: skip


def _template(slug: str) -> Article | None:
    return Article.objects.published().filter(slug=slug).first() if slug else None


def _sweep(desk: Desk, at: datetime) -> Story:
    """Who never answered is rung up, and their case ends: the hours are theirs all the same."""
    yield at
    old = Case.objects.filter(flow__key="onboarding", state__in=LIVE, stage__key="order-paid")
    for case in old.filter(entered_at__lt=at - timedelta(days=9)).select_related("ticket").order_by("pk"):
        desk.on_the_telephone(case, "priya", "They keep the hours for the new term", at)
        case.refresh_from_db()
        if case.is_live:
            by_hand.give_up(
                case=case, visit=case.visit, reason="Keep their hours for later", by=who(desk.company, "priya"), now=at
            )
        _close(case.ticket, who(desk.company, "priya"), at)


def _close(ticket: Ticket, by: Person, at: datetime) -> None:
    ticket.refresh_from_db()
    if ticket.category != Category.CLOSED and ticket.merged_into_id is None:
        state.close_ticket(ticket=ticket, by=by, now=at, unanswered=True)


def _onboarding(desk: Desk, school: Customer, tasks: str, far: int, until: datetime, days: float) -> Story:
    world = desk.teller.world
    at = world.school_day_before(until - timedelta(days=days))
    yield at
    wanted: dict[tuple[Product, Period, int | None], int] = {(desk.wares["Six hours of help"], Period.ONCE, None): 1}
    order = buy(
        by=school.person, wanted=wanted, ship_to=address_of_school(school), method=PaymentMethod.TRANSFER, now=at
    )
    at += timedelta(minutes=50)
    yield at
    invoice = order.invoice
    pay.record_transfer(
        invoice=invoice, amount=invoice.due, reference=invoice.number or order.number, by=desk.admin, now=at
    )
    if far == ORDER_PAID:
        return
    at = world.school_time(at + timedelta(minutes=5), 190, school.place.zone)
    yield at
    case = Case.objects.select_related("ticket", "person").get(order=order)
    desk.teller.customer_writes(case.ticket, school, tasks, at)
    if far == RECEIVED:
        return
    at = world.office_time(at, 45)
    yield at
    case.refresh_from_db()
    pm = who(desk.company, "dana")
    by_hand.take(case=case, visit=case.visit, by=pm, now=at)
    if far == OUT_OF_SCOPE:
        by_hand.say_out_of_scope(
            case=case, visit=case.visit, by=pm, now=at,
            why="I read the competition's rules for twenty minutes: the program has to be the students' own work.",
        )  # fmt: skip
        return
    _answer(case.ticket, pm, "Thank you for your list. I begin tomorrow morning and write when the first is done.", at)
    desk.on_the_telephone(case, "dana", "All of it is ours to do, about four hours", at + timedelta(minutes=5))
    at = world.office_time(at, 200)
    yield at
    desk.go_on(case, "dana", at)
    if far == SET_UP:
        return
    at = world.office_time(at, 700)
    yield at
    case.refresh_from_db()
    desk.on_the_telephone(case, "dana", "The coupon was not used: two hours were given", at)
    desk.go_on(case, "dana", at)
    at = world.office_time(at, 500)
    yield at
    _close(case.ticket, pm, at)


def _proposal(desk: Desk, school: Customer, words: str, far: str, until: datetime, days: float) -> Story:
    world = desk.teller.world
    at = world.school_day_before(until - timedelta(days=days))
    yield at
    mailbox = desk.company.mailboxes["Support"]
    ticket = _ask(desk, school, words, mailbox, at)
    at = world.office_time(at, 20)
    yield at
    case = by_hand.begin_by_hand(
        flow=Flow.objects.get(key=PROPOSAL), ticket=ticket, by=who(desk.company, "priya"), now=at
    )  # fmt: skip
    if far == "inquiry":
        return
    at = world.office_time(at, 150)
    yield at
    _answer(ticket, who(desk.company, "priya"), "Thank you for asking. Tom writes your estimate today.", at)
    desk.go_on(case, "priya", at)
    if far == "estimate-sent":
        return
    at = world.office_time(at, 17 * 60)
    yield at
    case.refresh_from_db()
    follower = "priya" if len(words) % 3 else "tom"
    desk.on_the_telephone(case, follower, "They ask their principal and call back", at)
    if not far:  # nobody ever answers: after two weeks it is lost by itself
        at = world.office_time(at, 75 * 60)
        yield at
        _close(ticket, who(desk.company, "tom"), at)
        return
    at = world.office_time(at, 9 * 60)
    yield at
    case.refresh_from_db()
    if far not in STAGES:
        by_hand.give_up(case=case, visit=case.visit, reason=far, by=who(desk.company, "tom"), now=at)
        _close(ticket, who(desk.company, "tom"), at + timedelta(minutes=5))
        return
    yield from _work(desk, school, case, far, at)


STAGES = ("purchase-order", "parts-ordered", "parts-received", "scheduled", "completed", "done")


def _work(desk: Desk, school: Customer, case: Case, far: str, at: datetime) -> Story:
    """From the customer's yes to the end, as far as it has come."""
    world, reached = desk.teller.world, STAGES.index(far)
    desk.go_on(case, "tom", at)
    if reached < 1:
        return
    at = world.school_time(at, 1_500, school.place.zone)
    yield at
    _send_order(desk, school, case, at)
    at = world.office_time(at + timedelta(minutes=1), 260)
    if reached < 2:
        return
    yield at
    case.refresh_from_db()
    desk.on_the_telephone(case, "joanna", "Ordered", at)
    desk.go_on(case, "joanna", at, (at + timedelta(days=8)).date(), "Lakeshore Motors, order 4471")
    if reached < 3:
        return
    at = world.office_time(at, 6 * 500)
    yield at
    case.refresh_from_db()
    desk.go_on(case, "marc", at)
    if reached < 4:
        return
    at = world.office_time(at, 300)
    yield at
    desk.go_on(case, "priya", at, (at + timedelta(days=5)).date(), "by video call, 9:00 in Toronto")
    at = world.office_time(at, 4 * 500)
    yield at
    desk.go_on(case, "marc", at)
    at = world.office_time(at, 700)
    yield at
    _close(case.ticket, who(desk.company, "marc"), at)


def _ask(desk: Desk, school: Customer, words: str, mailbox: Mailbox, at: datetime) -> Ticket:
    text = f"{words}. Could you tell us what it would cost, and how long it takes? We decide at the end of the month."
    letter = Letter(
        sender=school.person.email, name=school.person.name, to=mailbox.address, subject=words, text=text, at=at,
        program=school.program, signature=school.signature,
    )  # fmt: skip
    outcome = desk.teller.world.receive(letter, mailbox=mailbox, envelope_to=letter.to)
    return Ticket.objects.get(messages=outcome.message)


def _send_order(desk: Desk, school: Customer, case: Case, at: datetime) -> None:
    """Their purchase order comes as an answer to our mail, which brings the case on."""
    ours = last_mail_to(school.person.email, case.ticket.subject_key)
    if ours is None or ours.mailbox is None:
        raise ValueError("The flow wrote no mail that could be answered.")
    paper = File("Purchase order.pdf", "application/pdf", pdf("PURCHASE ORDER", f"For {case.ticket.subject}"))
    letter = Letter(
        sender=school.person.email, name=school.person.name, to=ours.reply_to_address, subject=ours.subject,
        text="Here is our purchase order. Please go ahead.", at=at, program=school.program, answers=ours,
        files=(paper,),
    )  # fmt: skip
    desk.teller.world.receive(letter, mailbox=ours.mailbox, envelope_to=ours.reply_to_address)


def _answer(ticket: Ticket, by: Person, words: str, at: datetime) -> None:
    ticket.refresh_from_db()
    text = f"Hello {ticket.requester.first_name},\n\n{words}"
    reply.reply(ticket=ticket, by=by, text=text, last_seen=ticket.last_message_id, now=at, then="waiting")
