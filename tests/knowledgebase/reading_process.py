"""A reader or an importer beside a test, on its database: `python -m tests.knowledgebase.reading_process VERB …`.

It waits for a line on standard input before it acts, so that a test can let two go at once.
"""

import os
import sys
from datetime import datetime

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django
from django.conf import settings

settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
django.setup()

# Below here the models exist.
# ruff: noqa: E402
from accounts.models import Person
from knowledgebase.actions import checking, importing, overseeing, receipts
from knowledgebase.models import Article, CampaignItem
from knowledgebase.refusals import Refused


def act(verb: str, person: str, key: str, now: datetime) -> str:
    """Do it; what comes out is a word."""
    if verb == "look_after":
        overseeing.look_after(now=now)
        return "looked"
    if verb == "import":
        return str(importing.work(run_id=int(key), now=lambda: now))
    if verb == "confirm":
        article = Article.objects.get(pk=int(key))
        receipts.confirm(article=article, no=1, by=Person.objects.get(pk=int(person)), now=now)
        return "confirmed"
    item = CampaignItem.objects.get(pk=int(key))
    return checking.settle(item=item, by=Person.objects.get(pk=int(person)), now=now).outcome


def main(verb: str, person: str, key: str) -> str:
    """Wait, act, and say what came of it."""
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        return act(verb, person, key, datetime.fromisoformat(os.environ["NOW"]))
    except Refused as refusal:
        return type(refusal).__name__


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
