"""What customers, mail servers and payments do to a case, in the transaction in which it happens.

Only a person who is none of us moves a case: an out-of-office note, a copy of our own words and a bounce never do (D2).
"""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import OperationalError, transaction
from django.db.models import F

import timers
from accounts.actions.people import find_or_create_person
from accounts.models import Person
from billing.actions import customers
from billing.choices import OrderState
from billing.models import Invoice, Order
from mail.models import Mailbox
from supportdesk.lib.failpoints import failpoint
from tickets import flow_times, flow_words, open_hours
from tickets.actions import happenings, heard
from tickets.actions.flows.letters import TASK_MINUTES, put_down
from tickets.actions.flows.moving import EXHAUSTED, REMINDER, CannotBegin, advance, begin, number_of, stop_timers
from tickets.actions.flows.rows import add_task, live_cases_on, locked_case, note, read_locked, settle
from tickets.actions.heard import Heard
from tickets.actions.intake import make_ticket
from tickets.actions.keeping import move
from tickets.choices import Category, Channel
from tickets.clocks import promise_for
from tickets.flow_choices import LIVE, BeginsOn, CaseState, ExitOn, How
from tickets.models import Case, CaseTask, Flow, Ticket

logger = logging.getLogger(__name__)

ORDER_PAID = "tickets.order_paid"
GIVEN_BACK = "tickets.order_given_back"


def listen() -> None:
    """Hear of customers' words and of what comes back."""
    heard.register(wrote=customer_wrote, machine=machine_wrote, undelivered=undelivered)


def customer_wrote(said: Heard) -> None:
    """A person wrote on a locked ticket, under whatever address: stages that wait for it end, reminders stop."""
    if _is_no_business_of_theirs(said):
        return
    for case in live_cases_on(said.ticket, only=said.meant_for):
        _carefully(said, case, _answered)


def _carefully(said: Heard, case: Case, act: Callable[[Heard, Case], None]) -> None:
    """What a customer wrote is kept whatever a flow makes of it: a case that fails is held up, and somebody is told."""
    row = said.ticket
    before = dict(row.__dict__)
    try:
        with transaction.atomic():
            act(said, case)
            settle(row, case, now=said.now)
    except OperationalError:  # somebody holds a row for long: the words come again, and with them this
        raise
    except Exception:  # whatever it was, the mail does not go down with it
        logger.exception("Case %s cannot go on after message %s.", case.pk, said.message.pk)
        row.__dict__.clear()
        row.__dict__.update(before)
        _hold_up(said, read_locked(case.pk))


def _hold_up(said: Heard, case: Case) -> None:
    stop_timers(case)
    case.state, case.reason = CaseState.BLOCKED, "The flow could not go on by itself after a message came"
    note(case, "blocked", case.reason, message_id=said.message.pk, now=said.now)
    todo = f"{case.reason}: read it and say how this goes on"
    add_task(case, key=f"failed:{said.message.pk}", words=todo, role=case.role, due_at=said.now, now=said.now)
    settle(said.ticket, case, now=said.now)


def _answered(said: Heard, case: Case) -> None:
    wanted = case.stage.exit_on
    if wanted == ExitOn.CUSTOMER_REPLY:
        advance(said.ticket, case, How.CUSTOMER_REPLY, message_id=said.message.pk, now=said.now)
    elif wanted == ExitOn.DOCUMENT_UPLOADED and said.has_files:
        advance(said.ticket, case, How.DOCUMENT_UPLOADED, message_id=said.message.pk, now=said.now)
    else:
        _stop_asking(said, case)


def _is_no_business_of_theirs(said: Heard) -> bool:
    """One of us wrote, or somebody whose own ticket was merged in and kept apart, and who answers that."""
    writer = said.message.person
    if writer is None or writer.is_staff_member:
        return writer is not None
    apart = Ticket.objects.filter(merged_into=said.ticket, is_kept_apart=True, requester=writer)
    return said.message.is_held and said.meant_for is None and apart.exists()


def _stop_asking(said: Heard, case: Case) -> None:
    """They answered, and the stage waits for something else: nobody is reminded any more, a person reads it."""
    now = said.now
    stopped = timers.cancel(kind=EXHAUSTED, subject=case.pk)
    for reminder in case.stage.reminders.filter(follows_up=True):
        number = number_of(case, reminder)
        stopped += timers.cancel(kind=REMINDER, subject=case.pk, visit=case.visit, number=number)
    asking = CaseTask.objects.filter(case=case, follows_up=True, done_at__isnull=True, dropped_at__isnull=True)
    stopped += asking.update(dropped_at=now)
    if not stopped and case.state != CaseState.WAITING:
        return
    words = "The customer answered, so they are asked no more"
    note(case, "answered", words, message_id=said.message.pk, now=now)
    calendar = open_hours.read().of_team(said.ticket.team)
    due_at = flow_times.after(calendar, now, TASK_MINUTES)
    todo = "The customer answered: read it and say how this goes on"
    add_task(case, key=f"answer:{said.message.pk}", words=todo, role=case.role, due_at=due_at, now=now)
    case.state = CaseState.ACTIVE


def machine_wrote(said: Heard) -> None:
    """An out-of-office note: everything stays as it is."""
    for case in live_cases_on(said.ticket, only=said.meant_for):
        note(case, "machine", "An automatic answer came; it changes nothing", message_id=said.message.pk, now=said.now)


def undelivered(said: Heard) -> None:
    """Our words came back: somebody has to find another way. The case stays where it is."""
    calendar = open_hours.read().of_team(said.ticket.team)
    for case in live_cases_on(said.ticket, only=said.meant_for):
        note(case, "bounced", "A mail to the customer came back", message_id=said.message.pk, now=said.now)
        due_at = flow_times.after(calendar, said.now, TASK_MINUTES)
        todo = "A mail to the customer came back: call them, or find another address"
        add_task(case, key=f"bounce:{said.message.pk}", words=todo, role=case.role, due_at=due_at, now=said.now)
        settle(said.ticket, case, now=said.now)


def invoice_paid(invoice: Invoice, now: datetime) -> None:
    """An invoice was paid: a timer of its own looks what that begins or ends, so that a payment never fails by it."""
    if invoice.order_id is not None:
        timers.schedule(kind=ORDER_PAID, subject=invoice.order_id, due_at=now)


def order_paid(*, order_id: int, now: datetime) -> None:
    """Stages that wait for this order's money end, and flows that begin with it begin (D1). Run twice, once."""
    order = Order.objects.select_related("customer__organisation", "customer__person", "placed_by").get(pk=order_id)
    if order.state == OrderState.CANCELLED or _went_back(order):
        return
    waiting = Case.objects.filter(order=order, state__in=LIVE, stage__exit_on=ExitOn.PAYMENT_CLEARED)
    for pk in waiting.order_by("pk").values_list("pk", flat=True):
        _payment_cleared(pk, now)
    for flow in _beginning(order):
        begin_for_order(flow=flow, order=order, now=now)


def invoice_given_back(invoice: Invoice, now: datetime) -> None:
    """All that was paid goes back: a timer of its own looks whom a flow still asks for something because of it."""
    if invoice.order_id is not None:
        timers.schedule(kind=GIVEN_BACK, subject=invoice.order_id, due_at=now)


def order_given_back(*, order_id: int, now: datetime) -> None:
    """Nobody is reminded of an order that they have not any more; a person says how its cases go on. Twice, once."""
    live = Case.objects.filter(order=order_id, state__in=LIVE)
    for pk in live.order_by("ticket_id", "pk").values_list("pk", flat=True):
        _ask_no_more(pk, now)


@transaction.atomic
def _ask_no_more(pk: int, now: datetime) -> None:
    row, case = locked_case(pk)
    words = "All that was paid for the order goes back"
    if not case.is_live or not note(case, "given_back", words, key="given_back", now=now):
        return
    stop_timers(case)
    due_at = flow_times.after(open_hours.read().of_team(row.team), now, TASK_MINUTES)
    add_task(case, key="given_back", words=f"{words}: say how this goes on", role=case.role, due_at=due_at, now=now)
    case.state = CaseState.ACTIVE
    settle(row, case, now=now)


def _went_back(order: Order) -> bool:
    return Invoice.objects.filter(order=order, paid__gt=0, refunded__gte=F("paid")).exists()


@transaction.atomic
def _payment_cleared(pk: int, now: datetime) -> None:
    row, case = locked_case(pk)
    if case.is_live and case.stage.exit_on == ExitOn.PAYMENT_CLEARED:
        advance(row, case, How.PAYMENT_CLEARED, now=now)
        settle(row, case, now=now)


def _beginning(order: Order) -> list[Flow]:
    """The flows that a paid order begins, which it has not begun before."""
    wanted = [BeginsOn.ORDER_PAID]
    if not Order.objects.filter(customer=order.customer_id, pk__lt=order.pk).exclude(state="cancelled").exists():
        wanted.append(BeginsOn.FIRST_ORDER)
    if order.lines.filter(minutes__gt=0).exists():
        wanted.append(BeginsOn.HELP_ORDER)
    flows = Flow.objects.filter(begins_on__in=wanted, is_enabled=True, published__isnull=False)
    begun = Case.objects.filter(order=order).values("flow")
    return list(flows.exclude(pk__in=begun).select_related("published").order_by("pk"))


def begin_for_order(*, flow: Flow, order: Order, now: datetime, by: Person | None = None) -> Case | None:
    """Open a ticket for whoever ordered and begin `flow` on it; the case that runs already where there is one.

    None, where nobody can be written to.
    """
    person = _who_ordered(order, now)
    if person is None:
        logger.warning("Order %s begins no %s: there is nobody to write to.", order.pk, flow.key)
        return None
    try:
        with transaction.atomic():
            return _begin_on_new_ticket(flow, order, person, by, now)
    except CannotBegin as refusal:
        return refusal.case


def _begin_on_new_ticket(flow: Flow, order: Order, person: Person, by: Person | None, now: datetime) -> Case:
    mailbox = Mailbox.objects.select_related("route__team").default()
    row = make_ticket(
        requester=person, subject=_subject(flow, order), channel=Channel.WEB, mailbox=mailbox,
        organisation=order.customer.organisation, proof=None, now=now,
    )  # fmt: skip
    happenings.told_before(row)  # what rules greet was greeted by the flow
    row.save(force_insert=True)
    case = begin(flow=flow, row=row, person=person, customer=order.customer, order=order, now=now, by=by)
    if not row.last_message_id:  # what could not be mailed is a task by now, and no conversation is without words
        put_down(row, f"Order {order.number} is paid. We tell you here what happens next.", now=now)
    category = Category.WAITING if case.state == CaseState.WAITING else Category.OPEN
    move(row, category, promise=promise_for(row), now=now)
    settle(row, case, now=now)
    failpoint("tickets.flows.begun")
    return case


def _who_ordered(order: Order, now: datetime) -> Person | None:
    placed, buyer = order.placed_by, order.customer.person
    for person in (placed, buyer):
        if person is not None and person.is_active and person.has_mail and not person.is_staff_member:
            return person
    found = customers.contacts_of(order.customer)
    return find_or_create_person(email=found[0], now=now) if found else None


def _subject(flow: Flow, order: Order) -> str:
    wanted = flow.published.subject if flow.published else ""
    values = {"order_number": order.number, "organisation": order.customer.name}
    try:
        return flow_words.fill_text(wanted, values) or f"{flow.name}: order {order.number}"
    except flow_words.CannotFill:
        return f"{flow.name}: order {order.number}"
