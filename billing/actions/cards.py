"""A customer's own cards: add, choose the one for renewals, remove. Nobody here ever sees a number."""

import hashlib
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from accounts import journal
from accounts.models import Person
from billing import declines
from billing.actions.kept_cards import keep, printed, words_of
from billing.actions.provider_customers import at_provider
from billing.choices import CardSetupState, PaymentMethod, SubscriptionState
from billing.gateways import keys, reading
from billing.gateways import stripe as gateway
from billing.gateways.facts import Gone, NotKnown, ProviderRefused, SetupFacts
from billing.models import Card, CardSetup, Customer, Subscription
from billing.refusals import Refused
from supportdesk.lib.background import enqueue_on_commit
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.locks import try_lock

KEY_LIVES = timedelta(hours=23)
WAIT = timedelta(minutes=1)
GIVE_UP = timedelta(hours=24)
UNFINISHED = (CardSetupState.CREATED, CardSetupState.ACTION_NEEDED)
SALT = "billing.card_setup"
MOST = 10
STATES = {
    "succeeded": CardSetupState.SUCCEEDED,
    "requires_action": CardSetupState.ACTION_NEEDED,
    "canceled": CardSetupState.CANCELLED,
    "requires_payment_method": CardSetupState.FAILED,
    "requires_confirmation": CardSetupState.FAILED,
}


class CannotKeep(Refused):
    """A card that cannot be added, chosen or removed. The message says why."""


def cards_of(customer: Customer) -> list[Card]:
    """The cards that a customer can pay with now, the one for renewals first."""
    rows = customer.cards.filter(removed_at__isnull=True).order_by("-is_default", "-added_at", "-pk")
    return [card for card in rows if keys.knows(card.provider_id)]


def renewals_of(card: Card) -> list[Subscription]:
    """The subscriptions that this card pays: all of its owner's by card, while it is the one for renewals."""
    if not card.is_default:
        return []
    rows = Subscription.objects.filter(customer=card.customer_id, method=PaymentMethod.CARD)
    running = rows.exclude(state=SubscriptionState.ENDED).select_related("product")
    return list(running.order_by("period_ends_on", "pk"))


def add(
    *,
    customer: Customer,
    card_token: str,
    by: Person,
    key: str,
    return_to: str,
    now: datetime,
    is_for_renewals: bool = True,
    replaces: Card | None = None,
) -> CardSetup:
    """Keep a card that was just typed. Its bank may want to ask first: see `next_url`. A double click keeps it once.

    `replaces` is removed once the new one is kept. Raises CannotKeep, and nothing was asked.
    """
    if len(cards_of(customer)) >= MOST:
        raise CannotKeep(f"There are {MOST} cards already. Remove one first.")
    try:
        with_whom = at_provider(customer=customer, now=now)
    except (NotKnown, ProviderRefused) as error:
        raise CannotKeep("We cannot reach the payment provider just now. Try again in a few minutes.") from error
    mark = hashlib.sha256(f"{settings.SECRET_KEY}:card:{customer.pk}:{key[:64]}".encode()).hexdigest()[:40]
    with transaction.atomic():
        row, is_new = CardSetup.objects.get_or_create(
            key=f"card:{mark}",
            defaults={
                "customer": customer, "by": by, "created_at": now, "try_at": now + WAIT, "return_to": return_to[:300],
                "is_for_renewals": is_for_renewals, "replaces": replaces,
            },
        )  # fmt: skip
        if is_new:
            row.request = {
                "customer": with_whom,
                "usage": "off_session",
                "confirm": True,
                "automatic_payment_methods": {"enabled": True},
                "return_url": f"{settings.SITE_URL}{waiting_page(row)}",
                "metadata": {reading.REFERENCE: row.key},
                "confirmation_token" if card_token.startswith("ctoken_") else "payment_method": card_token,
            }
            row.save(update_fields=["request"])
            journal.record(by=by, action="billing.add_card", subject=customer, data={"setup": row.pk}, now=now)
    failpoint("billing.cards.row_written")
    return ask(setup_id=row.pk, now=now) if is_new else row


def ask(*, setup_id: int, now: datetime) -> CardSetup:
    """Ask the provider, or ask again under the same key, and record what it says. Raises nothing of the provider's."""
    with try_lock(f"billing.card_setup:{setup_id}") as got:
        row = CardSetup.objects.get(pk=setup_id)
        if not got or row.state not in UNFINISHED:
            return row
        try:
            if row.provider_id:
                facts = gateway.setup(row.provider_id)
            elif now - row.created_at < KEY_LIVES:
                facts = gateway.start_setup(request=row.request, key=row.key)
            else:
                return _not_kept(row, "This took too long. Enter the card again.", now)
        except NotKnown:
            CardSetup.objects.filter(pk=setup_id).update(try_at=now + WAIT)
            row.refresh_from_db()
            return row
        except ProviderRefused as refusal:
            code = refusal.decline.code if refusal.decline else refusal.code
            return _not_kept(row, declines.api_words(code, default="The card could not be kept."), now)
        failpoint("billing.cards.asked")
        return record(setup_id=setup_id, facts=facts, now=now)


def ask_due(*, now: datetime, limit: int = 50) -> int:
    """Ask about card set-ups that should have been finished by now, and let go of removed cards. Answers how many."""
    due = CardSetup.objects.filter(state__in=UNFINISHED, try_at__lte=now).order_by("try_at", "pk")
    found = list(due.values_list("pk", "created_at")[:limit])
    for setup_id, created_at in found:
        row = ask(setup_id=setup_id, now=now)
        if row.state in UNFINISHED:
            if created_at <= now - GIVE_UP:
                _not_kept(row, "The bank's question was never answered. Enter the card again.", now)
            CardSetup.objects.filter(pk=setup_id, try_at__lte=now).update(try_at=now + WAIT)
    gone = Card.objects.filter(removed_at__lte=now, detached_at__isnull=True).order_by("removed_at")
    for card_id in list(gone.values_list("pk", flat=True)[:limit]):
        detach(card_id=card_id, now=now)
    return len(found)


@transaction.atomic
def record(*, setup_id: int, facts: SetupFacts, now: datetime) -> CardSetup:
    """Write down what the provider says. Said twice, it changes nothing."""
    row = CardSetup.objects.select_for_update(of=("self",)).select_related("customer", "replaces").get(pk=setup_id)
    if row.state not in UNFINISHED:
        return row
    state = STATES.get(facts.status, CardSetupState.CREATED)
    row.provider_id, row.next_url, row.state = facts.id, facts.next_url[:2048], state
    if state == CardSetupState.SUCCEEDED:
        card = keep(customer=row.customer, facts=facts.card, now=now)
        Card.objects.filter(pk=card.pk).update(removed_at=None, detached_at=None)
        card.refresh_from_db()
        if row.is_for_renewals:
            _choose(card)
        row.card = card
        if row.replaces and row.replaces_id != card.pk:
            _remove(row.replaces, now)
    if state == CardSetupState.FAILED and facts.decline:
        entry = declines.meaning(facts.decline.code, facts.decline.decline_code)
        row.words = f"{entry['title']}. The card was not kept."[:500]
    if state not in UNFINISHED:
        row.finished_at, row.next_url = now, ""
    row.save()
    return row


def make_default(*, card: Card, by: Person, now: datetime) -> Card:
    """Let this card pay the renewals. Raises CannotKeep for one that was removed."""
    with transaction.atomic():
        Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=card.customer_id)
        card = Card.objects.select_for_update().get(pk=card.pk)
        if card.removed_at:
            raise CannotKeep("This card was removed. Choose another one.")
        if not card.is_default:
            _choose(card)
            journal.record(by=by, action="billing.choose_card", subject=card, data={}, now=now)
    return card


def remove(*, card: Card, by: Person, now: datetime) -> Card:
    """Forget a card, here at once and at the provider soon after. Where another is left, that one pays renewals."""
    with transaction.atomic():
        Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=card.customer_id)
        card = Card.objects.select_for_update().get(pk=card.pk)
        if card.removed_at is None:
            _remove(card, now)
            journal.record(by=by, action="billing.remove_card", subject=card, data={}, now=now)
    return card


def detach(*, card_id: int, now: datetime) -> bool:
    """Have the provider forget a removed card. Tried again by the sweep until it has."""
    card = Card.objects.filter(pk=card_id, removed_at__isnull=False, detached_at__isnull=True).first()
    if card is None:
        return False
    try:
        if keys.knows(card.provider_id):
            gateway.detach_card(card_id=card.provider_id, key=f"detach:{card.provider_id}")
    except (NotKnown, ProviderRefused):
        return False
    return bool(Card.objects.filter(pk=card.pk, removed_at__isnull=False).update(detached_at=now))


def refresh(*, provider_id: str, now: datetime) -> Card | None:
    """Bring a card up to date with what its bank says now: a new expiry, or that it is gone at the provider."""
    card = Card.objects.filter(provider_id=provider_id).first()
    if card is None:
        return None
    try:
        facts = gateway.card(provider_id)
    except Gone:
        facts = None
    with transaction.atomic():
        Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=card.customer_id)
        card = Card.objects.select_for_update().get(pk=card.pk)
        if facts is None or not facts.customer:
            if card.removed_at is None:
                _remove(card, now)
            Card.objects.filter(pk=card.pk, detached_at__isnull=True).update(detached_at=now)
        else:
            Card.objects.filter(pk=card.pk).update(**printed(facts))
    card.refresh_from_db()
    return card


def owner_gone(*, provider_id: str, now: datetime) -> None:
    """The customer was deleted at the provider: their cards are gone, and they are made anew when next needed."""
    with transaction.atomic():
        customer = Customer.objects.select_for_update(of=("self",), no_key=True).filter(provider_id=provider_id).first()
        if customer is None:
            return
        for card in customer.cards.filter(removed_at__isnull=True).order_by("is_default", "pk"):
            Card.objects.filter(pk=card.pk).update(is_default=False, removed_at=now, detached_at=now)
        Customer.objects.filter(pk=customer.pk).update(provider_id=None)


def token_of(row: CardSetup) -> str:
    """What stands in the address of the page that waits for this card."""
    return signing.Signer(salt=SALT).sign(str(row.pk))


def setup_behind(token: str) -> CardSetup | None:
    """The set-up of such an address, or None."""
    try:
        number = signing.Signer(salt=SALT).unsign(token[:200])
    except signing.BadSignature:
        return None
    return CardSetup.objects.filter(pk=int(number)).first()


def waiting_page(row: CardSetup) -> str:
    """Where whoever adds a card waits for the bank, and comes back to from it."""
    return reverse("billing:card_waiting", args=[token_of(row)])


def _choose(card: Card) -> None:
    Card.objects.filter(customer=card.customer_id, is_default=True).exclude(pk=card.pk).update(is_default=False)
    card.is_default = True
    card.save(update_fields=["is_default"])


def _remove(card: Card, now: datetime) -> None:
    """Without it, the newest of the others pays the renewals."""
    was_default = card.is_default
    card.is_default, card.removed_at = False, now
    card.save(update_fields=["is_default", "removed_at"])
    rest = Card.objects.filter(customer=card.customer_id, removed_at__isnull=True).order_by("-added_at", "-pk")
    heir = rest.first()
    if was_default and heir and not rest.filter(is_default=True).exists():
        _choose(heir)
    enqueue_on_commit("billing.detach_card", card_id=card.pk)


@transaction.atomic
def _not_kept(row: CardSetup, words: str, now: datetime) -> CardSetup:
    changed = {"state": CardSetupState.FAILED, "words": words[:500], "finished_at": now, "next_url": ""}
    CardSetup.objects.filter(pk=row.pk, state__in=UNFINISHED).update(**changed)
    row.refresh_from_db()
    return row


__all__ = [
    "CannotKeep", "add", "ask", "ask_due", "cards_of", "detach", "make_default", "owner_gone", "record", "refresh",
    "remove", "renewals_of", "setup_behind", "waiting_page", "words_of",
]  # fmt: skip
