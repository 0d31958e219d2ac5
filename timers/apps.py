"""The timers app."""

from django.apps import AppConfig


class TimersConfig(AppConfig):
    """Things that fall due."""

    name = "timers"
