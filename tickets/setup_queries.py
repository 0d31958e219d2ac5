"""What the settings show: the desk as it is set up, and whether its mail moves."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Prefetch, Q, QuerySet

from accounts.models import (
    Grant,
    Invite,
    JournalEntry,
    Membership,
    Organisation,
    Person,
    WorkRole,
    WorkRoleMember,
)
from mail.actions import outbox
from mail.actions.outbox import Outbox
from mail.choices import UNFINISHED, MailState, RawState
from mail.models import Mailbox, OutgoingMail, RawMail
from tickets.models import (
    BusinessCalendar,
    ContactReason,
    InboxSource,
    ReplyTemplate,
    ServiceLevel,
    Status,
    Team,
    TeamMember,
)

PAGE_SIZE = 50
LONGEST_QUERY = 200
SHORTEST_COMPLAINT = timedelta(minutes=15)


def teams() -> list[Team]:
    """Every team with its lead, service level and members, by name. Two queries."""
    members = TeamMember.objects.select_related("person").order_by("person__name", "person__email")
    rows = Team.objects.select_related("lead", "service_level").prefetch_related(Prefetch("members", members))
    return list(rows.order_by("name", "pk"))


def work_roles() -> list[WorkRole]:
    """Every work role with its people and where it escalates to, by name. Two queries."""
    members = WorkRoleMember.objects.select_related("person").order_by("person__name", "person__email")
    rows = WorkRole.objects.select_related("escalates_to").prefetch_related(Prefetch("members", members))
    return list(rows.order_by("name", "pk"))


def statuses() -> list[Status]:
    """Every state with how many tickets have it (`tickets`). One query."""
    return list(Status.objects.annotate(tickets=Count("ticket")).order_by("position", "pk"))


@dataclass
class Branch:
    """A contact reason with what stands below it. `level` is 1 at the top; `path` is its whole name."""

    reason: ContactReason
    level: int
    path: str
    children: list["Branch"]


def reason_tree() -> list[Branch]:
    """Contact reasons by name, retired ones after the others at each level. One query."""
    below: dict[int | None, list[ContactReason]] = {}
    for reason in ContactReason.objects.order_by("-is_active", "name", "pk"):
        below.setdefault(reason.parent_id, []).append(reason)
    return _branches(below, None, 1, "")


def flat(branches: list[Branch]) -> list[Branch]:
    """The tree from top to bottom."""
    return [each for branch in branches for each in (branch, *flat(branch.children))]


def calendars() -> list[BusinessCalendar]:
    """Every calendar with its hours and own days, by name. Three queries."""
    return list(BusinessCalendar.objects.prefetch_related("intervals", "holidays").order_by("name", "pk"))


def levels() -> list[ServiceLevel]:
    """Every service level with its targets, the default first. Two queries."""
    rows = ServiceLevel.objects.select_related("calendar", "escalate_to").prefetch_related("targets")
    return list(rows.order_by("-is_default", "name", "pk"))


def own_templates(person) -> list[ReplyTemplate]:
    """What a person keeps for themselves, by folder. One query."""
    return list(ReplyTemplate.objects.filter(owner=person).order_by("folder", "name", "pk"))


def template_folders(person) -> list[str]:
    """The folders in use that a person sees, for the form to suggest. One query."""
    seen = ReplyTemplate.objects.filter(Q(owner=None) | Q(owner=person)).exclude(folder="").order_by("folder")
    return list(seen.values_list("folder", flat=True).distinct()[:200])


def templates() -> list[ReplyTemplate]:
    """Reply templates by name."""
    shared = ReplyTemplate.objects.filter(owner=None).select_related("team")
    return list(shared.order_by("folder", "name", "pk"))


def mailboxes() -> list[Mailbox]:
    """Mailboxes with their route and other addresses, by address. Two queries."""
    rows = Mailbox.objects.select_related("route__team").prefetch_related("aliases")
    return list(rows.order_by("address", "pk"))


def people_page(*, words: str, staff_only: bool, before: int | None) -> tuple[list[Person], int | None]:
    """People with their roles, the newest first, whose name or address holds `words`. Two queries."""
    people = Person.objects.with_roles()
    if staff_only:
        people = people.filter(Q(pk__in=Grant.objects.filter(revoked_at=None).values("person")))
    words = words.replace("\x00", "").strip()[:LONGEST_QUERY]
    if words:
        people = people.filter(Q(name__icontains=words) | Q(email__icontains=words))
    if before is not None:
        people = people.filter(pk__lt=before)
    memberships = Prefetch("memberships", Membership.objects.select_related("organisation").order_by("pk"))
    return _cut(people.prefetch_related(memberships).order_by("-pk"))


def open_invites(now: datetime) -> list[Invite]:
    """Invitations that still work, the newest first."""
    return list(Invite.objects.open(now).select_related("invited_by").order_by("-pk"))


def organisations_page(*, words: str, before: int | None) -> tuple[list[Organisation], int | None]:
    """Organisations with how many people they have (`people`), the newest first."""
    rows = Organisation.objects.annotate(people=Count("memberships"))
    words = words.replace("\x00", "").strip()[:LONGEST_QUERY]
    if words:
        rows = rows.filter(Q(name__icontains=words) | Q(domain__icontains=words))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return _cut(rows.order_by("-pk"))


def journal_page(
    *, by: Person | None, action: str, subject: str, before: int | None
) -> tuple[list[JournalEntry], int | None]:
    """Entries of the journal, the newest first. `action` and `subject` match their beginning."""
    rows = JournalEntry.objects.select_related("by")
    if by is not None:
        rows = rows.filter(by=by)
    if action:
        rows = rows.filter(action__startswith=action)
    if subject:
        rows = rows.filter(subject=subject)
    if before is not None:
        rows = rows.filter(number__lt=before)
    found = list(rows.order_by("-number")[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], found[PAGE_SIZE - 1].number if len(found) > PAGE_SIZE else None


@dataclass(frozen=True)
class Health:
    """Whether mail moves. Moments are None where nothing waits."""

    queued: int
    oldest_queued_at: datetime | None
    failed: int
    sent_today: int
    last_sent_at: datetime | None
    waiting_in: int
    oldest_in_at: datetime | None
    quarantined: int
    failures: list[OutgoingMail]
    mailboxes: list[Mailbox]
    is_slow: bool
    paused: Outbox | None


def mail_health(now: datetime) -> Health:
    """Queues, failures of the last week and each mailbox. Six queries, or nine while mail is paused."""
    due = OutgoingMail.objects.filter(state__in=UNFINISHED, not_before__lte=now)
    queue = due.aggregate(count=Count("pk"), oldest=Min("not_before"))
    week = now - timedelta(days=7)
    failed = OutgoingMail.objects.filter(state=MailState.FAILED, created_at__gt=week)
    sent = OutgoingMail.objects.filter(state=MailState.SENT, sent_at__gt=now - timedelta(days=1))
    sent_today = sent.aggregate(count=Count("pk"), last=Max("sent_at"))
    incoming = RawMail.objects.filter(state__in=(RawState.PENDING, RawState.QUARANTINED)).aggregate(
        pending=Count("pk", filter=Q(state=RawState.PENDING)),
        oldest=Min("received_at", filter=Q(state=RawState.PENDING)),
        quarantined=Count("pk", filter=Q(state=RawState.QUARANTINED)),
    )
    failures = list(failed.order_by("-created_at", "-pk")[:PAGE_SIZE])
    oldest = queue["oldest"]
    return Health(
        queued=queue["count"],
        oldest_queued_at=oldest,
        failed=len(failures),
        sent_today=sent_today["count"],
        last_sent_at=sent_today["last"],
        waiting_in=incoming["pending"],
        oldest_in_at=incoming["oldest"],
        quarantined=incoming["quarantined"],
        failures=failures,
        mailboxes=list(Mailbox.objects.order_by("address", "pk")),
        is_slow=oldest is not None and oldest < now - SHORTEST_COMPLAINT,
        paused=outbox.look(now=now),
    )


def _cut(rows: QuerySet) -> tuple[list, int | None]:
    found = list(rows[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None


def _branches(below: dict[int | None, list[ContactReason]], parent: int | None, level: int, path: str) -> list[Branch]:
    branches = []
    for reason in below.get(parent, []):
        whole = f"{path} › {reason.name}" if path else reason.name
        branches.append(Branch(reason, level, whole, _branches(below, reason.pk, level + 1, whole)))
    return branches


def sources() -> list[InboxSource]:
    """Every place in which customers write, by name. One query."""
    return list(InboxSource.objects.select_related("mailbox", "team").order_by("name"))
