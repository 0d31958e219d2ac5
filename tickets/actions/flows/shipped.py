"""The flows that a desk begins with: onboarding after an order, and from an inquiry to the work that is done.

They are data like any other flow. A desk changes them in its settings; the words are its own from then on.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import WorkRole
from tickets.flow_choices import BeginsOn, CountsFrom, ExitOn, OnExhausted, ReminderFrom, ReminderSort
from tickets.models import Flow, FlowVersion, Stage, StageReminder

HOUR = 60
# key: name, what they do, whom it goes to where nobody is left
ROLES = {
    "owner": ("Owner", "Answers for the company, and writes estimates", ""),
    "front-desk": ("Front desk", "Answers new inquiries first", "owner"),
    "assistant": ("Assistant", "Follows up with customers who have not answered", "owner"),
    "project-manager": ("Project manager", "Plans what was ordered, and says what we take on", "owner"),
    "purchasing": ("Purchasing", "Orders parts from suppliers", "owner"),
    "stores": ("Stores", "Takes parts in and checks them", "purchasing"),
    "dispatcher": ("Dispatcher", "Plans who goes where, and when", "owner"),
    "technician": ("Technician", "Does the work at the customer's", "dispatcher"),
}


@dataclass(frozen=True)
class Step:
    """A stage as it is shipped. Times are open hours."""

    key: str
    name: str
    label: str
    role: str
    words: str = ""
    due: float | None = None
    reminders: tuple[dict[str, Any], ...] = ()
    more: dict[str, Any] = field(default_factory=dict)


def _mail(hours: float, words: str, role: str = "", **more: Any) -> dict[str, Any]:
    return {"sort": ReminderSort.MAIL, "after_minutes": int(hours * HOUR), "words": words, "role": role} | more


def _task(hours: float, words: str, role: str = "", due: float = 4, **more: Any) -> dict[str, Any]:
    of_task = {"sort": ReminderSort.TASK, "due_minutes": int(due * HOUR)}
    return of_task | {"after_minutes": int(hours * HOUR), "words": words, "role": role} | more


ASKS = {"follows_up": True}
LATE = {"counts_from": ReminderFrom.DUE}

ONBOARDING = (
    Step(
        "order-paid", "Order paid", "Order paid: tell us what to set up", "assistant", due=40,
        words="""Hello,

thank you for your order {order_number}. It is paid, and we would like to begin.

Which tasks shall we do for you? Answer this mail with a list, in your own words. For each one it helps to know:

- what should be there when it is done
- by when you need it
- whom we may ask

If you would rather talk, say when we may call you.

{company}""",
        reminders=(
            _mail(8, """Hello,

your order {order_number} is paid, and we have not begun: we do not know yet which tasks to do for you.

Answer this mail with a list. Two lines are enough for a start.

{company}""", "assistant", **ASKS),
            _mail(24, """Hello,

we are still ready to begin with your order {order_number}.

Would it be easier on the telephone? Answer with a number and a time, and we call. Otherwise a short list of tasks is
all that we need.

{company}""", "assistant", **ASKS),
            _task(40, "Call the customer and write down their tasks", "assistant", due=8, **ASKS),
        ),
        more={"exit_on": ExitOn.CUSTOMER_REPLY},
    ),
    Step(
        "tasks-received", "Tasks received", "Tasks received", "project-manager", due=8,
        words="""Hello,

we have your tasks, thank you. The project manager reads them now and tells you what happens first.

{company}""",
        reminders=(
            _task(0, "Acknowledge the tasks to the customer", "project-manager", due=4),
            _task(0, "Check the scope: can we do all of it?", "project-manager", due=8),
        ),
        more={"checks_scope": True, "escalate_minutes": 16 * HOUR, "escalate_role": "owner"},
    ),
    Step(
        "set-up", "Set-up", "We are setting everything up", "project-manager", due=16,
        words="""Hello,

we have begun to set everything up. You see how far it is at any time by the link below.

{company}""",
        reminders=(
            _task(0, "Look whether a coupon was left unused: it becomes two hours of help", "project-manager", due=8),
        ),
        more={"escalate_minutes": 24 * HOUR, "escalate_role": "owner"},
    ),
)  # fmt: skip

PROPOSAL = (
    Step(
        "inquiry", "Inquiry", "We have your inquiry", "front-desk", due=4,
        words="""Hello,

thank you for asking us. A person reads your inquiry and answers within four working hours, with questions or with an
estimate.

{company}""",
        more={"escalate_minutes": 8 * HOUR, "escalate_role": "owner"},
    ),
    Step(
        "estimate-sent", "Estimate sent", "Estimate sent", "owner", due=80,
        words="""Hello,

you have our estimate. If something in it is unclear, or more than you need, answer this mail: we would rather change it
than leave you wondering.

{company}""",
        reminders=(
            _task(16, "Call the customer: what would they change in the estimate?", "assistant", due=8, **ASKS),
            _mail(40, """Hello,

have you had a moment for our estimate? Tell us what speaks against it, and we see what we can do. A no is an answer,
too.

{company}""", "assistant", **ASKS),
        ),
        more={
            "exhausted_minutes": 80 * HOUR, "on_exhausted": OnExhausted.LOST,
            "exhausted_words": "No answer to the estimate",
        },
    ),
    Step(
        "purchase-order", "Purchase order", "Waiting for your purchase order", "front-desk", due=40,
        words="""Hello,

thank you for saying yes. Answer this mail with your purchase order as a file, and we order the parts the same day.

{company}""",
        reminders=(
            _mail(24, """Hello,

we are ready to order your parts, and wait for your purchase order. Answer this mail with it as a file.

{company}""", "front-desk", **ASKS),
            _task(40, "Call the customer about the purchase order", "assistant", due=8, **ASKS),
        ),
        more={"exit_on": ExitOn.DOCUMENT_UPLOADED},
    ),
    Step(
        "parts-ordered", "Parts ordered", "Parts ordered", "purchasing", due=8,
        words="""Hello,

we have your purchase order and are ordering the parts. As soon as the supplier has named a date, you see it by the link
below.

{company}""",
        reminders=(_task(0, "Order the parts and enter the supplier's date", "purchasing", due=8),),
        more={
            "exit_on": ExitOn.FIELD_SET, "date_label": "Supplier's date", "escalate_minutes": 16 * HOUR,
            "escalate_role": "owner",
        },
    ),
    Step(
        "parts-received", "Parts received", "Parts received", "stores",
        words="""Hello,

your parts are ordered. We expect them on {date}.

{company}""",
        reminders=(
            _task(0, "Chase the supplier, and enter the new date in a note", "purchasing", due=4, **LATE),
            _mail(0, """Hello,

your parts were expected on {date} and are not here yet. We are asking the supplier today, and tell you the new date.

{company}""", "stores", **LATE),
        ),
        more={"due_from": CountsFrom.DATE, "due_days": 1},
    ),
    Step(
        "scheduled", "Scheduled", "Date agreed", "dispatcher", due=8,
        words="""Hello,

all parts are here. We now agree on a date with you.

{company}""",
        more={
            "exit_on": ExitOn.BOOKING_CONFIRMED, "date_label": "Date of the visit", "escalate_minutes": 16 * HOUR,
            "escalate_role": "owner",
        },
    ),
    Step(
        "completed", "Completed", "Completed", "technician",
        words="""Hello,

we come on {date}. If that does not suit you any more, answer this mail.

{company}""",
        more={"due_from": CountsFrom.DATE, "due_days": 0},
    ),
)  # fmt: skip

SURVEY = """Hello,

the work is done. How did it go? Answer with a number from 1 (badly) to 5 (very well), and with a word about what we
should do differently. A person reads every answer.

{company}"""


@transaction.atomic
def lay() -> None:
    """Make both, published, where a desk has no flows yet; an established one is left as it is."""
    if Flow.objects.exists():
        return
    roles = lay_roles()
    _flow(
        Flow(key="onboarding", name="Onboarding", about="What a customer ordered is set up with them.",
             begins_on=BeginsOn.ORDER_PAID),
        ONBOARDING, roles, subject="Your order {order_number}: what shall we set up?",
    )  # fmt: skip
    _flow(
        Flow(key="proposal", name="From inquiry to completed",
             about="An inquiry becomes an estimate, a purchase order, parts, a date, and work that is done."),
        PROPOSAL, roles, subject="Your inquiry", after_minutes=8 * HOUR, after_words=SURVEY,
    )  # fmt: skip


def lay_roles() -> dict[str, WorkRole]:
    """The work roles that the flows name, by key. Those that are there, under this key or name, stay as they are."""
    known = list(WorkRole.objects.all())
    by_word = {role.name: role for role in known} | {role.key: role for role in known}
    missing = [
        WorkRole(key=key, name=name, about=about)
        for key, (name, about, _) in ROLES.items()
        if key not in by_word and name not in by_word
    ]
    WorkRole.objects.bulk_create(missing)
    by_word |= {role.key: role for role in missing}
    roles = {key: by_word.get(key) or by_word[name] for key, (name, _, _) in ROLES.items()}
    for role in missing:
        role.escalates_to = roles.get(ROLES[role.key][2])
    WorkRole.objects.bulk_update(missing, ["escalates_to"])
    return roles


def _flow(flow: Flow, steps: tuple[Step, ...], roles: dict[str, WorkRole], **version: Any) -> None:
    now = timezone.now()
    flow.save(force_insert=True)
    made = FlowVersion.objects.create(flow=flow, number=1, made_at=now, **version)
    stages = [
        Stage(
            version=made, no=no, key=step.key, name=step.name, customer_label=step.label, words=step.words,
            owner_role=roles[step.role], due_minutes=None if step.due is None else int(step.due * HOUR),
            **{name: roles[value] if name == "escalate_role" else value for name, value in step.more.items()},
        )
        for no, step in enumerate(steps, 1)
    ]  # fmt: skip
    Stage.objects.bulk_create(stages)
    StageReminder.objects.bulk_create(
        StageReminder(stage=stage, no=no, **reminder | {"role": roles.get(reminder["role"])})
        for stage, step in zip(stages, steps, strict=True)
        for no, reminder in enumerate(step.reminders, 1)
    )
    made.published_at = now
    made.save(update_fields=["published_at"])
    flow.published = made
    flow.save(update_fields=["published"])
