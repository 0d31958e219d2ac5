"""Entitlements and minutes: two at once, twice, killed in the middle, on PostgreSQL."""

from datetime import timedelta

import pytest

from mail.models import OutgoingMail
from supportdesk.faults import support_invariants
from supportdesk.faults.invariants import violations
from tests.billing.money import killed_at
from tests.crowds import Crowd
from tests.factories.accounts import make_organisation, make_person, make_staff
from tests.factories.billing import make_seller
from tests.factories.tickets import make_mailbox, make_ticket
from tests.tickets.support.conftest import entitled
from tests.tickets.support.test_entitled import claim_links
from tickets.actions.entitling import by_agent, claims
from tickets.actions.entitling.at_opening import Proof
from tickets.actions.scope import judging, timing
from tickets.actions.setup import scope_rules
from tickets.models import EntitlementCheck, ScopeTime, Ticket, TicketEvent
from tickets.scope import Facts, day_of
from tickets.support_choices import CheckMethod, Support, Verdict
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)
USES = Proof(CheckMethod.SESSION, uses_incident=True)


@pytest.fixture
def people(db, now):
    """A customer, an agent, and the mailbox that they write to."""
    make_mailbox()
    return make_person(name="Cara"), make_staff(name="Alma")


def broken(now) -> list:
    """Rows in which an invariant of entitlements or scope does not hold."""
    ours = {says for _, says, _ in support_invariants.CHECKS}
    return [one for one in violations(now=now) if one.says in ours]


def test_N5_of_several_tickets_at_once_the_last_incident_goes_to_one(people, now):
    """N5: opened at once by its customer, and used at once by agents on tickets that wait; never one too many."""
    customer, agent = people
    with Crowd(6) as crowd:
        for _ in range(3):
            pack = entitled(customer, now=now, incidents=1)
            opened = crowd.act([lambda: make_ticket(requester=customer, now=now, proof=USES)] * 6)
            assert sorted(ticket.support for ticket in opened) == [""] * 5 + [Support.PRIORITY]
            pack.refresh_from_db()
            assert (pack.incidents_used, pack.checks.filter(spends=True).count()) == (1, 1)
            assert EntitlementCheck.objects.filter(result="used_up", ticket__in=opened).count() == 5

            other = entitled(customer, now=now, incidents=1)
            waiting = [ticket for ticket in opened if not ticket.support]
            said = crowd.act(
                [
                    lambda ticket=ticket, other=other: by_agent.vouch(
                        ticket=ticket, entitlement=other, words="They rang", by=agent, now=now
                    )
                    for ticket in waiting
                ]
            )
            assert sum(isinstance(one, by_agent.CannotVouch) for one in said) == 4, said
            other.refresh_from_db()
            assert other.incidents_used == 1
    assert broken(now) == []


def test_N2_two_contacts_who_confirm_at_once_and_one_who_is_killed_count_once(people, now):
    """N2, F1: asked once under two clicks; confirmed once by two people; killed in between, nothing and then once."""
    customer, agent = people
    organisation = make_organisation(name="Lakeview")
    first = entitled(make_person(), organisation=organisation, now=now, incidents=5)
    second = make_person()
    first.contacts.create(person=second, added_at=now)
    ticket = make_ticket(requester=customer, now=now)
    with Crowd(2) as crowd:
        crowd.act([lambda: claims.ask_contacts(ticket=ticket, entitlement=first, by=agent, now=now)] * 2)
        assert OutgoingMail.objects.filter(subject__startswith="Is ticket").count() == 2
        links = [claims.open_claim(address.split("/")[2], now=now) for address in claim_links()]
        for point in ("tickets.claims.answered", "tickets.entitling.spent", "tickets.entitling.granted"):
            assert killed_at(point, lambda: claims.confirm(link=links[0], now=now))
            assert Ticket.objects.get(pk=ticket.pk).support == Support.CLAIMED
        said = crowd.act([lambda link=link: claims.confirm(link=link, now=now) for link in links])
    assert sum(isinstance(one, claims.ClaimOver) for one in said) == 1, said
    first.refresh_from_db()
    assert (first.incidents_used, EntitlementCheck.objects.filter(result="entitled").count()) == (1, 1)
    assert TicketEvent.objects.filter(kind="entitled").count() == 1
    assert broken(now) == []


def test_N2_asking_that_is_killed_between_two_mails_sends_none_and_then_each_once(people, now):
    customer, agent = people
    row = entitled(make_person(), organisation=make_organisation(), now=now)
    row.contacts.create(person=make_person(), added_at=now)
    ticket = make_ticket(requester=customer, now=now)

    assert killed_at(
        "tickets.claims.mailed", lambda: claims.ask_contacts(ticket=ticket, entitlement=row, by=agent, now=now)
    )
    mails = OutgoingMail.objects.filter(subject__startswith="Is ticket")
    assert mails.count() == 0
    claims.ask_contacts(ticket=ticket, entitlement=row, by=agent, now=now)
    assert mails.values("to_address").distinct().count() == mails.count() == 2


def test_N4_one_clock_runs_whoever_starts_it_and_the_warning_comes_once_from_three_sweeps(people, now):
    """N4: two agents start and note minutes at once; three sweeps at once warn once."""
    customer, agent = people
    lead = make_staff("lead")
    make_seller(time_zone="UTC")
    ticket = make_ticket(requester=customer, now=now)
    words = scope_rules.ScopeWords(Verdict.BEST_EFFORT, minutes=30)
    day = day_of(ticket)
    scope_rules.create_rule(words=words, starts_on=day, after=None, by=lead, now=now)
    judging.judge_ticket(ticket=ticket, facts=Facts(), by=agent, now=now)
    with Crowd(3) as crowd:
        crowd.act([lambda: timing.start(ticket=ticket, by=agent, now=now)] * 3)
        assert ScopeTime.objects.count() == 1
        later = now + 26 * MINUTE
        crowd.act([lambda: sweep(now=later)] * 3)
        assert TicketEvent.objects.filter(kind="scope_warned").count() == 1
        crowd.act([lambda: timing.stop(ticket=ticket, by=agent, now=later)] * 3)
        crowd.act([lambda: timing.note_minutes(ticket=ticket, minutes=4, key="k", by=agent, now=later)] * 3)
    assert sorted(ScopeTime.objects.values_list("minutes", flat=True)) == [4, 26]
    assert TicketEvent.objects.filter(kind="scope_warned").count() == 1
