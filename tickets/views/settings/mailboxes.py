"""Our mailboxes: their servers, their team, and a try whether they answer."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from mail.models import Mailbox
from mail.probe import probe
from tickets import setup_queries
from tickets.actions.setup import mailboxes
from tickets.forms.settings.desk import RouteForm
from tickets.forms.settings.mailboxes import MailboxForm
from tickets.views.settings.door import may, page, saved

REFUSALS = (mailboxes.CannotSetUpMailbox,)


@may("journal.see")
@require_safe
def mailbox_list(request: PersonRequest) -> HttpResponse:
    """Our addresses, who reads them, and whether their servers answer."""
    return page(request, "mailbox_list", "mailboxes", mailboxes=setup_queries.mailboxes())


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def new_mailbox(request: PersonRequest) -> HttpResponse:
    """Set up a mailbox."""
    posted = request.POST if request.method == "POST" else None
    form, route = MailboxForm(posted), RouteForm(posted)

    def create(_: dict) -> None:
        mailboxes.create_mailbox(**_entered(form, route), by=request.user, now=timezone.now())

    if _are_valid(form, route) and saved(
        request, form, create, refusals=REFUSALS, field="address", words="The mailbox is ready."
    ):
        return redirect("settings:mailboxes")
    return _mailbox(request, form, route, None)


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def mailbox(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a mailbox."""
    row = get_object_or_404(Mailbox.objects.select_related("route"), pk=pk)
    posted = request.POST if request.method == "POST" else None
    route_now = getattr(row, "route", None)
    shown = {"team": route_now.team_id, "priority": route_now.priority} if route_now else None
    form = MailboxForm(posted, mailbox=row, initial=MailboxForm.initial_for(row))
    route = RouteForm(posted, initial=shown)

    def change(_: dict) -> None:
        mailboxes.change_mailbox(mailbox=row, **_entered(form, route), by=request.user, now=timezone.now())

    if _are_valid(form, route) and saved(
        request, form, change, refusals=REFUSALS, field="address", words=f"{row.address} is changed."
    ):
        return redirect("settings:mailbox", row.pk)
    return _mailbox(request, form, route, row)


@may("desk.set_up")
@require_POST
def try_mailbox(request: PersonRequest, pk: int) -> HttpResponse:
    """Sign in to the servers as they are stored, and show what they answered."""
    row = get_object_or_404(Mailbox.objects.select_related("route__team"), pk=pk)
    return page(request, "mailbox_answers", "mailboxes", mailbox=row, answers=probe(row))


def _are_valid(form: MailboxForm, route: RouteForm) -> bool:
    # Both are checked before the page is shown again, so that every problem shows at once.
    return all([form.is_valid(), route.is_valid()])


def _entered(form: MailboxForm, route: RouteForm) -> dict:
    return {"settings": form.settings(), "aliases": form.cleaned_data["aliases"], **route.cleaned_data}


def _mailbox(request: PersonRequest, form: MailboxForm, route: RouteForm, row: Mailbox | None) -> HttpResponse:
    groups = {name: [form[field] for field in fields] for name, fields in form.groups.items()}
    response = page(request, "mailbox_form", "mailboxes", form=form, route=route, groups=groups, mailbox=row)
    if route.errors:
        response.status_code = 422
    return response
