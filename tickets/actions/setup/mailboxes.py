"""A mailbox and the team that reads it, set up in one step and journalled without secrets."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from accounts import journal
from accounts.models import Person
from mail.actions import mailboxes
from mail.models import Mailbox
from tickets.actions.setup.door import by_admin
from tickets.models import MailboxRoute, Team

CannotSetUpMailbox = mailboxes.CannotSetUpMailbox


@by_admin
def create_mailbox(
    *,
    settings: Mapping[str, Any],
    aliases: Collection[str],
    team: Team,
    priority: str,
    by: Person,
    now: datetime,
) -> Mailbox:
    """Make a mailbox whose new tickets go to `team`. Raises CannotSetUpMailbox."""
    mailbox = mailboxes.create_mailbox(settings=settings, aliases=aliases)
    _route(mailbox, team, priority)
    _record("tickets.create_mailbox", mailbox, settings, aliases, by, now)
    return mailbox


@by_admin
def change_mailbox(
    *,
    mailbox: Mailbox,
    settings: Mapping[str, Any],
    aliases: Collection[str],
    team: Team,
    priority: str,
    by: Person,
    now: datetime,
) -> Mailbox:
    """Change a mailbox and its route. Tickets that exist stay where they are. Raises CannotSetUpMailbox."""
    mailbox = mailboxes.change_mailbox(mailbox=mailbox, settings=settings, aliases=aliases)
    _route(mailbox, team, priority)
    _record("tickets.change_mailbox", mailbox, settings, aliases, by, now)
    return mailbox


def _route(mailbox: Mailbox, team: Team, priority: str) -> None:
    MailboxRoute.objects.update_or_create(mailbox=mailbox, defaults={"team": team, "priority": priority})


def _record(
    action: str,
    mailbox: Mailbox,
    settings: Mapping[str, Any],
    aliases: Collection[str],
    by: Person,
    now: datetime,
) -> None:
    route = mailbox.route
    data = {
        **{name: str(value) for name, value in sorted(settings.items()) if name not in mailboxes.SECRETS},
        "new_secrets": sorted(mailboxes.SECRETS & settings.keys()),
        "aliases": sorted(aliases),
        "team": route.team_id,
        "priority": route.priority,
    }
    journal.record(by=by, action=action, subject=f"mail.mailbox:{mailbox.pk}", data=data, now=now)
