"""The daily review."""

from django.urls import path

from selfservice.views import review, review_rules

urlpatterns = [
    path("settings/review/", review_rules.rules, name="review_rules"),
    path("settings/review/<str:kind>/reasons/", review_rules.reasons, name="review_reasons"),
    path("review/", review.review, name="review"),
    path("review/here/", review.here, name="review_here"),
    path("review/decisions/<int:pk>/undo/", review.undo, name="undo_decision"),
    path("review/decisions/<int:pk>/second/", review.second, name="second_decision"),
    path("review/<str:kind>/<int:pk>/decide/", review.decide, name="decide"),
    path("review/<str:kind>/<int:pk>/reject/", review.reject, name="reject"),
    path("review/<str:kind>/<int:pk>/effects/", review.effects, name="review_effects"),
    path("review/<str:kind>/<int:pk>/skip/", review.skip, name="skip"),
]
