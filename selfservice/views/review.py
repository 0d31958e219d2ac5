"""The daily review: one request on the screen, two key presses for each, and what was done at the end (R33)."""

from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.door import may
from accounts.requests import PersonRequest
from selfservice import review_pages
from selfservice.actions import review as decisions
from selfservice.actions import review_work
from selfservice.choices import Kind, Verdict
from selfservice.forms.review import OWN_WORDS, DecideForm, SecondForm
from selfservice.models import Decision, ReviewReason
from selfservice.review_pages import Typed
from selfservice.review_queue import Item, item_for
from supportdesk.lib import money

ITEM, REASONS = "selfservice/review/item.html", "selfservice/review/reject.html"
KEPT = ("amount", "valid_until", "words", "does", "much", "reason")


@require_safe
@may("reviews.decide")
def review(request: PersonRequest) -> HttpResponse:
    """Whatever is before this person: the same on every device, until it is decided or skipped (U35)."""
    return _page(request, timezone.now())


@require_POST
@may("reviews.decide")
def here(request: PersonRequest) -> HttpResponse:
    """A page of the review is open."""
    review_work.be_here(person=request.user, now=timezone.now())
    return HttpResponse(status=204)


@require_POST
@may("reviews.decide")
def decide(request: PersonRequest, kind: str, pk: int) -> HttpResponseBase:
    """Approve, or say why not; then the next one."""
    now, item = timezone.now(), _item(request, kind, pk)
    currency = item.currency if item else "USD"
    form = DecideForm(request.POST, kind=Kind(kind), currency=currency)
    if not form.is_valid():
        return _page(request, now, typed=_typed(request, kind, pk, form.complaints), status=422)
    verdict, reason, problem = _answer(form, kind)
    if problem:
        template = ITEM if not form.says_no or request.headers.get("HX-Request") == "true" else REASONS
        return _page(request, now, typed=_typed(request, kind, pk, problem), status=422, template=template)
    try:
        decisions.decide(
            kind=kind, subject=pk, verdict=verdict, amount=form.cleaned_data["amount"], valid_until=form.valid_day,
            reason=reason, by=request.user, key=form.cleaned_data["key"], now=now,
        )  # fmt: skip
    except decisions.WrongAnswer as refusal:
        return _page(request, now, typed=_typed(request, kind, pk, {refusal.field: str(refusal)}), status=422)
    except decisions.CannotDecide as refusal:
        return _page(request, now, said=str(refusal), status=_status(refusal))
    return _onwards(request, now)


@require_safe
@may("reviews.decide")
def reject(request: PersonRequest, kind: str, pk: int) -> HttpResponse:
    """The reasons to say no, on a page of their own for those without script."""
    now, item = timezone.now(), _item(request, kind, pk)
    if item is None:
        return _page(request, now, said="It is no longer open: it was decided or withdrawn meanwhile.", status=409)
    return _page(request, now, template=REASONS)


@require_safe
@may("reviews.decide")
def effects(request: PersonRequest, kind: str, pk: int) -> HttpResponse:
    """What approving the typed amount will do (U32)."""
    item = _item(request, kind, pk)
    if item is None:
        return HttpResponse(status=204)  # decided meanwhile: the page that asks is about to go
    problem, amount = "", None
    try:
        amount = money.parse(request.GET.get("amount", "")[:40], item.currency)
        if amount <= 0:
            problem = "Enter an amount above zero."
    except money.NotAnAmount as refusal:
        problem = str(refusal)
    facts, rows = review_pages.effects_of(item, None if problem else amount, timezone.now())
    if amount is not None and 0 < amount <= facts.has:
        problem = decisions.no_more_than(facts.has, facts.currency)
    if not problem and facts.most is not None and amount is not None and amount > facts.most:
        problem = f"Enter at most {money.shown(facts.most, facts.currency)}."
    shown = money.shown(amount, facts.currency) if amount is not None and not problem else ""
    context = {
        "item": item, "effects": [] if problem else rows, "problem": problem, "shown_amount": shown, "facts": facts,
        "is_part": True,
    }  # fmt: skip
    return render(request, "selfservice/review/_effects.html", context, status=422 if problem else 200)


@require_POST
@may("reviews.decide")
def skip(request: PersonRequest, kind: str, pk: int) -> HttpResponseBase:
    """Put it behind the others."""
    now = timezone.now()
    _item(request, kind, pk)
    review_work.skip(person=request.user, kind=kind, subject=pk, now=now)
    return _onwards(request, now)


@require_POST
@may("reviews.decide")
def undo(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Take the last decision back, before anything happens outside (U33)."""
    now, decision = timezone.now(), _decision(pk)
    try:
        decisions.undo(decision=decision, by=request.user, now=now)
    except decisions.CannotUndo as refusal:
        return _page(request, now, said=str(refusal), status=409)
    review_work.take_again(person=request.user, kind=decision.kind, subject=decision.subject, now=now)
    return _onwards(request, now)


@require_POST
@may("reviews.decide")
def second(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Agree, or do not, to what a colleague decided above the threshold (S33)."""
    now, decision, form = timezone.now(), _decision(pk), SecondForm(request.POST)
    if not form.is_valid():
        whole = form.non_field_errors()
        return _page(request, now, said=str(whole[0]) if whole else "Say whether you agree.", status=422)
    try:
        agrees = form.cleaned_data["agrees"] == "yes"
        decisions.second(decision=decision, agrees=agrees, by=request.user, now=now)
    except decisions.CannotDecide as refusal:
        return _page(request, now, said=str(refusal), status=_status(refusal))
    return _onwards(request, now)


def _status(refusal: decisions.CannotDecide) -> int:
    """Nobody may decide for themselves (E7); everything else was overtaken."""
    return 403 if isinstance(refusal, decisions.NotYours) else 409


def _decision(pk: int) -> Decision:
    found = Decision.objects.filter(pk=pk).first() if 0 < pk < 2**63 else None
    if found is None:
        raise Http404
    return found


def _item(request: PersonRequest, kind: str, pk: int) -> Item | None:
    if kind not in Kind.values:
        raise Http404
    return item_for(request.user, kind, pk)


def _answer(form: DecideForm, kind: str) -> tuple[str, str, dict[str, str]]:
    """The verdict, the words that the customer reads, and what is wrong with them."""
    chosen = form.cleaned_data["reason"]
    if not chosen:
        is_yes = form.cleaned_data["verdict"] == Verdict.APPROVE
        return Verdict.APPROVE, "", {} if is_yes else {"reason": "Choose why not."}
    if chosen == OWN_WORDS:
        does = (form.cleaned_data["does"] or Verdict.KEEP) if kind == Kind.CREDIT else Verdict.REJECT
        words = form.cleaned_data["words"].strip()
        return does, words, {} if words else {"words": "Say why. The customer reads it in your words."}
    reasons = ReviewReason.objects.filter(kind=kind, is_active=True)
    reason = reasons.filter(pk=int(chosen)).first() if chosen.isascii() and chosen.isdigit() else None
    if reason is None:
        return Verdict.REJECT, "", {"reason": "Choose one of these reasons."}
    return reason.verdict, reason.words, {}


def _typed(request: PersonRequest, kind: str, pk: int, errors: dict[str, str]) -> Typed:
    return Typed(kind, pk, {name: request.POST[name] for name in KEPT if name in request.POST}, errors)


def _onwards(request: PersonRequest, now: datetime) -> HttpResponseBase:
    """The next one: at once for htmx, by a redirect for everybody else."""
    return _page(request, now) if request.headers.get("HX-Request") == "true" else redirect("selfservice:review")


def _page(
    request: PersonRequest,
    now: datetime,
    *,
    typed: Typed | None = None,
    said: str = "",
    status: int = 200,
    template: str = ITEM,
) -> HttpResponse:
    person, rules = request.user, review_work.rules()
    session = review_work.be_here(person=person, now=now)
    item, waiting = review_work.take_next(person=person, session=session, now=now)
    context = {"section": "review", "said": said, "rules": rules}
    if item is not None:
        try:
            shown = review_pages.context_of(
                person=person, session=session, item=item, waiting=waiting, rules=rules, now=now, typed=typed
            )
        except ObjectDoesNotExist:
            raise Http404 from None
        return _sent(render(request, template, context | shown, status=status))
    review_work.finish(session=session, now=now)
    frame = review_pages.frame_of(person=person, session=session, waiting=waiting, now=now)
    context |= frame | review_pages.end_of(session=session, now=now)
    return _sent(render(request, "selfservice/review/end.html", context, status=status))


def _sent(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
