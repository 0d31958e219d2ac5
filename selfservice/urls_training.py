"""Booking a training. What is booked already stands in `training`."""

from django.urls import path

from selfservice.views import training

urlpatterns = [path("training/book/<slug:slug>/", training.book, name="book_training")]
