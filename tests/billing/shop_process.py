"""A process of the store on the database of a test: `python -m tests.billing.shop_process VERB ARGUMENTS`.

It waits for a line on standard input before it acts, so that a test can let several go at once.
"""

import os
import sys
from datetime import datetime

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django
from django.conf import settings

settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
django.setup()

from tests.billing.shop_verbs import act  # noqa: E402 - the models exist only below


def main() -> None:
    now = datetime.fromisoformat(os.environ["NOW"])
    print("ready", flush=True)
    sys.stdin.readline()
    print(act(*sys.argv[1:], now=now))


main()
