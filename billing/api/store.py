"""Customers, products, orders, shipments and subscriptions for programs."""

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access
from accounts.rest.call import Call
from billing.actions import shipments
from billing.api import bodies
from billing.api.refusals import SaysWhy, one
from billing.api.shown import CustomerShown, OrderShown, ProductShown, ShipmentShown, SubscriptionShown
from billing.choices import OrderState, ProductState, ShipmentState, SubscriptionState
from billing.models import Customer, Order, OrderLine, Price, Product, Shipment, ShipmentHold, Subscription
from supportdesk.lib.rest.filters import FilterSet, IdFilter, MomentFilter, SeveralFilter, TextFilter
from supportdesk.lib.rest.schema import ErrorAnswer, operation
from supportdesk.lib.rest.views import ApiView, ListView

SEE_ORDERS = ("orders:read", "orders.see")
WORK_ON_ORDERS = ("orders:write", "orders.work")
# Who may end which hold is the action's to say: packers end our own, others take the right to decide.
DECIDE_HOLDS = ("orders:write", "orders.see")
SEE_INVOICES = ("invoices:read", "invoices.see")


class CustomerFilters(FilterSet):
    organisation = IdFilter("organisation")
    person = IdFilter("person")


class OrderFilters(FilterSet):
    customer = IdFilter("customer")
    number = TextFilter("number")
    state = SeveralFilter("state", choices=OrderState.choices)
    placed_after = MomentFilter("placed_at", lookup_expr="gte")
    placed_before = MomentFilter("placed_at", lookup_expr="lt")


class ShipmentFilters(FilterSet):
    order = IdFilter("order")
    state = SeveralFilter("state", choices=ShipmentState.choices)
    tracking_number = TextFilter("tracking_number", lookup_expr="iexact")


class ProductFilters(FilterSet):
    state = SeveralFilter("state", choices=ProductState.choices)


class SubscriptionFilters(FilterSet):
    customer = IdFilter("customer")
    state = SeveralFilter("state", choices=SubscriptionState.choices)


def customers() -> QuerySet[Customer]:
    """With what they are called by."""
    return Customer.objects.select_related(*CustomerShown.Meta.related)


def products() -> QuerySet:
    """With the prices that hold now."""
    prices = Price.objects.filter(withdrawn_at__isnull=True).order_by("period", "displays", "pk")
    return Product.objects.prefetch_related(Prefetch("prices", prices, to_attr="current_prices"))


def orders() -> QuerySet[Order]:
    """With lines and boxes."""
    lines = Prefetch("lines", OrderLine.objects.order_by("position"))
    boxes = Prefetch("shipments", Shipment.objects.order_by("number"))
    return Order.objects.select_related(*OrderShown.Meta.related).prefetch_related(lines, boxes)


def boxes() -> QuerySet:
    """With what they wait for."""
    waits = ShipmentHold.objects.filter(released_at__isnull=True).order_by("pk")
    rows = Shipment.objects.select_related(*ShipmentShown.Meta.related)
    return rows.prefetch_related(Prefetch("holds", waits, to_attr="open_holds"))


def subscriptions() -> QuerySet[Subscription]:
    """With their prices."""
    return Subscription.objects.select_related(*SubscriptionShown.Meta.related)


class Customers(ListView):
    tag = "Customers"
    needs = {"GET": SEE_INVOICES}
    serializer_class = CustomerShown
    filterset_class = CustomerFilters
    queryset = Customer.objects.none()

    @operation("customers_list", "List customers", answer=CustomerShown(many=True))
    def get(self, request: Call) -> Response:
        return self.page(customers())


class OneCustomer(ApiView):
    tag = "Customers"
    needs = {"GET": SEE_INVOICES}
    queryset = Customer.objects.none()

    @operation("customers_read", "Read a customer", answer=CustomerShown)
    def get(self, request: Call, pk: int) -> Response:
        return Response(CustomerShown(one(customers(), pk)).data)


class Products(ListView):
    tag = "Orders"
    needs = {"GET": SEE_ORDERS}
    serializer_class = ProductShown
    filterset_class = ProductFilters
    queryset = Product.objects.none()

    @operation("products_list", "List products, drafts too", answer=ProductShown(many=True))
    def get(self, request: Call) -> Response:
        return self.page(products())


class OneProduct(ApiView):
    tag = "Orders"
    needs = {"GET": SEE_ORDERS}
    queryset = Product.objects.none()

    @operation("products_read", "Read a product", answer=ProductShown)
    def get(self, request: Call, pk: int) -> Response:
        return Response(ProductShown(one(products(), pk)).data)


class Orders(ListView):
    tag = "Orders"
    needs = {"GET": SEE_ORDERS}
    serializer_class = OrderShown
    filterset_class = OrderFilters
    queryset = Order.objects.none()

    @operation("orders_list", "List orders", answer=OrderShown(many=True), description="The newest first.")
    def get(self, request: Call) -> Response:
        return self.page(orders())


class OneOrder(ApiView):
    tag = "Orders"
    needs = {"GET": SEE_ORDERS}
    queryset = Order.objects.none()

    @operation("orders_read", "Read an order", answer=OrderShown)
    def get(self, request: Call, pk: int) -> Response:
        return Response(OrderShown(one(orders(), pk)).data)


class Shipments(ListView):
    tag = "Orders"
    needs = {"GET": SEE_ORDERS}
    serializer_class = ShipmentShown
    filterset_class = ShipmentFilters
    queryset = Shipment.objects.none()

    @operation("shipments_list", "List shipments", answer=ShipmentShown(many=True))
    def get(self, request: Call) -> Response:
        return self.page(boxes())


class OneShipment(ApiView):
    tag = "Orders"
    needs = {"GET": SEE_ORDERS}
    queryset = Shipment.objects.none()

    @operation("shipments_read", "Read a shipment", answer=ShipmentShown)
    def get(self, request: Call, pk: int) -> Response:
        return Response(ShipmentShown(one(boxes(), pk)).data)


class Release(SaysWhy):
    tag = "Orders"
    needs = {"POST": DECIDE_HOLDS}
    queryset = Shipment.objects.none()

    def initial(self, request: Request, *args, **kwargs) -> None:
        """Whoever may end no hold at all is refused before they learn which shipments there are."""
        super().initial(request, *args, **kwargs)
        if request.method == "POST" and not access.can(request.user, "orders.work"):
            access.require(request.user, "holds.decide", now=timezone.now())

    @operation(
        "shipments_release",
        "End a reason to wait",
        body=bodies.ReleaseBody,
        answer=ShipmentShown,
        conflict=ErrorAnswer,
        description="The last one lets what is packed leave. `manual` holds end those who pack; the others need the "
        "right to decide about holds. 409 when it does not wait for that any more.",
    )
    def post(self, request: Call, pk: int) -> Response:
        shipment, said = one(boxes(), pk), self.read(bodies.ReleaseBody)
        shipments.let_go(shipment=shipment, reason=said["reason"], by=request.user, now=timezone.now())
        return Response(ShipmentShown(one(boxes(), pk)).data)


class Ship(SaysWhy):
    tag = "Orders"
    needs = {"POST": WORK_ON_ORDERS}
    queryset = Shipment.objects.none()

    @operation(
        "shipments_ship",
        "Send a shipment off",
        body=bodies.ShipBody,
        answer=ShipmentShown,
        conflict=ErrorAnswer,
        description="The customer is mailed the tracking number. 409 while it is held, not packed yet, or gone.",
    )
    def post(self, request: Call, pk: int) -> Response:
        shipment, said = one(boxes(), pk), self.read(bodies.ShipBody)
        shipments.ship(
            shipment=shipment, carrier=said["carrier"], number=said["tracking_number"], by=request.user,
            now=timezone.now(),
        )  # fmt: skip
        return Response(ShipmentShown(one(boxes(), pk)).data)


class Subscriptions(ListView):
    tag = "Customers"
    needs = {"GET": SEE_INVOICES}
    serializer_class = SubscriptionShown
    filterset_class = SubscriptionFilters
    queryset = Subscription.objects.none()

    @operation("subscriptions_list", "List subscriptions", answer=SubscriptionShown(many=True))
    def get(self, request: Call) -> Response:
        return self.page(subscriptions())


class OneSubscription(ApiView):
    tag = "Customers"
    needs = {"GET": SEE_INVOICES}
    queryset = Subscription.objects.none()

    @operation("subscriptions_read", "Read a subscription", answer=SubscriptionShown)
    def get(self, request: Call, pk: int) -> Response:
        return Response(SubscriptionShown(one(subscriptions(), pk)).data)
