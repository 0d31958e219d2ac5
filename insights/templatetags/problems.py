"""`{% load problems %}`: what pages of problems say of times and of announcements."""

from django import template

from insights.models import Announcement, Told
from insights.problem_choices import Telling

register = template.Library()


@register.filter
def hours(minutes: int) -> str:
    """“1.5” of 90."""
    return f"{minutes / 60:.2f}".rstrip("0").rstrip(".")


@register.simple_tag
def told_words(announcement: Announcement) -> str:
    """“38 of 40 sent, 2 waiting”. Reads rows that were fetched with the announcement."""
    states = [told.state for told in announcement.told.all()]
    parts = [f"{states.count(Telling.SENT)} of {len(states)} sent"]
    for state, words in ((Telling.WAITING, "waiting"), (Telling.FAILED, "not sent")):
        if states.count(state):
            parts.append(f"{states.count(state)} {words}")
    return ", ".join(parts)


@register.simple_tag
def told_for_people(announcement: Announcement) -> list[Told]:
    """Those that were left as they were, or could not be sent: somebody looks at them."""
    return [told for told in announcement.told.all() if told.was_reopened or told.state == Telling.FAILED]
