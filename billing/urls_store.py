"""What staff open of the store."""

from django.urls import path

from billing.views import catalogue, certificate_rules, coupons, orders

app_name = "shop"
urlpatterns = [
    path("settings/products/", catalogue.product_list, name="products"),
    path("settings/products/new/", catalogue.new_product, name="new_product"),
    path("settings/products/<int:pk>/", catalogue.product, name="product"),
    path("settings/products/<int:pk>/words/", catalogue.change_product, name="change_product"),
    path("settings/products/<int:pk>/prices/", catalogue.set_prices, name="set_prices"),
    path("settings/products/<int:pk>/publish/", catalogue.publish, name="publish"),
    path("settings/products/<int:pk>/archive/", catalogue.archive, name="archive"),
    path("settings/shipping/", catalogue.shipping, name="shipping"),
    path("settings/taxes/", catalogue.taxes, name="taxes"),
    path("settings/taxes/add/", catalogue.add_tax, name="add_tax"),
    path("settings/taxes/<int:pk>/end/", catalogue.end_tax, name="end_tax"),
    path("settings/certificates/", certificate_rules.rules, name="certificate_rules"),
    path("settings/coupons/", coupons.coupon_list, name="coupons"),
    path("settings/coupons/new/", coupons.new_coupon, name="new_coupon"),
    path("settings/coupons/<int:pk>/", coupons.coupon, name="coupon"),
    path("settings/coupons/<int:pk>/terms/", coupons.change_coupon, name="change_coupon"),
    path("settings/coupons/<int:pk>/switch/", coupons.switch_coupon, name="switch_coupon"),
    path("settings/coupons/<int:pk>/give/", coupons.give_coupon, name="give_coupon"),
    path("desk/orders/", orders.board, name="board"),
    path("desk/orders/<str:number>/", orders.order, name="order"),
    path("desk/orders/<str:number>/cancel/", orders.cancel, name="cancel_order"),
    path("desk/shipments/<int:pk>/pack/", orders.pack, name="pack"),
    path("desk/shipments/<int:pk>/hold/", orders.hold, name="hold"),
    path("desk/shipments/<int:pk>/let-go/", orders.let_go, name="let_go"),
    path("desk/shipments/<int:pk>/ship/", orders.ship, name="ship"),
    path("desk/shipments/<int:pk>/deliver/", orders.deliver, name="deliver"),
    path("desk/shipments/<int:pk>/ask/", orders.ask, name="ask_carrier"),
    path("desk/customers/<int:pk>/hours/", orders.ledger, name="ledger"),
]
