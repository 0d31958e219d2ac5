"""What the demo's customers say after their tickets were closed, and the reports that are kept along the way."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from insights.actions.gather import gather
from insights.actions.rate import rate
from insights.choices import SurveyState
from insights.models import Survey, SurveyRules
from tickets.actions.setup import webhooks
from webhooks.models import Endpoint

COUNTED = timedelta(days=2)
ANSWER_SHARE = 0.42
MARKS, WEIGHTS = (5, 4, 3, 2, 1), (52, 28, 9, 6, 5)
WORDS = {
    5: ("The robot was back on the mat before the bell. Thank you!", "Quick, and I understood the answer.", "", "",
        "You even sent the right screw.", ""),
    4: ("All good, although I had to ask twice about the licence.", "", "", "Friendly. A picture would have helped."),
    3: ("It works now. I would have found it myself in a better manual.", ""),
    2: ("Four days for a spare wheel is long in a school week.", "I still do not know why the invoice came twice."),
    1: ("Nobody told me that the order was held.", "The first answer was about another product."),
}  # fmt: skip


def reports_and_answers(*, since: datetime, until: datetime) -> Iterator[datetime]:
    """Every other evening the days are counted, and those who were asked since the last one answered, or will not."""
    SurveyRules.objects.update(enabled_at=since)
    random = Random(77)  # noqa: S311 - the same answers every time
    evening = since.replace(hour=19, minute=5)
    while evening < until:
        yield evening
        gather(now=evening)
        asked = Survey.objects.filter(state=SurveyState.SENT, asked_at__gt=evening - COUNTED, asked_at__lte=evening)
        for survey in asked.select_related("ticket", "person").order_by("pk"):
            if random.random() < ANSWER_SHARE:
                _answer(survey, random, evening)
        evening += COUNTED


def make_endpoint(*, by, now: datetime) -> None:
    """An endpoint of the stock system, switched off: the demo calls nobody."""
    events = ["ticket.created", "ticket.closed", "message.created", "rating.received"]
    url = "https://stock.pinecone-robotics.example/hooks/desk"
    endpoint, _ = webhooks.make_endpoint(url=url, description="Stock system", events=events, by=by, now=now)
    webhooks.switch_off(endpoint=Endpoint.objects.get(pk=endpoint.pk), by=by, now=now)


def _answer(survey: Survey, random: Random, now: datetime) -> None:
    mark = random.choices(MARKS, WEIGHTS)[0]
    ease = min(7, max(1, mark + 2 - random.choice((0, 0, 0, 1, 2))))
    rate(
        survey=survey,
        csat=mark,
        ces=ease if random.random() < 0.7 else None,
        is_solved=(mark > 2) if random.random() < 0.8 else None,
        comment=random.choice(WORDS[mark]),
        now=now,
    )
