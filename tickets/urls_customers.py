"""The desk's addresses for accounts of customers. Part of `tickets.urls`."""

from django.urls import path

from tickets.views.desk import back_office, customers

urlpatterns = [
    path("customers/", customers.search, name="accounts"),
    path("customers/<int:pk>/", customers.profile, name="account"),
    path("customers/<int:pk>/show/", customers.reveal, name="reveal"),
    path("customers/<int:pk>/log/", customers.events, name="account_log"),
    path("customers/<int:pk>/code/", back_office.mail_code, name="mail_identity_code"),
    path("customers/<int:pk>/code/typed/", back_office.type_code, name="type_identity_code"),
    path("customers/<int:pk>/number/", back_office.read_number, name="read_identity_number"),
    path("customers/<int:pk>/reset/", back_office.send_reset, name="send_reset"),
    path("customers/<int:pk>/change/", back_office.change, name="change_address"),
    path("customers/<int:pk>/cancel/", back_office.cancel, name="cancel_account"),
    path("customers/<int:pk>/keep/", back_office.keep, name="keep_account"),
    path("customers/requests/<int:pk>/approve/", back_office.approve, name="approve_request"),
    path("customers/requests/<int:pk>/reject/", back_office.reject, name="reject_request"),
    path("customers/requests/<int:pk>/withdraw/", back_office.withdraw, name="withdraw_request"),
    path("desk/tickets/<int:pk>/caller/", back_office.caller, name="caller"),
]
