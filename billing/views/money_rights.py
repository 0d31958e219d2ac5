"""Admins: who may refund, give discounts and open free accounts, how much each role may give, and what was given."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import can
from accounts.door import done, may, saved
from accounts.models import Person
from accounts.requests import PersonRequest
from billing import allowances, queries_desk_money
from billing.actions import money_rights
from billing.choices import MoneyRightKind
from billing.forms.money_rights import LimitsForm
from billing.refusals import Refused
from billing.views.catalogue import page

LARGEST = 2**63 - 1


@may("store.see")
@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    """Rights, limits, and what was given lately."""
    return _page(request)


@may("money.set_up")
@require_POST
def keep_limits(request: PersonRequest) -> HttpResponse:
    """What each role may give from now on."""
    form = _form(request.POST)

    def keep(entered: dict) -> None:
        money_rights.set_limits(by_role=form.limits, by=request.user, now=timezone.now())

    if saved(request, form, keep, refusals=(Refused,), words="These limits hold from now on."):
        return redirect("billing:money_rights")
    return _page(request, form)


@may("money.set_up")
@require_POST
def change_right(request: PersonRequest, pk: int, right: str) -> HttpResponse:
    """Give a right to a person, or take it away."""
    if right not in MoneyRightKind.values:
        raise Http404
    person, kind = get_object_or_404(Person, pk=min(pk, LARGEST)), MoneyRightKind(right)
    if request.POST.get("on") == "no":
        money_rights.revoke_right(person=person, right=kind, by=request.user, now=timezone.now())
        messages.success(request, f"{person.shown_name} no longer has the right: {kind.label.lower()}.")
    else:
        done(
            request,
            lambda: money_rights.grant_right(person=person, right=kind, by=request.user, now=timezone.now()),
            refusals=(Refused,),
            words=f"{person.shown_name} has the right: {kind.label.lower()}.",
        )
    return redirect("billing:money_rights")


def _form(typed=None) -> LimitsForm:
    return LimitsForm(typed, limits=allowances.limits_by_role(), currency=allowances.currency())


def _page(request: PersonRequest, form: LimitsForm | None = None) -> HttpResponse:
    return page(
        request,
        "money_rights",
        "money_rights",
        form=form if form and form.errors else None,
        limits_form=form or _form(),
        holders=queries_desk_money.holders(),
        kinds=MoneyRightKind.choices,
        given=queries_desk_money.given_lately(),
        may_set_up=can(request.user, "money.set_up"),
        now=timezone.now(),
    )
