"""What support somebody has, until when, and who of their organisation may use it."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.addresses import NotAnAddress
from accounts.requests import PersonRequest
from supportdesk.lib.audience import customer_only, signed_in
from supportdesk.lib.private_pages import private, too_soon
from supportdesk.lib.throttle import Limit, hit
from tickets.actions.entitling import contacts
from tickets.entitlements import purchase_path, sells_priority, standing_of
from tickets.forms.colleague import ColleagueForm
from tickets.models import Entitlement
from tickets.refusals import Refused

CHANGES = Limit("changes of who may use support, by a person", times=20, seconds=3600)
TOO_MANY = "Many changes came in a short time. Wait an hour, or ask a person."


@signed_in
@customer_only
@private
@require_safe
def support(request: PersonRequest) -> HttpResponse:
    """All of theirs."""
    return _page(request)


@signed_in
@customer_only
@private
@require_POST
def name(request: PersonRequest, pk: int) -> HttpResponse:
    """Name a colleague."""
    row, form, now = _own(request, pk), ColleagueForm(request.POST, of=pk), timezone.now()
    if not form.is_valid():
        return _page(request, form, status=422)
    if wait := hit(CHANGES, str(request.user.pk), now=now):
        form.add_error("address", TOO_MANY)
        return too_soon(_page(request, form, status=429), wait)
    try:
        address = form.cleaned_data["address"]
        person = contacts.name_colleague(entitlement=row, address=address, by=request.user, now=now)
    except (Refused, NotAnAddress) as refusal:
        form.add_error("address", str(refusal))
        return _page(request, form, status=422)
    messages.success(request, f"{person.email} may use it from now on.")
    return redirect("customer:support")


@signed_in
@customer_only
@private
@require_POST
def take_out(request: PersonRequest, pk: int, person_pk: int) -> HttpResponse:
    """Take somebody out."""
    row = _own(request, pk)
    try:
        contacts.take_out(entitlement=row, person_id=person_pk, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("customer:support")
    messages.success(request, "They may not use it any more. Their tickets keep what they had.")
    return redirect("customer:support")


def _own(request: PersonRequest, pk: int) -> Entitlement:
    row = contacts.entitlements_of(request.user).filter(pk=pk).first() if pk < 2**63 else None
    if row is None:
        raise Http404
    return row


def _page(request: PersonRequest, refused: ColleagueForm | None = None, *, status: int = 200) -> HttpResponse:
    now, found = timezone.now(), []
    rows = contacts.entitlements_of(request.user).prefetch_related("contacts__person").order_by("-pk")
    for row in rows:
        named = [one.person for one in sorted(row.contacts.all(), key=lambda one: one.pk)]
        form = refused if refused is not None and refused.of == row.pk else ColleagueForm(of=row.pk)
        can_name = row.organisation_id is not None and (len(named) < row.most_contacts or form is refused)
        found.append(
            {"row": row, "standing": standing_of(row, now), "named": named, "form": form if can_name else None}
        )
    context = {
        "section": "account", "found": found, "refused": refused,
        "sold_at": purchase_path() if not found and sells_priority() else "",
    }  # fmt: skip
    return render(request, "tickets/customer/support.html", context, status=status)
