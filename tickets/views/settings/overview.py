"""The front page of the settings, the journal, and whether mail moves."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import can
from accounts.models import Person
from accounts.requests import PersonRequest
from supportdesk.lib.audience import staff_only
from tickets import setup_queries
from tickets.actions import set_aside
from tickets.refusals import Refused
from tickets.views.settings.door import key_of, may, page

# (address, icon, heading, what is there, the right that it takes to look; none: everybody on the staff)
PAGES: dict[str, list[tuple[str, str, str, str, str | None]]] = {
    "Mail": [
        ("mailboxes", "inbox", "Mailboxes", "Our addresses, their servers, and which team reads them", "journal.see"),
        ("sources", "inbox", "Sources", "Where customers write, counted every morning", "journal.see"),
        ("health", "send", "Sending health", "Queues, failures, and when each mailbox was last fetched", "journal.see"),
    ],
    "The desk": [
        ("teams", "people", "Teams", "Who shares a queue, who leads it, what it promises", None),
        ("statuses", "list", "States", "What the desk calls each step of a ticket", None),
        ("reasons", "flag", "Contact reasons", "Why people write, chosen when a ticket is closed", None),
        ("fields", "list", "Fields", "What this desk wants to know about its tickets", None),
        ("tags", "flag", "Tags", "The words that tickets carry, renamed and made one", None),
        ("contact_forms", "pen", "Contact forms", "Where people ask: here, and inside other sites", None),
        ("templates", "bolt", "Reply templates", "Words that agents insert and read before they send", None),
    ],
    "By itself": [
        ("rules", "bolt", "Rules", "What the desk does when something happens or time has passed", None),
        ("macros", "list", "Macros", "Words and steps that agents apply with one key", None),
        ("teamwork", "people", "Assignment and reminders", "Who gets the next ticket, and who is away", None),
        ("flows", "send", "Flows", "What happens to an order or an inquiry, stage by stage, and when", None),
    ],
    "Promises": [
        ("calendars", "calendar", "Calendars", "When the desk is open, and on which days it is not", None),
        ("levels", "clock", "Service levels", "How long each answer may take, and who is told", None),
        ("entitlements", "key", "Entitlements", "Who has priority support, and what of the store brings it", None),
        ("scope", "check", "What we support", "How far we help with what, from which day on", None),
    ],
    "Store": [
        ("shop:products", "list", "Products", "What is sold, for how much, and what shipping costs", "store.see"),
        ("shop:coupons", "receipt", "Coupons", "Sums and shares off, and who was given one", "store.see"),
        (
            "billing:money_rights",
            "refund",
            "What the desk may give",
            "Who refunds and gives, and how much",
            "store.see",
        ),
        ("shop:taxes", "bank", "Taxes", "Which taxes apply where, and from when", "store.see"),
    ],
    "Beyond the desk": [
        ("selfservice:review_rules", "review", "Daily review", "When, above what two decide, reasons", "desk.set_up"),
        ("insights:costs", "bank", "Costs and goals", "What an hour and a month of support cost", "desk.set_up"),
        ("insights:survey_rules", "smile", "Surveys", "Asking customers how it went", "desk.set_up"),
        ("insights:customer_day_rules", "people", "Customer Day", "Everybody answers once a quarter", "desk.set_up"),
        ("insights:invoice_rules", "receipt", "Invoice questions", "Which reasons, and whose they are", "desk.set_up"),
        ("insights:goals_setup", "flag", "What support is for", "Words and figures everybody reads", "desk.set_up"),
        ("training:settings", "calendar", "Training", "What customers book, who gives it and when", "training.see"),
        ("settings:webhooks", "link", "Webhooks", "Other programs that learn what happens here", "desk.set_up"),
        ("settings:imports", "download", "Import tickets", "Tickets and people of another desk", "desk.set_up"),
    ],
    "People": [
        ("people", "person-plus", "People", "Who may do what; invite, give roles, shut out", None),
        (
            "process_rules",
            "book",
            "Learning from tickets",
            "What a new client’s first ticket has to teach",
            "desk.automate",
        ),
        ("work_roles", "list", "Work roles", "Who does what in processes and flows, and who when nobody is left", None),
        ("organisations", "bank", "Organisations", "Customers' companies and who belongs to them", None),
        ("back_office", "key", "Customers' accounts", "How long changes wait, how much is read", "desk.set_up"),
        ("journal", "history", "Journal", "Who did what and when; nothing in it can be changed", "journal.see"),
    ],
}


@staff_only
@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """Everything that can be set up, as far as this person may see it."""
    groups = [
        (heading, [entry for entry in entries if entry[4] is None or can(request.user, entry[4])])
        for heading, entries in PAGES.items()
    ]
    return page(request, "index", "index", groups=[(heading, entries) for heading, entries in groups if entries])


@may("journal.see")
@require_safe
def journal(request: PersonRequest) -> HttpResponse:
    """Who did what, the newest first. Each filter is a link or a field; none of them reaches further than itself."""
    wanted = {name: request.GET.get(name, "").replace("\x00", "").strip()[:120] for name in ("action", "subject")}
    by = Person.objects.filter(pk=key_of(request.GET.get("by"))).first() if request.GET.get("by") else None
    entries, following = setup_queries.journal_page(by=by, before=key_of(request.GET.get("before")), **wanted)
    return page(request, "journal", "journal", entries=entries, following=following, by=by, wanted=wanted)


@may("journal.see")
@require_safe
def health(request: PersonRequest) -> HttpResponse:
    """Whether mail comes in and goes out."""
    return page(request, "health", "health", health=setup_queries.mail_health(timezone.now()))


@may("desk.set_up")
@require_POST
def let_mail_go(request: PersonRequest) -> HttpResponse:
    """End the pause after a restore: with all that waits, or without what was written before."""
    leave_out = request.POST.get("old") == "leave-out"
    try:
        waited = set_aside.let_mail_go(leave_out=leave_out, by=request.user, now=timezone.now())
        kept = f" {waited.old} written before the pause will not be sent." if leave_out and waited.old else ""
        messages.success(request, f"Mail leaves again.{kept}")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("settings:health")
