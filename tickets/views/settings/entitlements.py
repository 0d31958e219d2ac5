"""Entitlements: who has which, who is named, what of the store brings them, and the secret of sites."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import can
from accounts.models import Person
from accounts.requests import PersonRequest
from billing.actions.numbering import local_day, seller_zone
from supportdesk.lib.audience import staff_only
from tickets.actions.entitling import identity
from tickets.actions.setup import entitlements
from tickets.entitlements import shown, standing_of
from tickets.forms.settings.support import (
    ContactForm,
    EndForm,
    EntitlementForm,
    OfferForm,
    OfferWordsForm,
    first_moment,
)
from tickets.models import Entitlement, PriorityOffer, SupportRules
from tickets.views.settings.door import done, key_of, may, page, saved

REFUSALS = (entitlements.CannotEntitle,)
PAGE = 50
LONGEST = 100
FORM = ["GET", "HEAD", "POST"]
A_DAY = timedelta(days=1)


@staff_only
@require_safe
def entitlement_list(request: PersonRequest) -> HttpResponse:
    """The newest first, searched by organisation, person or name."""
    now, words = timezone.now(), request.GET.get("q", "").replace("\x00", "")[:LONGEST].strip()
    rows = shown(Entitlement.objects.annotate(named=Count("contacts"))).order_by("-pk")
    if words:
        which = Q(name__icontains=words) | Q(organisation__name__icontains=words) | Q(person__name__icontains=words)
        keys = Entitlement.objects.filter(which | Q(contacts__person__email__icontains=words)).values("pk")
        rows = rows.filter(pk__in=keys)
    before = key_of(request.GET.get("before"))
    found = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
    context: dict[str, Any] = {
        "rows": [(row, standing_of(row, now)) for row in found[:PAGE]],
        "following": found[PAGE - 1].pk if len(found) > PAGE else None,
        "words": words,
        "offers": PriorityOffer.objects.select_related("product", "level").order_by("product__position", "pk"),
        "has_secret": bool(SupportRules.objects.filter(pk=1).exclude(identity_secret="").exists()),
        "may_change": can(request.user, "desk.automate"),
        "may_set_up": can(request.user, "desk.set_up"),
        "words_form": OfferWordsForm(initial={"template": _template()}),
    }
    return page(request, "entitlement_list", "entitlements", **context)


@may("desk.automate")
@require_http_methods(FORM)
def new_entitlement(request: PersonRequest) -> HttpResponse:
    """Give priority by hand."""
    now = timezone.now()
    form = EntitlementForm(request.POST if request.method == "POST" else None, initial={"starts_on": local_day(now)})
    zone = seller_zone()

    def create(entered: dict) -> None:
        ends_on = entered.pop("ends_on")
        entitlements.entitle(
            starts_at=first_moment(entered.pop("starts_on"), zone),
            ends_at=first_moment(ends_on + A_DAY, zone) if ends_on else None, by=request.user, now=now, **entered,
        )  # fmt: skip

    try:
        if saved(request, form, create, refusals=(), words="They are entitled. Name more contacts below."):
            return redirect("settings:entitlements")
    except entitlements.CannotEntitle as refusal:
        form.add_error(refusal.field, str(refusal))
    return page(request, "entitlement_form", "entitlements", form=form)


@staff_only
@require_safe
def entitlement(request: PersonRequest, pk: int) -> HttpResponse:
    """One entitlement, its contacts and the tickets that used it."""
    return _entitlement(request, _row(pk), ContactForm())


@may("desk.automate")
@require_POST
def add_contact(request: PersonRequest, pk: int) -> HttpResponse:
    """Name somebody who may use it."""
    row, form = _row(pk), ContactForm(request.POST)

    def add(entered: dict) -> None:
        entitlements.add_contact(entitlement=row, by=request.user, now=timezone.now(), **entered)

    if saved(request, form, add, refusals=REFUSALS, field="address", words="They may use it from now on."):
        return redirect("settings:entitlement", pk)
    return _entitlement(request, row, form)


@may("desk.automate")
@require_POST
def remove_contact(request: PersonRequest, pk: int, person_pk: int) -> HttpResponse:
    """Take somebody out."""
    row, person = _row(pk), get_object_or_404(Person, pk=min(person_pk, 2**63 - 1))
    done(
        request,
        lambda: entitlements.remove_contact(entitlement=row, person=person, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{person.shown_name} may not use it any more. Their tickets keep what they had.",
    )
    return redirect("settings:entitlement", pk)


@may("desk.automate")
@require_POST
def end(request: PersonRequest, pk: int) -> HttpResponse:
    """Let it end."""
    row, form = _row(pk), EndForm(request.POST)

    def act(entered: dict) -> None:
        ends_at = first_moment(entered["ends_on"] + A_DAY, seller_zone())
        entitlements.end(entitlement=row, ends_at=ends_at, by=request.user, now=timezone.now())

    if saved(request, form, act, refusals=REFUSALS, field="ends_on", words="It ends that night."):
        return redirect("settings:entitlement", pk)
    return _entitlement(request, row, ContactForm(), ending=form)


@may("desk.set_up")
@require_http_methods(FORM)
def new_offer(request: PersonRequest) -> HttpResponse:
    """Let a product bring priority, or change what it brings from now on."""
    key = key_of(request.GET.get("product"))
    known = PriorityOffer.objects.filter(product=key).first() if key else None
    names = ("product", "incidents", "lasts_days", "channels", "level", "most_contacts")
    initial = {name: getattr(known, name) for name in names} if known else {"most_contacts": 3}
    form = OfferForm(request.POST if request.method == "POST" else None, initial=initial)

    def save(entered: dict) -> None:
        entitlements.offer(by=request.user, now=timezone.now(), **entered)

    try:
        if saved(request, form, save, refusals=(), words="Whoever buys it is entitled. Plans that run bring it now."):
            return redirect("settings:entitlements")
    except entitlements.CannotEntitle as refusal:
        form.add_error(refusal.field, str(refusal))
    return page(request, "entitlement_offer", "entitlements", form=form)


@may("desk.set_up")
@require_POST
def withdraw_offer(request: PersonRequest, pk: int) -> HttpResponse:
    """Let a product bring nothing any more."""
    row = get_object_or_404(PriorityOffer, pk=min(pk, 2**63 - 1))
    done(
        request,
        lambda: entitlements.withdraw_offer(offer=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words="It brings no priority any more.",
    )
    return redirect("settings:entitlements")


@may("desk.set_up")
@require_POST
def new_secret(request: PersonRequest) -> HttpResponse:
    """Make the secret with which sites sign their users. It is on this page once."""
    secret = identity.new_secret(by=request.user, now=timezone.now())
    response = page(request, "entitlement_secret", "entitlements", secret=secret)
    response["Cache-Control"] = "no-store"
    return response


@may("desk.automate")
@require_POST
def offer_words(request: PersonRequest) -> HttpResponse:
    """What is said to whoever asks for a call and is not entitled."""
    form = OfferWordsForm(request.POST)

    def save(entered: dict) -> None:
        entitlements.say_offer_words(template=entered["template"], by=request.user, now=timezone.now())

    if saved(request, form, save, refusals=REFUSALS, words="Agents offer it in these words."):
        return redirect("settings:entitlements")
    return page(request, "entitlement_words", "entitlements", form=form)


def _row(pk: int) -> Entitlement:
    return get_object_or_404(shown(Entitlement.objects.all()), pk=min(pk, 2**63 - 1))


def _template() -> int | None:
    return SupportRules.objects.filter(pk=1).values_list("offer_template", flat=True).first()


def _entitlement(
    request: PersonRequest, row: Entitlement, form: ContactForm, *, ending: EndForm | None = None
) -> HttpResponse:
    now = timezone.now()
    context: dict[str, Any] = {
        "entitlement": row,
        "standing": standing_of(row, now),
        "contacts": row.contacts.select_related("person").order_by("person__name", "pk"),
        "checks": row.checks.select_related("ticket", "person", "by").order_by("-pk")[:20],
        "ending": ending or EndForm(initial={"ends_on": local_day(now)}),
        "may_change": can(request.user, "desk.automate"),
    }
    response = page(request, "entitlement", "entitlements", form=form, **context)
    if ending is not None and ending.errors:
        response.status_code = 422
    return response
