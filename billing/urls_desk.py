"""Staff: what a customer buys, and finding it by what they read out."""

from django.urls import path

from billing.views import desk, finding

urlpatterns = [
    path("billing/find/", finding.find, name="find"),
    path("billing/customers/<int:pk>/", desk.customer, name="customer"),
    path("billing/requesters/<int:pk>/", desk.requester, name="requester"),
]
