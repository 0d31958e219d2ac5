"""An observation of a Customer Day: how far it is, and who owns it."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.door import saved
from accounts.requests import PersonRequest
from insights.actions import observations as acting
from insights.forms_programmes import HandOverForm, MoveForm
from insights.models import Observation
from insights.programme_choices import UNFINISHED
from insights.refusals import Refused
from supportdesk.lib.audience import staff_only


@require_safe
@staff_only
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """What was noticed, and every step since."""
    return _page(request, _observation(pk))


@require_POST
@staff_only
def move(request: PersonRequest, pk: int) -> HttpResponse:
    """Say how far it is."""
    row = _observation(pk)
    form = MoveForm(request.POST, state=row.state)

    def act(entered: dict) -> None:
        acting.move(observation=row, **entered, by=request.user, now=timezone.now())

    is_valid = form.is_valid()
    if saved(request, form, act, refusals=(Refused,), words="Noted.", field="words"):
        return redirect("insights:observation", row.pk)
    return _page(request, _observation(pk), move=form, status=409 if is_valid else 422)


@require_POST
@staff_only
def hand_over(request: PersonRequest, pk: int) -> HttpResponse:
    """Another owner, or another date."""
    row, form = _observation(pk), HandOverForm(request.POST)

    def act(entered: dict) -> None:
        acting.hand_over(observation=row, **entered, by=request.user, now=timezone.now())

    is_valid = form.is_valid()
    if saved(request, form, act, refusals=(Refused,), words="Saved.", field="due"):
        return redirect("insights:observation", row.pk)
    return _page(request, _observation(pk), hand=form, status=409 if is_valid else 422)


def _observation(pk: int) -> Observation:
    rows = Observation.objects.select_related("day__person", "owner")
    row = rows.filter(pk=pk).first() if 0 < pk < 2**63 else None
    if row is None:
        raise Http404
    return row


def _page(
    request: PersonRequest, row: Observation, *, move: MoveForm | None = None, hand: HandOverForm | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    may_move = acting.may_move(request.user, row) and row.state in UNFINISHED
    context = {
        "section": "insights", "here": "customer_day", "now": timezone.now(), "observation": row, "may_move": may_move,
        "moves": list(row.moves.select_related("by").order_by("at", "pk")), "form": move or hand,
        "move_form": move or (MoveForm(state=row.state) if may_move else None),
        "hand_form": hand or HandOverForm(initial={"owner": row.owner_id, "due": row.due}),
    }  # fmt: skip
    return render(request, "insights/observation.html", context, status=status)
