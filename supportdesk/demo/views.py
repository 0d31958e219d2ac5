"""Searches that this company keeps under a name."""

from datetime import datetime

from accounts.models import Person
from supportdesk.demo.trade import DOMAIN
from tickets.actions.saved_views import save_view
from tickets.choices import Sharing, ViewOrder
from tickets.models import SavedView, Team

# (who, name, search, order, the team that shares it, "" for only the owner, "*" for everybody)
VIEWS = (
    ("tom", "Tax forms wanted", "is:unsolved tag:w8", ViewOrder.DUE, "Billing"),
    ("tom", "Urgent and nobody's", "priority:urgent is:unassigned is:unsolved", ViewOrder.DUE, "*"),
    ("priya", "Mine with files", "by:me has:file is:unsolved", ViewOrder.NEWEST, ""),
    ("priya", "Waiting for their answer", "by:me is:waiting", ViewOrder.DUE, ""),
)


def keep_views(*, now: datetime) -> None:
    """Save them once."""
    for who, name, q, order, circle in VIEWS:
        person = Person.objects.get(email=f"{who}@{DOMAIN}")
        if SavedView.objects.filter(owner=person, name=name).exists():
            continue
        sharing = {"": Sharing.MINE, "*": Sharing.ALL}.get(circle, Sharing.TEAM)
        team = Team.objects.get(name=circle) if sharing == Sharing.TEAM else None
        save_view(name=name, q=q, order=order, sharing=sharing, team=team, by=person, now=now)
