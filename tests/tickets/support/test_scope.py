"""What we support: rules with dates judge tickets and fill the public page; minutes beyond them are counted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product as every
from random import Random

import pytest
import time_machine
from django.utils import timezone

from accounts.models import JournalEntry
from mail.models import OutgoingMail
from tests.factories.accounts import make_staff
from tests.factories.billing import make_seller
from tests.factories.knowledgebase import make_article, make_space
from tests.factories.tickets import make_mailbox, make_ticket
from tests.tickets.support.conftest import entitled
from tickets import scope
from tickets.actions import state
from tickets.actions.scope import judging, timing
from tickets.actions.setup import scope_rules
from tickets.actions.setup.scope_rules import CannotChangeScope, ScopeWords
from tickets.models import ReplyTemplate, ScopeRule, ScopeTime, Ticket, TicketEvent, TicketScope
from tickets.queries_supported import supported_on
from tickets.scope import Facts
from tickets.scope_time import spent_on
from tickets.support_choices import Support, Verdict
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db
MAY = datetime(2026, 5, 31, 10, 0, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
OLD = Facts("Displays", "DS-200", 2014, "")


@pytest.fixture
def decline(db):
    """The words and the article of what is not supported."""
    template = ReplyTemplate.objects.create(name="Too old", body="Hello {customer_first_name}, this one is too old.")
    return template, make_article(make_space("public"), "Keep an old display alive", "Clean it.")


@pytest.fixture
def old_hardware(lead, decline):
    """N4: hardware of 2016 and before is best effort with priority, and nothing without; the rest is supported."""
    template, article = decline
    make_seller(time_zone="UTC")
    old = ScopeWords(Verdict.BEST_EFFORT, product="Displays", made_until=2016, for_whom="priority", minutes=30)
    none = replace(old, verdict=Verdict.NONE, for_whom="", minutes=0, template=template, article=article)
    at = MAY - timedelta(days=30)
    rules = []
    for words in (old, none, ScopeWords(Verdict.FULL)):
        after = rules[-1].line if rules else None
        rules.append(scope_rules.create_rule(words=words, starts_on=at.date(), after=after, by=lead, now=at))
    return rules


def judged(ticket: Ticket, facts: Facts, by, now=MAY) -> TicketScope:
    return judging.judge_ticket(ticket=ticket, facts=facts, by=by, now=now)


def test_N4_old_hardware_without_priority_is_declined_with_words_and_an_article_and_no_minutes(
    client, old_hardware, agent, customer
):
    """N4, R14."""
    ticket = make_ticket(requester=customer, now=MAY)
    client.force_login(agent)
    client.post(
        f"/desk/tickets/{ticket.pk}/support/judge/", {"product": "displays", "hardware": "DS-200", "made_in": "2014"}
    )

    ticket.refresh_from_db()
    row = TicketScope.objects.get()
    assert (ticket.scope, row.rule.verdict, row.rule.minutes) == (Verdict.NONE, Verdict.NONE, 0)
    response = client.post(f"/desk/tickets/{ticket.pk}/support/decline/")
    page = client.get(response["Location"]).content.decode()
    assert "Hello Cara, this one is too old." in page and "/articles/keep-an-old-display-alive/" in page
    assert "Not supported</span>" in page


def test_N4_with_priority_it_is_best_effort_and_a_timer_warns_once_after_25_of_30_minutes(
    old_hardware, agent, customer, lead
):
    """N4: the clock stands between two stretches, and the warning comes when 25 are over in all, once."""
    ticket = make_ticket(requester=customer, now=MAY)
    Ticket.objects.filter(pk=ticket.pk).update(support=Support.PRIORITY)
    row = judged(ticket, OLD, agent)
    assert (row.rule.verdict, row.rule.minutes, row.rule.warn_after) == (Verdict.BEST_EFFORT, 30, 25)

    timing.start(ticket=ticket, by=agent, now=MAY)
    timing.stop(ticket=ticket, by=agent, now=MAY + timedelta(minutes=10))
    second = MAY + timedelta(hours=2)
    timing.start(ticket=ticket, by=agent, now=second)
    timing.start(ticket=ticket, by=agent, now=second + timedelta(minutes=1))  # pressed twice, it runs once
    OutgoingMail.objects.all().delete()
    sweep(now=second + timedelta(minutes=14, seconds=59))
    assert not TicketEvent.objects.filter(kind="scope_warned").exists()
    for _ in range(2):
        sweep(now=second + timedelta(minutes=15))

    ticket.refresh_from_db()
    event = TicketEvent.objects.get(kind="scope_warned")
    assert event.text == "25 of 30 minutes of best effort are used." and not event.is_public
    assert (ticket.came_back, ticket.is_unread) == ("5 minutes of best effort left", True)
    warned = OutgoingMail.objects.filter(subject__contains="minutes of best effort")
    assert [mail.to_address for mail in warned] == [agent.email]
    timing.stop(ticket=ticket, by=agent, now=second + timedelta(minutes=25))
    assert spent_on(ticket, second + timedelta(hours=9)) == 35
    assert TicketEvent.objects.filter(kind="scope_warned").count() == 1


def test_N4_noted_minutes_count_to_the_warning_once_a_form_and_not_at_all_where_nothing_was_judged(
    client, old_hardware, agent, customer
):
    ticket, other = make_ticket(requester=customer, now=MAY), make_ticket(requester=customer, now=MAY)
    Ticket.objects.filter(pk=ticket.pk).update(support=Support.PRIORITY)
    judged(ticket, OLD, agent)
    client.force_login(agent)
    address = f"/desk/tickets/{ticket.pk}/support/minutes/"
    said = [client.post(address, {"minutes": typed, "key": "k1"}).status_code for typed in ("26", "26")]
    wrong = [
        client.post(address, {"minutes": typed, "key": f"w{place}"}).status_code
        for place, typed in enumerate(("", "0", "-1", "601", "1e3", "٣", "9" * 40, "1\x00"))
    ]
    unjudged = client.post(f"/desk/tickets/{other.pk}/support/minutes/", {"minutes": "5", "key": "k2"})

    assert (said, set(wrong), unjudged.status_code) == ([303, 303], {422}, 422)
    assert list(ScopeTime.objects.values_list("minutes", "verdict")) == [(26, Verdict.BEST_EFFORT)]
    sweep(now=timezone.now() + timedelta(seconds=1))
    assert TicketEvent.objects.filter(kind="scope_warned").count() == 1


def test_N4_a_clock_that_somebody_forgot_stops_with_its_ticket_and_counts_four_hours_at_most(
    old_hardware, agent, customer
):
    for hours, counted in ((1, 60), (30, 240)):
        ticket = make_ticket(requester=customer, now=MAY)
        judged(ticket, OLD, agent)
        timing.start(ticket=ticket, by=agent, now=MAY)
        state.close_ticket(ticket=ticket, by=agent, now=MAY + timedelta(hours=hours), unanswered=True)

        row = ScopeTime.objects.get(ticket=ticket)
        assert (row.minutes, row.verdict) == (counted, Verdict.NONE) and row.ended_at is not None


def test_N4_only_a_lead_overrides_and_says_why(client, old_hardware, agent, lead, customer):
    """N4, S27: an agent's try is refused and kept; without a reason nothing happens; then it is helped in full."""
    ticket = make_ticket(requester=customer, now=MAY)
    judged(ticket, OLD, agent)
    address = f"/desk/tickets/{ticket.pk}/support/override/"
    client.force_login(agent)
    assert "Help in full all the same" not in client.get(f"/desk/tickets/{ticket.pk}/support/").content.decode()
    tried = client.post(address, {"reason": "I like them"}).status_code
    client.force_login(lead)
    empty = client.post(address, {"reason": "\x00  "}).status_code
    done = [client.post(address, {"reason": "They pay us for this one"}).status_code for _ in range(2)]

    ticket.refresh_from_db()
    row = TicketScope.objects.get()
    assert (tried, empty, done) == (403, 422, [303, 303])
    assert (ticket.scope, row.overridden_by, row.override_reason) == (Verdict.FULL, lead, "They pay us for this one")
    assert JournalEntry.objects.filter(action="accounts.refused", by=agent).count() == 1
    assert JournalEntry.objects.filter(action="tickets.override_scope").count() == 1


def test_N4_priority_that_is_shown_later_judges_again(old_hardware, agent, customer):
    from tickets.actions.entitling import by_agent  # noqa: PLC0415 - only here

    ticket = make_ticket(requester=customer, now=MAY)
    judged(ticket, OLD, agent)
    row = entitled(customer, now=MAY)

    by_agent.vouch(ticket=ticket, entitlement=row, words="I rang them back", by=agent, now=MAY)

    ticket.refresh_from_db()
    assert (ticket.support, ticket.scope) == (Support.PRIORITY, Verdict.BEST_EFFORT)


def test_N6_a_ticket_is_judged_by_the_rule_of_the_day_on_which_it_came(old_hardware, lead, agent, customer, decline):
    """N6, R13: a change effective 1 June; the last second of May, the first of June, in the seller's own zone."""
    _, none, _ = old_hardware
    template, article = decline
    words = ScopeWords(Verdict.NONE, product="Displays", made_until=2012, template=template, article=article)
    changed = scope_rules.change_rule(line=none.line, words=words, starts_on=JUNE.date(), after=None, by=lead, now=MAY)
    assert (changed.version, ScopeRule.objects.get(pk=none.pk).ends_on) == (2, JUNE.date())

    def verdict(came: datetime, asked: datetime) -> str:
        return judged(make_ticket(requester=customer, now=came), OLD, agent, now=asked).rule.verdict

    midnight = datetime(2026, 6, 1, tzinfo=UTC)
    long_after = JUNE + timedelta(days=90)
    assert verdict(midnight - timedelta(seconds=1), long_after) == Verdict.NONE
    assert verdict(midnight, long_after) == Verdict.FULL
    make_seller(time_zone="America/Edmonton")
    assert verdict(midnight + timedelta(hours=5), long_after) == Verdict.NONE  # still 31 May there

    with pytest.raises(CannotChangeScope) as refused:
        scope_rules.change_rule(
            line=none.line, words=words, starts_on=MAY.date(), after=None, by=lead, now=JUNE + timedelta(days=1)
        )
    assert refused.value.field == "starts_on"


def test_N6_a_planned_change_is_replaced_and_what_was_judged_stays_judged(old_hardware, lead, agent, customer):
    _, none, last = old_hardware
    ticket = make_ticket(requester=customer, now=MAY)
    before = judged(ticket, OLD, agent)
    full = ScopeWords(Verdict.FULL, product="Displays")
    for day in (20, 10, 15):
        scope_rules.change_rule(
            line=none.line, words=full, starts_on=JUNE.date().replace(day=day), after=last.line, stays=day != 10,
            by=lead, now=MAY,
        )  # fmt: skip

    standing = ScopeRule.objects.filter(line=none.line, withdrawn_at=None).order_by("starts_on")
    assert [(rule.version, rule.starts_on.day, rule.ends_on and rule.ends_on.day) for rule in standing] == [
        (1, 1, 10), (3, 10, 15), (4, 15, None),
    ]  # fmt: skip
    scope_rules.end_rule(line=none.line, ends_on=JUNE.date().replace(day=5), by=lead, now=MAY)
    assert [(rule.version, rule.ends_on.day) for rule in standing.all()] == [(1, 5)]
    assert judged(ticket, OLD, agent, now=JUNE + timedelta(days=20)).rule == before.rule


def test_R13_where_no_rule_fits_the_leads_are_told_once_and_whoever_writes_it_decides_the_ticket(
    client, lead, agent, customer
):
    """R13: the ticket waits for a lead; the rule holds from its day, stands last, and changes nothing else."""
    make_seller(time_zone="UTC")
    with time_machine.travel(JUNE, tick=False):
        first = scope_rules.create_rule(
            words=ScopeWords(Verdict.FULL, product="Kits"), starts_on=JUNE.date(), after=None, by=lead, now=JUNE
        )
    ticket = make_ticket(requester=customer, now=MAY)
    for version in ("3", "3", "4"):
        judged(ticket, Facts("Cables", "", None, version), agent)
    told = OutgoingMail.objects.filter(subject__contains="No rule says")
    assert (Ticket.objects.get(pk=ticket.pk).scope, TicketScope.objects.get().rule, told.count()) == (
        "",
        None,
        told.count(),
    )
    assert told.values("to_address").distinct().count() == told.count()

    client.force_login(agent)
    assert client.get(f"/settings/scope/new/?ticket={ticket.pk}").status_code == 403
    assert "Write it" not in client.get(f"/desk/tickets/{ticket.pk}/support/").content.decode()
    client.force_login(lead)
    assert f"#{ticket.pk}" in client.get("/settings/scope/").content.decode()
    page = client.get(f"/settings/scope/new/?ticket={ticket.pk}").content.decode()
    assert 'value="Cables"' in page
    typed = {"product": "Cables", "verdict": "best_effort", "minutes": "10", "starts_on": "2026-06-01"}
    assert client.post(f"/settings/scope/new/?ticket={ticket.pk}", typed).status_code == 302

    row = TicketScope.objects.select_related("rule").get()
    assert (row.rule.verdict, row.rule.starts_on, row.rule.position > first.position) == (
        Verdict.BEST_EFFORT, MAY.date(), True,
    )  # fmt: skip
    assert Ticket.objects.get(pk=ticket.pk).scope == Verdict.BEST_EFFORT


def test_R13_the_public_page_says_of_everything_what_a_ticket_is_judged_by(client, old_hardware, agent, customer, lead):
    """R13: for hundreds of things, with and without priority, page and verdict agree; staff words stay inside."""
    with time_machine.travel(MAY, tick=False):
        page = client.get("/what-we-support/")
        body = page.content.decode()
        assert page.status_code == 200 and "Displays, made 2016 or before" in body
        assert "Best effort, up to 30 minutes" in body and "Keep an old display alive" in body
        assert "this one is too old" not in body and "Not supported" in body
        for made_in, words in ((2014, "Not supported"), (2020, "Supported")):
            answer = client.get("/what-we-support/", {"product": "Displays", "made_in": made_in}).content.decode()
            assert f'id="ans-h">{words}<' in answer
        assert client.get("/what-we-support/", {"made_in": "x" * 400}).status_code == 422
    public = supported_on(MAY)
    things = every(("", "Displays", "Kits"), ("", "DS-200 b"), (None, 2014, 2016, 2017), ("", "2.1"), (False, True))
    for product, hardware, made_in, version, has_priority in things:
        facts = Facts(product, hardware, made_in, version, has_priority)
        line, said = public.answer(facts)
        ticket = Ticket(created_at=MAY, support=Support.PRIORITY if has_priority else "")
        assert judging.preview(ticket, facts).rule == said.rule == (line.rule if line else None)


def test_R13_an_article_that_was_put_away_is_no_link_on_the_public_page(client, old_hardware, decline):
    _, article = decline
    type(article).objects.filter(pk=article.pk).update(archived_at=timezone.now())

    assert "Keep an old display alive" not in client.get("/what-we-support/").content.decode()


def test_R13_the_first_rule_that_fits_decides_and_facts_that_nobody_gave_are_asked_for():
    """Words within a name, years, versions as people read them; sixty rules against a plain search."""
    rule = ScopeRule(verdict=Verdict.FULL)
    as_read = ["1.9", "1.10", "2.0b1", "2.0", "2.0.1", "10"]
    assert sorted(["10", "2.0.1", "2.0", "2.0b1", "1.10", "1.9"], key=scope.as_version) == as_read
    assert scope.as_version("v2") == scope.as_version("2.0.0") == scope.as_version("2")
    said = {"DS-200": True, "ds 200 rev. B": True, "Mini DS-200": True, "DS-2000": False, "200 DS": False, "": False}
    rule.hardware = "DS-200"
    assert {name: scope.fits(rule, Facts(hardware=name)) for name in said} == said
    asks = scope.judge([rule, ScopeRule(verdict=Verdict.NONE)], Facts(product="Displays"))
    assert (asks.verdict, list(asks.unknown)) == (Verdict.NONE, ["hardware"])

    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.split(".")]

    dice = Random(7)  # noqa: S311 - a fixed game, no secret
    rules = [
        ScopeRule(
            pk=number, product=dice.choice(["", "A", "B"]), made_until=dice.choice([None, 2010, 2015]),
            version_from=dice.choice(["", "2", "2.10"]), version_below=dice.choice(["", "3"]),
            for_whom=dice.choice(["", "priority", "standard"]), verdict=Verdict.FULL,
        )
        for number in range(60)
    ]  # fmt: skip
    for product, year, version, priority in every("AB", (2009, 2012, 2020), ("1", "2.9", "2.10", "3.1"), (True, False)):
        plain = next(
            (
                one for one in rules
                if one.product in ("", product)
                and (one.made_until is None or year <= one.made_until)
                and (not one.version_from or numbers(version) >= numbers(one.version_from))
                and (not one.version_below or numbers(version) < numbers(one.version_below))
                and one.for_whom in ("", "priority" if priority else "standard")
            ),
            None,
        )  # fmt: skip
        assert scope.judge(rules, Facts(product, "", year, version, priority)).rule is plain


def test_R13_rules_keep_their_order_when_many_are_put_into_one_place(lead):
    """And a rule that says nothing helpful is refused beside its field."""
    make_seller(time_zone="UTC")
    first = scope_rules.create_rule(
        words=ScopeWords(Verdict.FULL, product="0"), starts_on=MAY.date(), after=None, by=lead, now=MAY
    )
    for number in range(1, 30):
        scope_rules.create_rule(
            words=ScopeWords(Verdict.FULL, product=str(number)),
            starts_on=MAY.date(),
            after=first.line,
            by=lead,
            now=MAY,
        )
    assert [rule.product for rule in scope.rules_on(MAY.date())] == ["0", *(str(n) for n in range(29, 0, -1))]
    wrong = {
        "minutes": ScopeWords(Verdict.BEST_EFFORT),
        "template": ScopeWords(Verdict.NONE),
        "made_until": ScopeWords(Verdict.FULL, made_from=2015, made_until=2014),
        "verdict": ScopeWords("perhaps"),
    }
    for name, words in wrong.items():
        with pytest.raises(CannotChangeScope) as refused:
            scope_rules.create_rule(words=words, starts_on=MAY.date(), after=None, by=lead, now=MAY)
        assert refused.value.field == name


def test_panel_and_pages_of_support_answer_anything_without_falling_over(client, admin, customer, old_hardware):
    """Hostile input in every field: sentences or nothing, never a 500; strangers and observers change nothing."""
    make_mailbox()
    ticket = make_ticket(requester=customer, now=MAY)
    entitlement = entitled(customer, now=MAY)
    client.force_login(admin)
    nasty = ["\x00", "'", "%", "<img src=x onerror=1>", "９" * 9, "-1", "9" * 30, "‮", "a" * 5000, "2026-02-30", ""]
    verbs = ("ask", "vouch", "judge", "override", "clock", "minutes", "offer", "decline")
    fields = ("entitlement", "words", "product", "hardware", "made_in", "version", "reason", "do", "minutes", "key")
    for verb in verbs:
        for word in nasty:
            answer = client.post(f"/desk/tickets/{ticket.pk}/support/{verb}/", dict.fromkeys(fields, word))
            assert answer.status_code in (302, 303, 404, 422), (verb, word)
    line = old_hardware[0].line
    settings = [
        "/settings/scope/new/", f"/settings/scope/{line}/", f"/settings/scope/{line}/end/",
        "/settings/entitlements/new/", f"/settings/entitlements/{entitlement.pk}/end/", "/settings/entitlements/words/",
        f"/settings/entitlements/{entitlement.pk}/contacts/", "/settings/entitlements/products/",
    ]  # fmt: skip
    names = (
        "product", "hardware", "made_from", "made_until", "version_from", "verdict", "minutes", "template", "article",
        "after", "starts_on", "ends_on", "address", "name", "organisation", "incidents", "channels", "level", "note",
    )  # fmt: skip
    for address in settings:
        for word in nasty:
            answer = client.post(address, dict.fromkeys(names, word))
            assert answer.status_code in (302, 422), (address, word)
    for word in nasty:
        for address in ("/what-we-support/", "/settings/entitlements/", f"/desk/tickets/{ticket.pk}/support/"):
            reading = client.get(address, {"q": word, "find": word, "product": word, "made_in": word, "before": word})
            assert reading.status_code in (200, 422), (address, word)
    big = 2**63
    for address in (f"/settings/entitlements/{big}/", f"/settings/scope/{big}/", f"/desk/tickets/{big}/support/"):
        assert client.get(address).status_code == 404
    client.force_login(make_staff("observer"))
    assert client.get(f"/desk/tickets/{ticket.pk}/support/").status_code == 200
    assert {client.post(f"/desk/tickets/{ticket.pk}/support/{verb}/").status_code for verb in verbs} == {403}
    client.force_login(customer)
    assert {client.post(f"/desk/tickets/{ticket.pk}/support/{verb}/").status_code for verb in verbs} == {404}
