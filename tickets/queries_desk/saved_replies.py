"""Words that were kept for often asked questions."""

from django.db.models import Q

from tickets.models import ReplyTemplate

MOST_OFFERED = 500


def saved_replies_for(person) -> list[ReplyTemplate]:
    """What the desk, one of the person's teams or they themselves have kept, what is used most first. One query."""
    mine = Q(owner=person) | Q(owner=None) & (Q(team=None) | Q(team__in=person.team_memberships.values("team")))
    return list(ReplyTemplate.objects.filter(mine).order_by("-uses", "name", "pk")[:MOST_OFFERED])
