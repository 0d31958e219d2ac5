"""A writer of the wiki beside a test, on its database: `python -m tests.knowledgebase.wiki_process VERB NUMBER…`.

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
from accounts.access import NotAllowed
from accounts.models import Person
from knowledgebase.actions import publishing, writing
from knowledgebase.models import Article, Revision, Space
from knowledgebase.refusals import Refused


def act(verb: str, person: Person, key: int, now: datetime) -> str:
    """Do it; what comes out is a word or a number."""
    if verb == "save":
        article = Article.objects.get(pk=key)
        text = f"{article.published.markdown}\n\nFrom {person.name}."
        saved = writing.save(
            article=article, title=article.title, markdown=text, base_no=article.published.no, by=person, now=now
        )
        return str(saved.no)
    if verb == "create":
        space = Space.objects.get(pk=key)
        words = {"kind": "page", "title": "Printers", "markdown": f"By {person.name}."}
        return writing.create(space=space, **words, by=person, now=now).slug
    revision = Revision.objects.select_related("article").get(pk=key)
    if verb == "reject":
        publishing.reject(revision, answer="No.", by=person, now=now)
    else:
        publishing.approve(revision, by=person, now=now)
    return verb


def main(verb: str, person: str, key: str) -> str:
    """Wait, act, and say what came of it."""
    now = datetime.fromisoformat(os.environ["NOW"])
    by = Person.objects.get(pk=int(person))
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        return act(verb, by, int(key), now)
    except (Refused, NotAllowed) as refusal:
        return type(refusal).__name__


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
