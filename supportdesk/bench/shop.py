"""The shop at 100,000 invoices: pages beside the floor, the public invoice without a session, PDFs, numbers."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from random import Random

from django.db import connection, transaction
from django.db.models import Count, Max

from accounts.choices import Role
from accounts.models import Grant, Person
from billing import documents, paper_words
from billing.actions import cart as carts
from billing.actions.issue import Draft, DraftLine, issue
from billing.choices import InvoiceState, Period
from billing.models import Customer, Invoice, Order, Price
from supportdesk.bench.client import Answer, Browser, at_once, spread
from supportdesk.bench.scene import session_of
from supportdesk.demo.store import open_store
from supportdesk.load.people import copy_customers
from supportdesk.load.shop import LoadedShop, load_shop, people_to_sell_to, token_of

USUAL_INVOICES, MOST_CUSTOMERS = 100_000, 20_000
A_CUSTOMER = 5
FLOOR = "/bench/floor/20/"
AT_ONCE = 50
PDF_LINES = 8


@dataclass(frozen=True)
class ShopScene:
    """Who looks at the shop, and at what."""

    staff: str
    session: str
    customer: Customer
    invoice: Invoice
    order: Order
    token: str
    name: str


def open_shop(*, invoices: int, now: datetime) -> LoadedShop:
    """A seller with goods, and `invoices` sales, five to a customer; at most MOST_CUSTOMERS of them."""
    admin = Person.objects.create_user("admin@desk.load.example", name="Ada Admin", created_at=now)
    Grant.objects.create(person=admin, role=Role.ADMIN, granted_at=now)
    open_store(admin=admin, now=now)
    wanted = min(MOST_CUSTOMERS, max(invoices // A_CUSTOMER, 1))
    known = people_to_sell_to(wanted)
    with transaction.atomic():
        copy_customers(wanted - len(known), mark="shop", now=now, random=Random(5))  # noqa: S311 - a repeatable load
    return load_shop(invoices=invoices, people=people_to_sell_to(wanted), now=now)


def set_shop_scene(*, session: str, now: datetime) -> ShopScene:
    """A customer who bought like others do, signed in, with two things in the cart; and one of their invoices."""
    count = Invoice.objects.count()
    invoice = Invoice.objects.filter(state=InvoiceState.OPEN).select_related("customer__person", "order").latest("pk")
    person = invoice.customer.person
    if person is None or invoice.order is None:
        raise RuntimeError("A loaded invoice belongs to a person and an order.")
    for price in Price.objects.filter(withdrawn_at=None, period=Period.ONCE).order_by("pk")[:2]:
        carts.put_in(visitor=carts.Visitor(person, ""), price_id=price.pk, quantity=2, now=now)
    first = Invoice.objects.order_by("pk").values_list("pk", flat=True)[0]
    place = invoice.pk - first
    if not 0 <= place < count:
        raise RuntimeError("Loaded invoices stand in one row.")
    return ShopScene(
        session, session_of(person), invoice.customer, invoice, invoice.order, token_of(place), person.name
    )  # fmt: skip


def pages(scene: ShopScene) -> dict[str, tuple[str, str]]:
    """Name: (address, whose session: staff, customer or nobody)."""
    invoice, last = scene.invoice, scene.name.split()[-1]
    return {
        "find, an invoice number": (f"/billing/find/?q={invoice.number}", "staff"),
        "find, the beginning of a number": (f"/billing/find/?q={str(invoice.number)[:9]}", "staff"),
        "find, the beginning of a PO": ("/billing/find/?q=4500", "staff"),
        "find, last four digits": ("/billing/find/?q=4242", "staff"),
        "find, a tracking number": ("/billing/find/?q=1Z999AA10000000007", "staff"),
        "find, a name": (f"/billing/find/?q={last}", "staff"),
        "palette, an invoice": (f"/go/?q={invoice.number}", "staff"),
        "invoices": ("/billing/invoices/", "staff"),
        "invoices, a number": (f"/billing/invoices/?q={invoice.number}", "staff"),
        "invoices, a name": (f"/billing/invoices/?q={last}", "staff"),
        "invoices, overdue": ("/billing/invoices/?state=overdue", "staff"),
        "invoice, for staff": (f"/billing/invoices/{invoice.number}/", "staff"),
        "customer, for staff": (f"/billing/customers/{scene.customer.pk}/", "staff"),
        "order, for staff": (f"/desk/orders/{scene.order.number}/", "staff"),
        "public invoice, no session": (f"/i/{scene.token}/", "nobody"),
        "store": ("/store/", "nobody"),
        "cart": ("/cart/", "customer"),
        "checkout": ("/checkout/", "customer"),
        "account": ("/account/", "customer"),
        "my invoices": ("/account/invoices/", "customer"),
        "my orders": ("/orders/", "customer"),
    }


def measure_pages(scene: ShopScene, host: str, port: int, *, rounds: int) -> dict[str, dict]:
    """One visitor and eight at once, queries, bytes and the ratio to a bare view of 20 rows asked in turn with it."""
    sessions = {"staff": scene.staff, "customer": scene.session, "nobody": ""}
    found = {
        name: measure_page(path, sessions[who], scene.staff, host, port, rounds)
        for name, (path, who) in pages(scene).items()
    }
    found["public invoice, unchanged (304)"] = _measure_unchanged(f"/i/{scene.token}/", scene.staff, host, port, rounds)
    return found


def measure_page(path: str, session: str, staff: str, host: str, port: int, rounds: int) -> dict:
    """One who looks, eight at once, queries, bytes, and the ratio to the floor asked by `staff` in turn with it."""
    one = Browser(host, port, session)
    answer = _warm(one, path, 200)
    times, floors = _in_turn(lambda: one.get(path).seconds, Browser(host, port, staff), rounds)
    eight = at_once(8, _fetcher(host, port, session, path), max(1, rounds // 4))
    return {"queries": answer.queries, "bytes": answer.size, "eight": spread(eight), **_beside(times, floors)}


def _measure_unchanged(path: str, staff: str, host: str, port: int, rounds: int) -> dict:
    """A second look at an invoice to which nothing happened."""
    one = Browser(host, port)
    etag = _warm(one, path, 200).headers["etag"]
    answer = one.get(path, **{"If-None-Match": etag})
    if answer.status != 304:
        raise RuntimeError(f"{path} answered {answer.status} to its own ETag.")
    times, floors = _in_turn(
        lambda: one.get(path, **{"If-None-Match": etag}).seconds, Browser(host, port, staff), rounds
    )
    eight = {"eight": spread(times)}
    return {"queries": answer.queries, "bytes": answer.size, **eight, **_beside(times, floors)}


def _in_turn(ask: Callable[[], float], below: Browser, rounds: int) -> tuple[list[float], list[float]]:
    _warm(below, FLOOR, 200)
    times, floors = [], []
    for _ in range(rounds):
        floors.append(below.get(FLOOR).seconds)
        times.append(ask())
    return times, floors


def _beside(times: list[float], floors: list[float]) -> dict:
    ratio = statistics.median(times) / statistics.median(floors)
    return {"one": spread(times), "floor": "floor, 20 rows", "times_floor": round(ratio, 2)}


def _warm(browser: Browser, path: str, wanted: int) -> Answer:
    for _ in range(3):
        answer = browser.get(path)
    if answer.status != wanted:
        raise RuntimeError(f"{path} answered {answer.status}.")
    return answer


def _fetcher(host: str, port: int, session: str, path: str) -> Callable[[int], Callable[[], float]]:
    def make(number: int) -> Callable[[], float]:
        browser = Browser(host, port, session)
        browser.get(path)
        return lambda: browser.get(path).seconds

    return make


def measure_pdf(*, count: int, now: datetime) -> dict[str, float]:
    """An invoice of eight lines as a PDF, made `count` times; no two are alike."""
    customer = Customer.objects.earliest("pk")
    made = [_issue(customer, f"bench:pdf:{number}", number, now, lines=PDF_LINES) for number in range(count)]
    documents.render("invoice", paper_words.values_of(made[0]))  # starts the compiler
    times = []
    for invoice in made:
        values = paper_words.values_of(invoice)
        began = time.perf_counter()
        documents.render("invoice", values)
        times.append(time.perf_counter() - began)
    return spread(times)


def measure_issuing(*, now: datetime) -> dict[str, float]:
    """AT_ONCE invoices issued by as many threads at once: how long all of it took, and that no number is missing."""
    customers = list(Customer.objects.order_by("pk")[:AT_ONCE])

    def work(number: int) -> float:
        began = time.perf_counter()
        try:
            _issue(customers[number % len(customers)], f"bench:issue:{number}", number, now)
        finally:
            connection.close()
        return time.perf_counter() - began

    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        times = list(pool.map(work, range(AT_ONCE)))
    seconds = time.perf_counter() - began
    return {"invoices": AT_ONCE, "seconds": round(seconds, 2), "gaps": _gaps(), **spread(times)}


def _issue(customer: Customer, key: str, number: int, now: datetime, *, lines: int = 1) -> Invoice:
    wanted = [DraftLine(name=f"Robot {number}, part {part}", unit_amount=24_900 + part) for part in range(lines)]
    return issue(draft=Draft(key=key, customer=customer, currency="USD", lines=wanted), now=now)


def _gaps() -> int:
    """How many numbers between the first and the last of each year are on no invoice (I6)."""
    years = Invoice.objects.filter(number__isnull=False).values("year").annotate(last=Max("sequence"), all=Count("pk"))
    return sum(row["last"] - row["all"] for row in years.order_by())
