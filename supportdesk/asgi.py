"""What uvicorn serves: `/live` alone. Pages stay on WSGI, where they are several times faster."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportdesk.settings")
django.setup()

from supportdesk.live import application  # noqa: E402 - the models have to be ready first

__all__ = ["application"]
