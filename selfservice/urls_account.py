"""The account page and what is changed on it."""

from django.urls import path

from selfservice.views import account, credit, plans

urlpatterns = [
    path("account/", account.account, name="account"),
    path("account/notices/", account.choose_notices, name="choose_notices"),
    path("account/<int:pk>/recipients/", account.recipients, name="recipients"),
    path("account/credit/", credit.apply, name="apply_for_credit"),
    path("account/credit/<int:pk>/", credit.credit_request, name="credit_request"),
    path("account/credit/<int:pk>/withdraw/", credit.withdraw, name="withdraw_credit"),
    path("account/<int:pk>/hours/", account.hours, name="hours"),
    path("account/recipients/<int:pk>/remove/", account.remove_recipient, name="remove_recipient"),
    path("account/plans/<int:pk>/change/", plans.change, name="change_plan"),
    path("account/plans/<int:pk>/keep/", plans.keep, name="keep_plan"),
    path("account/plans/<int:pk>/cancel/", plans.cancel, name="cancel_plan"),
    path("account/plans/<int:pk>/go-on/", plans.go_on, name="go_on_with_plan"),
]
