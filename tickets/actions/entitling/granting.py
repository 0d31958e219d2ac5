"""The badge “Priority” and its clocks: on a locked ticket, once, from the moment in which it was shown."""

from datetime import datetime

from django.db.models import F

from accounts.models import Person
from supportdesk.lib.failpoints import failpoint
from tickets import clocks
from tickets.actions.keeping import keep, write_event
from tickets.actions.scope import judging
from tickets.choices import UNSOLVED
from tickets.models import Entitlement, EntitlementCheck, Ticket
from tickets.support_choices import CheckMethod, CheckResult, Support

HOW: dict[str, str] = {
    CheckMethod.SESSION: "signed in",
    CheckMethod.HMAC: "signed by the site they came from",
    CheckMethod.EMAIL_CODE: "confirmed by mail",
    CheckMethod.MAIL: "by a mail that their domain signed",
    CheckMethod.ATTESTED: "vouched for",
}


def grant(
    row: Ticket,
    *,
    entitlement: Entitlement,
    method: CheckMethod,
    person: Person | None,
    by: Person | None,
    now: datetime,
    words: str = "",
) -> bool:
    """Give a locked ticket priority and keep it; whether it got it now. What has it stays as it is (N3).

    An entitlement with incidents spends one; with none left nothing happens but a note of that (N5). The caller's
    transaction holds the ticket; the entitlement's row is taken after it, everywhere in this order.
    """
    if row.support == Support.PRIORITY:
        return False
    spends = entitlement.incidents is not None
    if spends and not spend(entitlement):
        note(row, entitlement, method=method, result=CheckResult.USED_UP, person=person, by=by, now=now, words=words)
        write_event(row, kind="used_up", text=f"{entitlement.name}: no incident was left.", by=by, now=now)
        return False
    failpoint("tickets.entitling.spent")
    note(
        row, entitlement, method=method, result=CheckResult.ENTITLED, person=person, by=by, now=now, words=words,
        spends=spends,
    )  # fmt: skip
    put_on(row, entitlement, now)
    promise = clocks.promise_for(row)
    if row.support_level_id and row.category in UNSOLVED:
        _promise_from_now(row, promise, now)
    keep(row, promise=promise, now=now)
    judging.judge_again(ticket=row, now=now)  # what is old is helped further with priority (N4)
    write_event(row, kind="entitled", text=_sentence(entitlement, method, person, words), by=by, now=now)
    failpoint("tickets.entitling.granted")
    return True


def put_on(row: Ticket, entitlement: Entitlement, now: datetime) -> None:
    """The columns of a ticket with priority, in memory."""
    row.support, row.entitled_at, row.support_level_id = Support.PRIORITY, now, entitlement.level_id


def spend(entitlement: Entitlement) -> bool:
    """Take one incident; whether one was left. Of two at once for the last one the second comes away empty."""
    rows = Entitlement.objects.filter(pk=entitlement.pk, incidents__isnull=False, incidents_used__lt=F("incidents"))
    return bool(rows.update(incidents_used=F("incidents_used") + 1))


def note(
    row: Ticket,
    entitlement: Entitlement | None,
    *,
    method: CheckMethod,
    result: CheckResult,
    person: Person | None,
    by: Person | None,
    now: datetime,
    words: str = "",
    spends: bool = False,
) -> EntitlementCheck:
    """Write down what was shown or said."""
    return EntitlementCheck.objects.create(
        ticket=row, entitlement=entitlement, person=person, method=method, result=result, spends=spends,
        words=words[:300], by=by, at=now,
    )  # fmt: skip


def _promise_from_now(row: Ticket, promise: clocks.Promise | None, now: datetime) -> None:
    """The clocks of priority start now; none of them gives more time than was promised before."""
    before = {field: getattr(row, field) for field in clocks.DUE_FIELDS.values()}
    clocks.promise_again(row, promise, now)
    for field, due_at in before.items():
        after = getattr(row, field)
        setattr(row, field, min(due_at, after) if due_at and after else after or due_at)


def _sentence(entitlement: Entitlement, method: CheckMethod, person: Person | None, words: str) -> str:
    who = person.shown_name if person else "somebody"
    left = "" if entitlement.incidents is None else " One incident was used."
    return f"Priority by {entitlement.name}: {who}, {HOW[method]}{f' ({words})' if words else ''}.{left}"
