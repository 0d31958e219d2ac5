"""The company's store: robots for schools, lessons by the number of displays, training, hours, coupons, orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Person
from billing.actions import cart as carts
from billing.actions import catalogue, checkout, coupons, pay, shipments, tax_rates
from billing.actions.customers import customer_of
from billing.actions.seller import save_seller
from billing.baskets import basket_of
from billing.choices import CouponUse, CreditState, PaymentMethod, Period, ProductKind
from billing.models import Customer, Order, Product
from billing.pricing import priced
from billing.regions import code_of
from supportdesk.demo.customers import Customer as Buying
from supportdesk.demo.trade import DOMAIN

Sizes = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Ware:
    """Something that is sold: its words, and either one price or sizes of (displays, monthly, yearly)."""

    kind: ProductKind
    name: str
    summary: str
    description: str
    info: str
    price: int = 0
    sizes: Sizes = ()
    minutes: int = 0
    label: str = "What is in it?"


WARES = (
    Ware(
        ProductKind.GOODS, "Starter robot kit", "One robot, its sensors and a charger, for two to three students",
        "Everything that two or three students need for their first robot.\n\n- Robot with two motors\n- Distance,"
        " light and sound sensors\n- Charger and cables\n- Spare screws, because there are always some missing",
        "## In the box\n\n- 1 robot, assembled and charged\n- 3 sensors\n- 1 charger, 100 to 240 V\n- 40 screws\n\n"
        "## Age\n\nFrom 9 years. **No glue, no soldering.**", price=24_900,
    ),
    Ware(
        ProductKind.GOODS, "Motor controller", "A spare board for robots of every year",
        "The green board behind the battery. Changing it takes four screws and ten minutes.",
        "Fits every robot since 2019. Remove the battery, four screws, two plugs. No soldering.", price=6_400,
        label="Does it fit my robot?",
    ),
    Ware(
        ProductKind.PLAN, "Classroom software", "Lessons and a screen for each group, by the number of displays",
        "Lessons for a whole year, and what every robot sees, on the displays of the classroom.\n\nA **display** is a"
        " screen that shows lessons: a tablet, a laptop or the board on the wall. Count those that are on at the same"
        " time.",
        "## What counts as a display?\n\nA screen that shows lessons. A teacher's own screen does not count.\n\n##"
        " What if we need more?\n\nChoose the next size. You pay the difference for the rest of the period.",
        sizes=((5, 2_400, 24_000), (10, 4_400, 44_000), (30, 9_900, 99_000)), label="What is a display?",
    ),
    Ware(
        ProductKind.TRAINING, "Training hour", "An hour with a teacher trainer, by video call",
        "For up to twenty teachers. Bring your own robots and your own questions.",
        "A trainer calls at the time that you choose. You need a projector and one charged robot for three teachers.",
        price=9_500, label="How does it go?",
    ),
    Ware(
        ProductKind.HOURS, "Six hours of help", "Six hours of set-up and help, used whenever you like",
        "We set things up with you, write lessons, or look for what is wrong. Six hours, and nothing is lost.",
        "Every quarter of an hour is booked with what it was for. You see the rest on your account.", price=11_900,
        minutes=360, label="How are hours counted?",
    ),
)  # fmt: skip

SALES_TAXES = (
    ("US", "OH", "Ohio sales tax", 57_500), ("US", "NY", "New York sales tax", 40_000),
    ("CA", "", "GST", 50_000), ("CA", "BC", "PST", 70_000),
)  # fmt: skip


SELLER = {
    "legal_name": "Pinecone Robotics Inc.", "line1": "410 Spruce Street", "city": "Toronto", "region": "ON",
    "postal_code": "M5A 1N4", "country": "CA", "email": f"billing@{DOMAIN}", "phone": "+1 416 555 0142",
    "tax_number": "823456789 RT0001", "currency": "USD", "time_zone": "America/Toronto", "due_days": 30,
    "bank_instructions": "Pinecone Robotics Inc.\nBank of the Lakes, Toronto\nTransit 00012, institution 999,"
    " account 5550142\nABA routing 026009593",
    "canada_note": "We are a Canadian company. Some banks refuse cards abroad at first: ask yours to allow a payment to"
    " Canada.",
    "international_fee_note": "Your bank may add an international fee of 1 to 3 %, since we are in Canada. A bank"
    " transfer has none.",
}  # fmt: skip


def lay_store(*, admin: Person, customers: Sequence[Buying], wares: dict[str, Product], now: datetime) -> None:
    """What schools bought lately, each in another state. An order's date is no school day: shops never close."""
    kit = (wares["Starter robot kit"], Period.ONCE, None)
    board = (wares["Motor controller"], Period.ONCE, None)
    yearly = (wares["Classroom software"], Period.YEARLY, 10)
    monthly = (wares["Classroom software"], Period.MONTHLY, 5)
    help_hours = (wares["Six hours of help"], Period.ONCE, None)
    lesson = (wares["Training hour"], Period.ONCE, None)
    transfer, card, account = PaymentMethod.TRANSFER, PaymentMethod.CARD, PaymentMethod.ON_ACCOUNT
    wanted: tuple[tuple[int, float, dict, PaymentMethod, str, str], ...] = (
        (0, 40, {kit: 4, yearly: 1}, transfer, "PO-2214", "arrived"),
        (1, 21, {board: 2}, transfer, "", "arrived"),
        (2, 9, {help_hours: 1}, card, "", "paid with WELCOME100"),
        (3, 6, {monthly: 1, lesson: 2}, transfer, "4500-118", "paid"),
        (0, 3, {kit: 2}, transfer, "PO-2302", "on its way"),
        (4, 2, {kit: 3}, account, "77-0192", "beyond the limit"),
        (5, 1.2, {kit: 1, board: 1}, transfer, "", "ready"),
        (6, 0.8, {kit: 6}, transfer, "REQ-0031", "to pack"),
        (0, 0.3, {board: 3}, card, "PO-2318", "packed and waiting"),
    )
    for school, days, things, method, number, story in wanted:
        _tell(customers[school], things, method, number, story, admin=admin, at=now - timedelta(days=days), now=now)


def _tell(
    school: Buying, things: dict, method: PaymentMethod, number: str, story: str, *, admin: Person, at: datetime,
    now: datetime,
) -> None:  # fmt: skip
    if method == PaymentMethod.ON_ACCOUNT:
        with transaction.atomic():
            customer = customer_of(person=school.person, organisation=school.organisation, now=at)
        Customer.objects.filter(pk=customer.pk).update(credit_state=CreditState.PROVISIONAL, credit_limit=50_000)
    code = story.partition(" with ")[2]
    order = buy(
        by=school.person,
        wanted=things,
        ship_to=address_of_school(school),
        method=method,
        now=at,
        po_number=number,
        code=code,
    )
    paid = ("arrived", "paid", "on its way", "ready")
    if story.startswith(paid):
        invoice = order.invoice
        when = min(now, at + timedelta(hours=20))
        pay.record_transfer(
            invoice=invoice, amount=invoice.due, reference=f"{invoice.number} {number}".strip(), by=admin, now=when
        )
    box = order.shipments.first()
    if box is None or story == "to pack":
        return
    shipments.pack(shipment=box, by=admin, now=at + timedelta(hours=4))
    if story in ("arrived", "on its way"):
        number = f"PNC{order.pk:07}5"
        shipments.ship(shipment=box, carrier="purolator", number=number, by=admin, now=at + timedelta(hours=22))
        shipments.ask_carrier(shipment_id=box.pk, now=now)


def address_of_school(school: Buying) -> dict[str, str]:
    """Where its parcels go."""
    return {
        "name": school.place.name, "line1": f"{len(school.place.name) * 7} School Street", "line2": "",
        "city": school.place.city, "region": code_of("US", school.place.state) or "OH",
        "postal_code": f"{40000 + len(school.place.city) * 731}",
        "country": "US",
    }  # fmt: skip


def open_store(*, admin: Person, now: datetime) -> dict[str, Product]:
    """The seller, products by name, taxes, shipping and coupons."""
    save_seller(values=SELLER, by=admin, now=now)
    found = {}
    for position, ware in enumerate(WARES, 1):
        words = catalogue.Words(
            name=ware.name, summary=ware.summary, description=ware.description, info_label=ware.label,
            info_text=ware.info, minutes=ware.minutes, position=position * 10,
        )  # fmt: skip
        product = catalogue.create_product(kind=ware.kind, words=words, by=admin, now=now)
        prices: dict[tuple[Period, int | None], int] = {(Period.ONCE, None): ware.price} if ware.price else {}
        for displays, monthly, yearly in ware.sizes:
            prices[Period.MONTHLY, displays], prices[Period.YEARLY, displays] = monthly, yearly
        catalogue.set_prices(product=product, prices=prices, by=admin, now=now)
        found[ware.name] = catalogue.publish(product=product, by=admin, now=now)
    for country, region, name, rate in SALES_TAXES:
        tax_rates.add_rate(
            country=country, region=region, name=name, rate_ppm=rate, starts_on=now.date(), by=admin, now=now
        )
    catalogue.set_shipping(amount=1_800, by=admin, now=now)
    terms = coupons.Terms(
        name="$100 off your first order", use=CouponUse.ONCE_A_CUSTOMER, currency="USD", starts_at=now,
        amount_off=10_000, minimum=10_100, is_first_order_only=True, fallback_minutes=120, fallback_after_days=30,
    )  # fmt: skip
    coupons.create_coupon(code="WELCOME100", terms=terms, by=admin, now=now)
    spring = coupons.Terms(
        name="15 % off motor controllers", use=CouponUse.MULTIPLE, currency="USD", starts_at=now, percent_off=15,
        most_uses=200, may_be_given=True, products=[found["Motor controller"]],
    )  # fmt: skip
    coupons.create_coupon(code="SPARES15", terms=spring, by=admin, now=now)
    return found


def buy(
    *,
    by: Person,
    wanted: dict[tuple[Product, Period, int | None], int],
    ship_to: dict[str, str],
    method: PaymentMethod,
    now: datetime,
    po_number: str = "",
    code: str = "",
) -> Order:
    """An order as a customer places it: into the cart, through the checkout."""
    visitor = carts.Visitor(by, "")
    for (product, period, displays), quantity in wanted.items():
        price = product.prices.get(period=period, displays=displays, withdrawn_at__isnull=True)
        carts.put_in(visitor=visitor, price_id=price.pk, quantity=quantity, now=now)
    if code:
        carts.use_coupon(visitor=visitor, code=code, now=now)
    membership = by.memberships.select_related("organisation").order_by("pk").first()
    organisation = membership.organisation if membership else None
    customer = Customer.objects.filter(organisation=organisation).first() if organisation else None
    quote = priced(basket_of(person=by, key=""), customer=customer, ship_to=ship_to, now=now)
    wish = checkout.Wish(method=method, ship_to=ship_to, po_number=po_number)
    return checkout.check_out(
        visitor=visitor, by=by, organisation=organisation, wish=wish, key=carts.Visitor.new_key(),
        version=quote.version, now=now,
    )  # fmt: skip
