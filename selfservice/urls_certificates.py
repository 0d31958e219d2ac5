"""Tax certificates of a customer."""

from django.urls import path

from selfservice.views import certificates

urlpatterns = [
    path("account/certificates/new/", certificates.new_certificate, name="new_certificate"),
    path("account/certificates/<int:pk>/", certificates.certificate, name="certificate"),
    path("account/certificates/<int:pk>/withdraw/", certificates.withdraw_certificate, name="withdraw_certificate"),
    path("account/<int:pk>/certificates/", certificates.certificate_list, name="certificates"),
]
