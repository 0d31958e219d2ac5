"""What waits for tomorrow's review: applications for credit, certificates, and wishes for money back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from django.db import transaction

from accounts.models import Person
from billing import exemptions
from billing.actions import certificates, credit_requests, pay, refund_requests, shipments
from billing.actions.certificates import Sent
from billing.actions.customers import customer_of
from billing.choices import CertificateKind, CreditState, PaymentMethod, Period, RefundReason
from billing.gateways import keys
from billing.gateways import stripe as gateway
from billing.models import Invoice, Product, Shipment
from selfservice.actions import review_rules, review_work
from supportdesk.demo import files
from supportdesk.demo.customers import Customer as Buying
from supportdesk.demo.store import address_of_school, buy
from supportdesk.demo.trade import DOMAIN

GOOD = "4242424242424242"
SEED = 77
DEPUTY = f"tom@{DOMAIN}"
REVIEWER = f"ruth@{DOMAIN}"
DAYS_OF_REVIEW = 7

# The limit they want, what they spend a month, and how many kits they ordered already beyond the starter limit.
CREDITS = (
    (500_000, 60_000, 4), (150_000, 20_000, 0), (750_000, 90_000, 6), (90_000, 8_000, 0), (200_000, 25_000, 3),
    (1_200_000, 140_000, 0), (300_000, 40_000, 0), (250_000, 30_000, 2), (60_000, 5_000, 0),
)  # fmt: skip
# The ground on the form, and the name on it where it is not that of the school.
PROOFS = (("B", ""), ("E", ""), ("M", ""), ("B", ""), ("F", ""), ("M", "Parent Teacher Club"), ("E", ""), ("G", ""))
# What was bought, why it should go back, in whose words, how much of it (all: 1), and whether there is a photo.
WISHES: tuple[tuple[str, int, RefundReason, str, float, bool], ...] = (
    ("Motor controller", 2, RefundReason.DAMAGED, "One of the two has a cracked connector, photo attached.", 0.5, True),
    ("Starter robot kit", 1, RefundReason.TWICE, "Our card shows this order twice.", 1, False),
    ("Motor controller", 1, RefundReason.WRONG, "We need the one for the older frame.", 1, False),
    ("Training hour", 1, RefundReason.NOT_NEEDED, "School is closed for snow on that day.", 1, False),
    ("Starter robot kit", 2, RefundReason.MISSING, "The second box has no chargers.", 0.2, True),
    ("Motor controller", 3, RefundReason.MISTAKE, "I ordered three, one was enough.", 0.66, False),
    ("Six hours of help", 1, RefundReason.NOT_NEEDED, "Your colleague solved it on the telephone.", 1, False),
    ("Starter robot kit", 4, RefundReason.DAMAGED, "The parcel fell, the frames are bent. See the photo.", 1, True),
    ("Motor controller", 1, RefundReason.DAMAGED, "It smells burnt after five minutes.", 1, True),
    ("Training hour", 2, RefundReason.OTHER, "The call broke off after half of the time.", 0.5, False),
    ("Starter robot kit", 1, RefundReason.MISTAKE, "My colleague had ordered the same one.", 1, False),
    ("Motor controller", 2, RefundReason.WRONG, "These are left ones, we asked for right ones.", 1, True),
    ("Starter robot kit", 3, RefundReason.DAMAGED, "Two wheels are missing their tyres.", 0.1, True),
)


def lay_reviews(*, schools: Sequence[Buying], wares: dict[str, Product], admin: Person, now: datetime) -> None:
    """Thirty requests of the last two days, in the words of those who ask. The store comes before.

    Ruth decides; above the thresholds the head of support is the second person, and her deputy.
    """
    rules, deputy = review_work.rules(), Person.objects.get(email=DEPUTY)
    review_rules.save_rules(
        starts_at=rules.starts_at, second_credit_above=rules.second_credit_above,
        second_refund_above=rules.second_refund_above, deputy=deputy, deputy_from=rules.deputy_from, by=admin, now=now,
    )  # fmt: skip
    random = Random(SEED)  # noqa: S311 - the same day every time
    _sat_down(Person.objects.get(email=REVIEWER), now, random)
    rows = list(schools)
    random.shuffle(rows)
    for place, (limit, monthly, kits) in enumerate(CREDITS):
        school, at = rows[place % len(rows)], now - timedelta(hours=40 - 3 * place)
        _apply(school, limit, monthly, at)
        if kits:
            _order_beyond(school, wares, kits, admin, at + timedelta(hours=1))
    for place, (ground, name) in enumerate(PROOFS):
        _prove(rows[(place + 9) % len(rows)], ground, name, now - timedelta(hours=30 - 3 * place), random)
    if keys.is_sandbox():
        for place, wish in enumerate(WISHES):
            school, at = rows[(place * 2 + 1) % len(rows)], now - timedelta(hours=28 - 2 * place)
            _want_back(school, wares, wish, admin, at, random)


def _sat_down(reviewer: Person, now: datetime, random: Random) -> None:
    """What the review took on the last working days: fourteen to twenty-six minutes, a page open all the while."""
    mornings = (now.replace(hour=14, minute=0) - timedelta(days=ago) for ago in range(1, DAYS_OF_REVIEW + 1))
    for morning in mornings:
        if morning.weekday() <= 4:
            for beat in range(random.randint(14, 26) + 1):
                review_work.be_here(person=reviewer, now=morning + beat * review_work.STILL_OPEN)


def _apply(school: Buying, limit: int, monthly: int, at: datetime) -> None:
    with transaction.atomic():
        customer = customer_of(person=school.person, organisation=school.organisation, now=at)
    if customer.credit_state == CreditState.CLOSED or customer.credit_requests.filter(state="open").exists():
        return
    place = address_of_school(school)
    vouches = (("Lakeshore Paper", "Ina Falk"), ("Northern Tools", "Ruben Diaz"), ("Campus Catering", "Lee Park"))
    answers: dict[str, object] = {
        "legal_name": school.place.name, "entity": "public", "incorporated_in": school.place.state,
        "established": "1987", "tax_number": f"12-{3450000 + len(school.place.name) * 371:07}",
        "owners": f"{school.person.name}, {school.title}", **{key: place[key] for key in ("line1", "city", "region")},
        "postal_code": place["postal_code"], "country": place["country"], "limit": limit, "monthly": monthly,
        "terms": "30", "purchase_orders": "no", "ap_name": "Accounts payable",
        "ap_email": f"payables@{school.place.domain}", "ap_phone": "+1 218 555 0110", "bank_name": "Bank of the Lakes",
        "bank_branch": school.place.city, "bank_contact": "Mr. Osei, business desk",
        "signer_name": school.person.name, "signer_title": school.title, "signature": school.person.name,
        "declares": True, "consents": True,
    }  # fmt: skip
    for number, (company, contact) in enumerate(vouches, 1):
        mail = f"{contact.split()[0].lower()}@{company.split()[0].lower()}.example"
        reference = {"company": company, "contact": contact, "email": mail, "phone": f"+1 218 555 02{number:02}"}
        answers |= {f"reference{number}_{key}": said for key, said in reference.items()}
    letter = files.pdf(*(f"{company}: {school.place.name} pays on time since 2019." for company, _ in vouches))
    credit_requests.apply(
        customer=customer, answers=answers, by=school.person, address_from="198.51.100.20",
        files=[("trade-references.pdf", letter)], key=f"demo-credit-{school.organisation.pk}", now=at,
    )  # fmt: skip


def _order_beyond(school: Buying, wares: dict[str, Product], kits: int, admin: Person, at: datetime) -> None:
    """On account, beyond the starter limit: it waits for the review."""
    order = buy(
        by=school.person, wanted={(wares["Starter robot kit"], Period.ONCE, None): kits},
        ship_to=address_of_school(school), method=PaymentMethod.ON_ACCOUNT, now=at, po_number=f"PO-{kits}71",
    )  # fmt: skip
    box = order.shipments.first()
    if box is not None:
        shipments.pack(shipment=box, by=admin, now=at)


def _prove(school: Buying, ground: str, name: str, at: datetime, random: Random) -> None:
    region = address_of_school(school)["region"]
    number = f"{region}-{random.randint(10_000, 99_999)}"
    form = files.pdf(
        "Certificate of exemption", f"Purchaser: {name or school.place.name}",
        f"State: {school.place.state}   Number: {number}",
        f"Reason {ground}: {exemptions.GROUNDS[ground]}", f"Signed: {school.person.name}, {school.title}",
    )  # fmt: skip
    certificates.upload_as(
        person=school.person, organisation=school.organisation, file=Sent(form, f"exemption-{region}.pdf"), now=at,
        kind=CertificateKind.US_STATE, country="US", region=region, purchaser=name or school.place.name,
        number=number, ground=ground, key=f"demo-certificate-{school.organisation.pk}",
    )  # fmt: skip


def _want_back(
    school: Buying,
    wares: dict[str, Product],
    wish: tuple[str, int, RefundReason, str, float, bool],
    admin: Person,
    at: datetime,
    random: Random,
) -> None:
    ware, count, why, words, part, has_photo = wish
    bought = at - timedelta(days=random.randint(5, 60))
    order = buy(
        by=school.person, wanted={(wares[ware], Period.ONCE, None): count}, ship_to=address_of_school(school),
        method=PaymentMethod.CARD, now=bought,
    )  # fmt: skip
    typed = gateway.make_sandbox_card(number=GOOD, exp_month=8, exp_year=at.year + 2, cvc="123", postal_code="")
    pay.start(invoice=order.invoice, card_token=typed.id, key=f"demo-back-{order.pk}", by=school.person, now=bought)
    _deliver(order.shipments.first(), admin, bought)
    invoice = Invoice.objects.get(pk=order.invoice.pk)
    wanted = max(100, round(invoice.paid * part / 100) * 100) if part < 1 else None
    photos = [("photo.png", files.photo(random))] if has_photo else []
    refund_requests.ask(
        invoice=invoice, amount=wanted, why=why, words=words, files=photos, by=school.person,
        key=f"demo-back-{order.pk}", now=at,
    )  # fmt: skip


def _deliver(box: Shipment | None, admin: Person, at: datetime) -> None:
    if box is None:
        return
    shipments.pack(shipment=box, by=admin, now=at)
    if not box.holds.filter(released_at__isnull=True).exists():
        number = f"PNR{box.order_id:08}"
        sent = shipments.ship(shipment=box, carrier="purolator", number=number, by=admin, now=at)
        shipments.deliver(shipment=sent, by=admin, now=at + timedelta(days=3))
