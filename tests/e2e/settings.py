"""The suite's settings for processes that a browser talks to: static files straight from their folders."""

from tests.settings import *  # noqa: F403

WHITENOISE_USE_FINDERS = True
