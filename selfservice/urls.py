"""What customers open, and the daily review."""

from django.urls import include, path

from selfservice.views import cart, checkout, orders, store

app_name = "selfservice"
urlpatterns = [
    path("", include("selfservice.urls_account")),
    path("", include("selfservice.urls_certificates")),
    path("", include("selfservice.urls_refunds")),
    path("", include("selfservice.urls_invoices")),
    path("", include("selfservice.urls_review")),
    path("", include("selfservice.urls_training")),
    path("store/", store.store, name="store"),
    path("store/<slug:slug>/", store.product, name="product"),
    path("store/<slug:slug>/info/", store.info, name="info"),
    path("cart/", cart.cart, name="cart"),
    path("cart/add/", cart.put_in, name="put_in"),
    path("cart/coupon/", cart.coupon, name="coupon"),
    path("cart/prices/", cart.accept, name="accept_prices"),
    path("cart/lines/<int:price>/", cart.change, name="change_line"),
    path("checkout/", checkout.checkout, name="checkout"),
    path("orders/", orders.order_list, name="orders"),
    path("orders/<str:number>/", orders.order, name="order"),
]
