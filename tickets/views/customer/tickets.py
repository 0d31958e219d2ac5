"""A signed-in customer's tickets: the list, one of them, and what can be done with it."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import PersonRequest
from supportdesk.lib.audience import customer_only
from supportdesk.lib.private_pages import private, too_soon
from supportdesk.lib.throttle import Limit, hit
from tickets import customer_queries
from tickets.access import customer_ticket_for
from tickets.actions import answer as answers
from tickets.actions import looked as looking
from tickets.actions import state
from tickets.actions.attach import CannotAttach, store_upload
from tickets.choices import Category, Channel
from tickets.customer_lists import STANDINGS, Wanted, page_of, parts_of
from tickets.forms.customer import AnswerForm
from tickets.models import Ticket
from tickets.refusals import Refused
from tickets.views.customer.pages import download, keeps_words, shown_picture, words_kept

ANSWERS = Limit("answers of a person", times=60, seconds=3600)


@customer_only
@private
@require_safe
def ticket_list(request: PersonRequest) -> HttpResponse:
    """Own tickets, and colleagues' on the second tab where the organisation allows it."""
    shares = customer_queries.sees_colleagues(request.user)
    wanted = Wanted.of(request.GET, shares=shares)
    rows, following = page_of(request.user, wanted, now=timezone.now())
    context = {
        "section": "tickets",
        "rows": rows,
        "wanted": wanted,
        "standings": [(name, words, wanted.address(standing=name)) for name, (words, _) in STANDINGS.items()],
        "any_standing": wanted.address(standing=""),
        "mine": wanted.address(of=""),
        "everybodys": wanted.address(of="everybody"),
        "newest": wanted.address(),
        "older": wanted.address(before=following) if following else "",
        "following": following,
        "shares": shares,
    }
    return render(request, "tickets/customer/ticket_list.html", context)


@customer_only
@private
@require_safe
def ticket(request: PersonRequest, pk: int) -> HttpResponse:
    """One conversation. A merged one leads to where it goes on."""
    row = customer_ticket_for(request.user, pk)
    if row.pk != pk:
        return redirect("customer:ticket", row.pk)
    kept = words_kept(request)
    return _page(request, row, AnswerForm(initial={"text": kept}), is_kept=bool(kept))


@keeps_words
@customer_only
@private
@require_POST
def answer(request: PersonRequest, pk: int) -> HttpResponse:
    """The customer's next message. A closed ticket opens again."""
    now = timezone.now()
    row = customer_ticket_for(request.user, pk)
    form = AnswerForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    wait = hit(ANSWERS, str(request.user.pk), now=now)
    if wait:
        return too_soon(_page(request, row, form, status=429, refusal="answers"), wait)
    try:
        uploads = [store_upload(upload=each, now=now) for each in form.cleaned_data["attachments"]]
        answers.answer(
            ticket=row,
            person=request.user,
            text=form.cleaned_data["text"],
            channel=Channel.WEB,
            attachments=uploads,
            now=now,
        )
    except CannotAttach as refusal:
        form.add_error("attachments", str(refusal))
        return _page(request, row, form, status=422)
    except Refused as refusal:
        form.add_error("text", str(refusal))
        return _page(request, row, form, status=422)
    messages.success(request, f"We have your answer. It stands at the end of ticket {row.pk}.")
    return redirect("customer:ticket", row.pk)


@customer_only
@private
@require_POST
def looked(request: PersonRequest, pk: int) -> HttpResponse:
    """The customer has the page before them. Its script says so, or a button; opening it changes nothing (S38)."""
    row = customer_ticket_for(request.user, pk)
    newest = request.POST.get("newest", "")
    if newest.isascii() and newest.isdigit() and len(newest) < 19:
        looking.note_looked(ticket=row, person=request.user, newest=int(newest))
    return redirect("customer:ticket", row.pk)


@customer_only
@private
@require_POST
def close(request: PersonRequest, pk: int) -> HttpResponse:
    """“My question is answered.”"""
    row = _own(request, pk)
    state.close_ticket(ticket=row, by=request.user, reason=None, now=timezone.now())
    messages.success(request, f"Ticket {row.pk} is closed. If anything is left, write below and it opens again.")
    return redirect("customer:ticket", row.pk)


@customer_only
@private
@require_POST
def reopen(request: PersonRequest, pk: int) -> HttpResponse:
    """“It is not solved after all.”"""
    row = _own(request, pk)
    if row.category == Category.CLOSED and row.merged_into_id is None:
        state.reopen_ticket(ticket=row, by=request.user, now=timezone.now())
        messages.success(request, f"Ticket {row.pk} is open again. Tell us below what is left to do.")
    return redirect("customer:ticket", row.pk)


@customer_only
@private
@require_safe
def picture(request: PersonRequest, pk: int, file_pk: int) -> HttpResponseBase:
    """The same file as a picture on the page, if its bytes say that it is one."""
    row = customer_ticket_for(request.user, pk)
    return shown_picture(customer_queries.attachment_of(row, file_pk, now=timezone.now()))


@customer_only
@private
@require_safe
def file(request: PersonRequest, pk: int, file_pk: int) -> HttpResponseBase:
    """A file of a message that this customer may read (S23)."""
    row = customer_ticket_for(request.user, pk)
    found = customer_queries.attachment_of(row, file_pk, now=timezone.now())
    if found is None:
        raise Http404
    return download(found)


def _own(request: PersonRequest, pk: int) -> Ticket:
    """Only who asked can say that it is answered; everybody else may see and write."""
    row = customer_ticket_for(request.user, pk)
    if row.requester_id != request.user.pk:
        raise Http404
    return row


def _page(
    request: PersonRequest,
    row: Ticket,
    form: AnswerForm,
    *,
    status: int = 200,
    refusal: str = "",
    is_kept: bool = False,
) -> HttpResponse:
    now = timezone.now()
    context = {
        "section": "tickets",
        "ticket": row,
        "thread": customer_queries.thread_for(row, now=now, whole="whole" in request.GET),
        "next_step": customer_queries.next_step(row, now),
        "part_of": parts_of(request.user, [row]).get(row.pk),
        "is_own": row.requester_id == request.user.pk,
        "is_closed": row.category == Category.CLOSED,
        "form": form,
        "refusal": refusal,
        "is_kept": is_kept,
        "has_script": True,
    }
    return render(request, "tickets/customer/ticket.html", context, status=status)
