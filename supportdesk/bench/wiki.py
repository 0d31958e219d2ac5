"""The wiki at 10,000 articles with five versions each: what readers open, what they look for, what an editor saves."""

import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from django.utils import timezone

from accounts.choices import Role
from accounts.models import Grant, Person
from knowledgebase.differing import compare
from knowledgebase.models import Article
from supportdesk.bench.client import Answer, Browser, spread, token_of
from supportdesk.bench.scene import session_of
from supportdesk.bench.shop import measure_page
from supportdesk.lib.throttle import prune
from supportdesk.load.wiki import EVERYWHERE, WORDS, load_wiki

USUAL_ARTICLES = 10_000
WORDS_COMPARED = 5_000
BASE_NO = re.compile(rb'name="base_no" value="(\d+)"')


@dataclass(frozen=True)
class WikiScene:
    """Who writes, what is read, and a word that stands in one page alone."""

    articles: int
    session: str
    slug: str
    rare: str


def set_wiki_scene(*, articles: int, now: datetime) -> WikiScene:
    """An editor, and a wiki of so many pages."""
    editor = Person.objects.create_user("editor@desk.load.example", name="Edda Editor", created_at=now)
    Grant.objects.create(person=editor, role=Role.EDITOR, granted_at=now)
    load_wiki(articles=articles, by=editor, now=now)
    return WikiScene(articles, session_of(editor), f"page-{articles // 2}", f"rare{articles // 3}x")


def measure(scene: WikiScene, host: str, port: int, *, staff: str, rounds: int) -> dict[str, dict]:
    """Pages and searches beside a bare view of 20 rows; suggesting, saving and comparing by themselves."""
    found = {}
    for name, (path, session) in _pages(scene).items():
        prune(timezone.now() + timedelta(days=1))  # a network may search so many times; each page begins anew
        found[name] = measure_page(path, session, staff, host, port, rounds)
    article = f"/articles/{scene.slug}/"
    etag = Browser(host, port).get(article).headers["etag"]
    found["public article, unchanged (304)"] = _alone(
        lambda reader: reader.get(article, **{"If-None-Match": etag}), Browser(host, port), rounds, 304
    )
    found["suggestion while writing"] = _suggesting(Browser(host, port), rounds)
    found["article saved"] = _saving(scene, Browser(host, port, scene.session), rounds)
    found["two texts of 5,000 words compared"] = _comparing(rounds)
    return found


def _pages(scene: WikiScene) -> dict[str, tuple[str, str]]:
    """Name: (address, session)."""
    return {
        "public article, no session": (f"/articles/{scene.slug}/", ""),
        "help centre": ("/articles/", ""),
        "articles, rare word": (f"/articles/search/?q={scene.rare}", ""),
        "articles, word of every page": (f"/articles/search/?q={EVERYWHERE}", ""),
        "articles, two common words": ("/articles/search/?q=battery+charger", ""),
        "articles, misspelt": ("/articles/search/?q=recieve+refnd", ""),
        "articles, nothing found": ("/articles/search/?q=zyzzyvaquokka", ""),
        "article, for staff": (f"/wiki/{scene.slug}/", scene.session),
        "wiki, rare word": (f"/wiki/search/?q={scene.rare}", scene.session),
        "palette, a page of the wiki": (f"/go/?q={scene.rare}", scene.session),
    }


def _alone(ask, browser: Browser, rounds: int, status: int) -> dict:
    times: list[float] = []
    answer: Answer | None = None
    for _ in range(rounds):
        answer = ask(browser)
        if answer.status != status:
            raise RuntimeError(f"The wiki answered {answer.status}.")
        times.append(answer.seconds)
    return {"queries": answer.queries if answer else None, "bytes": answer.size if answer else 0,
            "one": spread(times), "eight": spread(times)}  # fmt: skip


def _suggesting(browser: Browser, rounds: int) -> dict:
    """What a script asks while somebody types their question."""
    token = token_of(browser.get("/help/"))
    words = {"subject": "where is my refund", "text": "I sent the battery and the charger back and want to know"}
    return _alone(lambda one: one.post("/articles/suggestions/", token, words), browser, rounds, 200)


def _saving(scene: WikiScene, browser: Browser, rounds: int) -> dict:
    """The POST that hands in a new version."""
    slugs = iter(Article.objects.filter(space__key="loaded").order_by("pk").values_list("slug", flat=True)[:rounds])

    def save(one: Browser) -> Answer:
        address = f"/wiki/{next(slugs)}/edit/"
        page = one.get(address)
        base_no = BASE_NO.search(page.body)
        if base_no is None:
            raise RuntimeError("The editor names the version that it began from.")
        fields = {"title": "Kit and battery", "markdown": "## What to do\n\nAnother text.", "comment": "",
                  "base_no": base_no[1].decode(), "significance": "medium", "known": "0", "do": "submit"}  # fmt: skip
        return one.post(address, token_of(page), fields)

    return _alone(save, browser, min(rounds, scene.articles), 302)


def _comparing(rounds: int) -> dict:
    random = Random(11)  # noqa: S311 - the same texts each time
    lines = [" ".join(random.choices(WORDS, k=12)) + "." for _ in range(WORDS_COMPARED // 12)]
    other = [f"{line} And more." if at % 7 == 0 else line for at, line in enumerate(lines) if at % 31]
    old, new = "\n".join(lines), "\n".join(other)
    times = []
    for _ in range(max(3, rounds // 4)):
        began = time.perf_counter()
        compare(old, new)
        times.append(time.perf_counter() - began)
    return {"queries": 0, "bytes": len(new), "one": spread(times), "eight": spread(times)}
