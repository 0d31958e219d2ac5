"""Wake-ups. The rows are the work; a task that comes twice, late or never changes nothing but the hour."""

from celery import shared_task
from django.utils import timezone

from billing.actions import asking, cards, cart, dunning, events, fresh_links, papers, reconcile, refund, shipments
from billing.gateways import keys
from billing.gateways.sandbox import posting

PAPERS_AT_ONCE = 200


@shared_task(name="billing.make_document", ignore_result=True)
def make_document(kind: str, pk: int) -> None:
    """Make the PDF of a document soon after it was issued."""
    papers.make_document(kind=kind, pk=pk, now=timezone.now())


@shared_task(name="billing.make_documents", ignore_result=True)
def make_documents() -> None:
    """Make the PDFs whose wake-up was lost; runs every minute."""
    now = timezone.now()
    for kind, pk in papers.without_pdf(now=now, limit=PAPERS_AT_ONCE):
        papers.make_document(kind=kind, pk=pk, now=now)


@shared_task(name="billing.ask_carrier", ignore_result=True)
def ask_carrier(shipment_id: int) -> None:
    """Ask a carrier where a parcel is."""
    shipments.ask_carrier(shipment_id=shipment_id, now=timezone.now())


@shared_task(name="billing.tidy_carts", ignore_result=True)
def tidy_carts() -> None:
    """Forget old carts; runs every hour."""
    now = timezone.now()
    while cart.tidy(now=now) == cart.TIDIED_AT_ONCE:
        pass


@shared_task(name="billing.mail_fresh_links", ignore_result=True)
def mail_fresh_links(which: str) -> None:
    """Mail fresh links to whom an invoice belongs."""
    fresh_links.mail_fresh_links(which=which, now=timezone.now())


@shared_task(name="billing.ask_payment", ignore_result=True)
def ask_payment(payment_id: int) -> None:
    """Ask the provider about a payment for which somebody waits."""
    asking.ask(payment_id=payment_id, now=timezone.now())


@shared_task(name="billing.payments_due", ignore_result=True)
def payments_due() -> None:
    """Ask about payments and cards that should have been finished; runs every ten seconds."""
    asking.ask_due(now=timezone.now())
    cards.ask_due(now=timezone.now())


@shared_task(name="billing.ask_card_setup", ignore_result=True)
def ask_card_setup(setup_id: int) -> None:
    """Ask the provider about a card for which somebody waits."""
    cards.ask(setup_id=setup_id, now=timezone.now())


@shared_task(name="billing.charge_plan", ignore_result=True)
def charge_plan(subscription_id: int) -> None:
    """Charge the renewal of a plan soon after it was billed."""
    dunning.charge(subscription_id=subscription_id, now=timezone.now())


@shared_task(name="billing.charge_plans", ignore_result=True)
def charge_plans() -> None:
    """Charge renewals whose attempt is due; runs every minute."""
    dunning.charge_due(now=timezone.now())


@shared_task(name="billing.detach_card", ignore_result=True)
def detach_card(card_id: int) -> None:
    """Have the provider forget a card that was removed."""
    cards.detach(card_id=card_id, now=timezone.now())


@shared_task(name="billing.execute_refund", ignore_result=True)
def execute_refund(refund_id: int) -> None:
    """Send a refund soon after it was decided on."""
    refund.execute(refund_id=refund_id, clock=timezone.now)


@shared_task(name="billing.refunds_due", ignore_result=True)
def refunds_due() -> None:
    """Send refunds whose time has come, and look after those whose sender died; runs every few seconds."""
    refund.execute_due(clock=timezone.now)


@shared_task(name="billing.handle_event", ignore_result=True)
def handle_event(event_id: int) -> None:
    """Look after what the provider just told us."""
    events.handle(event_id=event_id, clock=timezone.now)


@shared_task(name="billing.events_due", ignore_result=True)
def events_due() -> None:
    """Look after events that wait; runs every few seconds."""
    events.handle_due(clock=timezone.now)


@shared_task(name="billing.reconcile", ignore_result=True, soft_time_limit=600, time_limit=660)
def reconcile_payments() -> None:
    """Hold our record against the provider's; runs every hour."""
    reconcile.reconcile(now=timezone.now())


@shared_task(name="billing.post_sandbox_event", ignore_result=True)
def post_sandbox_event(event_id: int) -> None:
    """Post one event of the sandbox to our own webhook address."""
    if keys.is_sandbox():
        posting.post(event_id=event_id, now=timezone.now())


@shared_task(name="billing.sandbox_due", ignore_result=True)
def sandbox_due() -> None:
    """Let the sandbox's banks do what they do later, and post what is due; runs every few seconds."""
    if keys.is_sandbox():
        posting.do_due_steps(now=timezone.now())
        posting.post_due(clock=timezone.now)
        posting.forget_old()
