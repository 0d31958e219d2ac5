"""Searches under a name: kept for oneself, shared with a team or with everybody."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max, QuerySet

from accounts import journal
from accounts.access import can
from supportdesk.lib.live import announce
from supportdesk.lib.locks import take_transaction_lock
from tickets.choices import Sharing
from tickets.models import SavedView, Team
from tickets.refusals import Refused

MOST = {Sharing.MINE: 20, Sharing.TEAM: 20, Sharing.ALL: 30}
LOCK = "tickets.saved_views"  # limits and positions are counted over many rows
TOPIC = "saved_views"


class CannotSaveView(Refused):
    """The message may be shown to the person who asked."""


def may_change(view: SavedView, by) -> bool:
    """Its owner may; a shared one, whoever leads as well."""
    return view.owner_id == by.pk or (view.sharing != Sharing.MINE and can(by, "tickets.export"))


@transaction.atomic
def save_view(*, name: str, q: str, order: str, sharing: str, team: Team | None, by, now: datetime) -> SavedView:
    """Keep a search, behind the others that are shared the same way. Raises CannotSaveView."""
    take_transaction_lock(LOCK)
    beside = _beside(sharing, team, by)
    _check(beside, name, sharing, team)
    view = SavedView.objects.create(
        name=name, q=q, order=order, sharing=sharing, team=team, owner=by, created_at=now, updated_at=now,
        position=_end_of(beside),
    )  # fmt: skip
    _tell(view, "tickets.save_view", by, now)
    return view


@transaction.atomic
def change_view(
    *, view: SavedView, name: str, q: str, order: str, sharing: str, team: Team | None, by, now: datetime
) -> SavedView:
    """Give it another name, search, order or circle. In a new circle it stands last. Raises CannotSaveView."""
    take_transaction_lock(LOCK)
    view = _locked(view, by)
    if sharing == Sharing.MINE and view.owner_id != by.pk:
        raise CannotSaveView("Only its owner can keep it for themselves. Save the same search as a view of your own.")
    beside = _beside(sharing, team, by).exclude(pk=view.pk)
    _check(beside, name, sharing, team)
    if (sharing, team.pk if team else None) != (view.sharing, view.team_id):
        view.position = _end_of(beside)
    view.name, view.q, view.order, view.sharing, view.team, view.updated_at = name, q, order, sharing, team, now
    view.save()
    _tell(view, "tickets.change_view", by, now)
    return view


@transaction.atomic
def remove_view(*, view: SavedView, by, now: datetime) -> None:
    """Forget the search. No ticket changes. Raises CannotSaveView."""
    take_transaction_lock(LOCK)
    view = _locked(view, by)
    number = view.pk
    view.delete()
    view.pk = number
    _tell(view, "tickets.remove_view", by, now)


@transaction.atomic
def move_view(*, view: SavedView, up: bool, by, now: datetime) -> None:
    """One place up or down among those that are shared the same way; at the end it stays. Raises CannotSaveView."""
    take_transaction_lock(LOCK)
    view = _locked(view, by)
    rows = list(_beside(view.sharing, view.team, view.owner).order_by("position", "pk"))
    at = rows.index(view)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(rows):
        return
    rows[at], rows[to] = rows[to], rows[at]
    for position, row in enumerate(rows, start=1):
        row.position = position
    SavedView.objects.bulk_update(rows, ["position"])
    _tell(view, "tickets.move_view", by, now)


def _locked(view: SavedView, by) -> SavedView:
    """The row as it stands now, which `by` may change."""
    known = SavedView.objects.select_for_update(of=("self",)).select_related("team", "owner").filter(pk=view.pk).first()
    if known is None:
        raise CannotSaveView("Somebody removed this view a moment ago.")
    if not may_change(known, by):
        raise CannotSaveView(f"{known.owner.shown_name} made this view. They, a lead or an admin can change it.")
    return known


def _beside(sharing: str, team: Team | None, owner) -> QuerySet[SavedView]:
    """Those that stand in one row with it."""
    rows = SavedView.objects.filter(sharing=sharing)
    if sharing == Sharing.TEAM:
        return rows.filter(team=team)
    return rows.filter(owner=owner) if sharing == Sharing.MINE else rows


def _check(beside: QuerySet[SavedView], name: str, sharing: str, team: Team | None) -> None:
    whose = {Sharing.MINE: "You have", Sharing.TEAM: f"{team} has"}.get(Sharing(sharing), "Everybody together has")
    if beside.filter(name__iexact=name).exists():
        raise CannotSaveView(f"{whose} a view called {name} already. Choose another name.")
    if beside.count() >= MOST[Sharing(sharing)]:
        raise CannotSaveView(f"{whose} {MOST[Sharing(sharing)]} views, which is the most. Remove one first.")


def _end_of(beside: QuerySet[SavedView]) -> int:
    return (beside.aggregate(last=Max("position"))["last"] or 0) + 1


def _tell(view: SavedView, action: str, by, now: datetime) -> None:
    announce(TOPIC)
    data = {"sharing": view.sharing, "team": view.team_id}
    journal.record(by=by, action=action, subject=f"tickets.saved_view:{view.pk}", data=data, now=now)
