"""What problems say beside a ticket, and how an article is used beside its page in the wiki."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import can
from accounts.door import done
from accounts.requests import PersonRequest
from insights import queries_articles, queries_problem_page
from insights.actions import problems as acting
from insights.forms_problems import LinkForm
from insights.refusals import Refused
from knowledgebase.models import Article
from supportdesk.lib.audience import staff_only
from tickets.access import ticket_for
from tickets.views.desk.pages import worker_only


@require_safe
@staff_only
def problem(request: PersonRequest, pk: int) -> HttpResponse:
    """The panel alone for htmx, a page for everybody else."""
    return _panel(request, pk, LinkForm())


@require_POST
@worker_only
def link(request: PersonRequest, pk: int) -> HttpResponse:
    """The ticket asks because of that problem."""
    ticket, form = ticket_for(request.user, pk), LinkForm(request.POST)
    if not form.is_valid():
        return _panel(request, pk, form, status=422)
    chosen = form.cleaned_data["problem"]
    done(
        request, lambda: acting.link(problem=chosen, ticket=ticket, by=request.user, now=timezone.now()),
        refusals=(Refused,), words=f"Ticket {ticket.pk} is linked: its customer hears of the fix.",
    )  # fmt: skip
    return redirect("desk:short_address", ticket.pk)


@require_POST
@worker_only
def unlink(request: PersonRequest, pk: int, problem: int) -> HttpResponse:
    """It has nothing to do with that problem."""
    ticket, linked = ticket_for(request.user, pk), queries_problem_page.problem_of(problem)
    if linked is None:
        raise Http404
    done(
        request, lambda: acting.unlink(problem=linked, ticket=ticket, by=request.user, now=timezone.now()),
        refusals=(Refused,), words=f"Ticket {ticket.pk} is not linked any more.",
    )  # fmt: skip
    return redirect("desk:short_address", ticket.pk)


@require_safe
@staff_only
def used(request: PersonRequest, pk: int) -> HttpResponse:
    """Whether an article works: how often it is sent, what readers say, which reasons and problems lean on it."""
    article = Article.objects.readable_by(request.user).filter(pk=pk).first() if 0 < pk < 2**63 else None
    if article is None:
        raise Http404
    context = {"article": article, "use": queries_articles.use_of(article, now=timezone.now()), "section": "wiki"}
    return render(request, _template(request, "article_used"), context)


def _panel(request: PersonRequest, pk: int, form: LinkForm, *, status: int = 200) -> HttpResponse:
    ticket = ticket_for(request.user, pk)
    linked = queries_problem_page.problems_of_ticket(ticket)
    context = {
        "ticket": ticket, "linked": linked, "form": form, "section": "inbox",
        "suggested": None if linked else queries_problem_page.suggested_problem(ticket),
        "may_work": can(request.user, "tickets.work"), "may_read": can(request.user, "insights.see"),
    }  # fmt: skip
    return render(request, _template(request, "ticket_problem"), context, status=status)


def _template(request: PersonRequest, name: str) -> str:
    is_part = request.headers.get("HX-Request") == "true"
    return f"insights/_{name}.html" if is_part else f"insights/{name}.html"
