"""What sources tell and count: on tickets once, missing things named, silence unknown (B3, B4, R9)."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Person
from mail.models import Mailbox, RawMail
from tests.factories.accounts import make_person
from tests.factories.mail import make_file
from tests.factories.tickets import make_mailbox
from tests.tickets.start_of_day.posts import SECRET, changed, headers, send, shape
from tests.tickets.start_of_day.test_days import at
from tickets.actions import state
from tickets.actions.start_of_day import counting, days, events, gaps, runs
from tickets.models import (
    DayCheck,
    InboundEvent,
    InboxSource,
    Message,
    Note,
    SourceGap,
    SourceItem,
    Ticket,
    TicketEvent,
)
from tickets.queries_desk import sources as checks
from tickets.sources.exports import BadExport, read_export
from tickets.sources.facts import BadPost, Facts
from tickets.sources.posts import read_post
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db
NOW = at(4, 9, 30)


def tell(source: InboxSource, *numbers: int, on: int = 3) -> None:
    """Conversations that its program told of when they began."""
    facts = [
        Facts(event=f"ticket:{n}", item=str(n), at=at(on, 10).isoformat(), opened_at=at(on, 10).isoformat(),
              subject=f"Question {n}", words="How?", email=f"c{n}@school.example")
        for n in numbers
    ]  # fmt: skip
    events.receive(source=source, facts=facts, now=at(on, 10))
    sweep(now=at(on, 10, 1))


def rows(*numbers: int, on: int = 3) -> bytes:
    return json.dumps(
        {"tickets": [{"id": n, "created_at": at(on, 10).isoformat(), "subject": f"Question {n}", "description": "How?",
                      "requester": {"name": f"C {n}", "email": f"c{n}@school.example"}} for n in numbers]}
    ).encode()  # fmt: skip


def answer_everything(agent) -> None:
    """Nothing is left from before: the sources alone stand in the way."""
    for ticket in Ticket.objects.unsolved():
        state.close_ticket(ticket=ticket, by=agent, now=NOW, unanswered=True)


def state_of(source: InboxSource, now=NOW) -> checks.SourceStanding:
    day = days.keep_day(now=now)
    source.refresh_from_db()
    return checks.standing_of_source(source, day, now)


def test_B3_a_silent_connector_is_unknown_until_somebody_counts_there_and_says_who(source, agent):
    quiet = source()
    tell(quiet, 1, 2)
    counting.take_export(source=quiet, content=rows(1, 2), by=agent, now=at(4, 6))
    events.prove_alive(source=quiet, now=at(4, 8, 50))
    answer_everything(agent)
    assert state_of(quiet, at(4, 9)).is_clear
    assert state_of(quiet, at(4, 9, 30)).state == "unknown"  # silent for 40 minutes

    with pytest.raises(runs.CannotFinish, match="Zendesk: it is silent"):
        runs.finish(by=agent, handover="", now=NOW)
    for number, name, words in ((2, " \x00 ", "name"), (-1, "Alma", "whole number"), (10**9, "Alma", "whole number")):
        with pytest.raises(counting.CannotCount, match=words):
            counting.attest(source=quiet, number=number, name=name, by=agent, now=NOW)
    counting.attest(source=quiet, number=2, name="Alma Agent", by=agent, now=NOW)

    run = runs.finish(by=agent, handover="", now=NOW)
    check = DayCheck.objects.get(run=run)
    assert (check.state, check.expected, check.seen, check.attested_name) == ("clear", 2, 2, "Alma Agent")
    # The count holds for its day. Tomorrow silence is unknown again.
    assert state_of(quiet, at(5, 9)).state == "unknown"


def test_B3_a_post_that_proves_itself_ends_the_silence_and_a_wrong_one_does_not(source, client):
    quiet = source(last_ok_at=at(4, 8, 50))
    body = b'{"type":"zen:event-type:webhook.test","id":"1"}'
    assert send(client, quiet, body, secret="wrong").status_code == 401
    quiet.refresh_from_db()
    assert quiet.last_ok_at == at(4, 8, 50)
    assert send(client, quiet, body).status_code == 200
    quiet.refresh_from_db()
    assert quiet.last_ok_at == at(4, 9, 30), "when it was signed"
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("kind", ["zendesk", "intercom", "discourse"])
def test_B3_an_old_post_that_somebody_sends_again_proves_nothing_about_today(source, client, kind):
    """Replayed: nothing is told twice, and a dead connector stays silent. Signed tomorrow: it worked by now at most."""
    dead = source(kind, last_ok_at=at(10, 9))
    name = {"zendesk": "zendesk_created", "intercom": "intercom_created", "discourse": "discourse_post"}[kind]
    for _ in range(3):
        assert send(client, dead, shape(name)).status_code == 200
    sweep(now=at(4).replace(year=2100))
    dead.refresh_from_db()
    assert (dead.last_ok_at, Ticket.objects.count(), InboundEvent.objects.count()) == (at(10, 9), 1, 1)
    # A signature of another time, of another source, of a changed body.
    body = shape(name)
    others = [*(other for other in ("zendesk", "intercom", "discourse") if other != kind)]
    forged = [headers(other, body) for other in others] + [headers(kind, body + b" "), headers(kind, body, "other"), {}]
    if kind == "zendesk":
        forged.append(headers(kind, body) | {"X-Zendesk-Webhook-Signature-Timestamp": "2026-11-04T09:30:00Z"})
    for given in forged:
        answer = client.post(f"/hooks/sources/{dead.key}/", data=body, content_type="application/json", headers=given)
        assert answer.status_code == 401
    if kind == "zendesk":
        ahead = headers(kind, body, stamp="2199-01-01T00:00:00Z")
        client.post(f"/hooks/sources/{dead.key}/", data=body, content_type="application/json", headers=ahead)
        dead.refresh_from_db()
        assert at(10, 9) < dead.last_ok_at <= timezone.now()


def test_B4_they_count_37_and_we_36_the_missing_one_is_named_and_blocks_until_it_is_here(source, agent):
    zendesk = source()
    tell(zendesk, *range(1, 37))
    count, _ = counting.take_export(source=zendesk, content=rows(*range(1, 38)), by=agent, now=at(4, 6))
    events.prove_alive(source=zendesk, now=NOW)

    seen = state_of(zendesk)
    assert (count.theirs, count.ours, seen.theirs, seen.ours, seen.state) == (37, 36, 37, 36, "missing")
    assert [gap.external_id for gap in seen.gaps] == ["37"]
    with pytest.raises(runs.CannotFinish, match="1 missing here: 37"):
        runs.finish(by=agent, handover="", now=NOW)

    gap = SourceGap.objects.get()
    counting.bring_in(gap=gap, by=agent, now=NOW)
    with pytest.raises(gaps.CannotSettle):
        counting.bring_in(gap=gap, by=agent, now=NOW)

    ticket = SourceItem.objects.get(external_id="37").ticket
    assert (ticket.subject, ticket.requester.email) == ("Question 37", "c37@school.example")
    assert SourceGap.objects.get().facts == {"subject": "Question 37"}  # a customer's words stand on the ticket alone
    assert set(map(str, InboundEvent.objects.values_list("facts", flat=True))) == {"{}"}
    assert state_of(zendesk).ours == 37
    # Its post comes late after all, and the same export again: nothing happens twice.
    tell(zendesk, 37)
    counting.take_export(source=zendesk, content=rows(*range(1, 38)), by=agent, now=NOW)
    assert Ticket.objects.count() == Message.objects.count() == 37
    assert SourceGap.objects.get().state == "imported"
    answer_everything(agent)
    assert runs.finish(by=agent, handover="", now=NOW).state == "done"


def test_B4_what_is_missing_may_be_explained_by_somebody_with_words_and_blocks_however_old_it_is(source, agent):
    zendesk = source()
    counting.take_export(source=zendesk, content=rows(7), by=agent, now=at(4, 6))
    events.prove_alive(source=zendesk, now=at(12, 9))
    counting.attest(source=zendesk, number=0, name="Alma", by=agent, now=at(12, 8))
    assert state_of(zendesk, at(12, 9)).state == "missing"  # nobody looks back a certain time only

    gap = SourceGap.objects.get()
    for words in ("", "   ", "no", "x" * 501, "\x00\x00"):
        with pytest.raises(gaps.CannotSettle):
            gaps.explain(gap=gap, words=words, by=agent, now=at(12, 9))
    gaps.explain(gap=gap, words="A test of ours", by=agent, now=at(12, 9))
    assert state_of(zendesk, at(12, 9)).is_clear
    counting.take_export(source=zendesk, content=rows(7), on=at(3).date(), by=agent, now=at(12, 9, 1))
    assert state_of(zendesk, at(12, 9, 2)).is_clear  # the same list again opens no settled gap


def test_B4_a_count_by_hand_that_is_higher_than_ours_needs_an_explanation_or_what_is_missing(source, agent):
    intercom, phone = source("intercom"), source("other", name="Voicemail")
    tell(intercom, 1)
    counting.attest(source=intercom, number=3, name="Alma", by=agent, now=NOW)
    counting.attest(source=phone, number=5, held=4, name="Alma", by=agent, now=NOW)
    assert [(one.missing, one.state) for one in checks.standings(days.keep_day(now=NOW), NOW)] == [
        (2, "missing"),
        (1, "missing"),
    ]

    tell(intercom, 2)  # one of the two arrives by itself
    assert SourceGap.objects.get(count__source=intercom).how_many == 1
    gaps.explain(gap=SourceGap.objects.get(count__source=intercom), words="Counted twice", by=agent, now=NOW)
    counting.attest(source=intercom, number=3, name="Ben", by=agent, now=NOW)
    counting.attest(source=phone, number=5, held=5, name="Alma", by=agent, now=NOW)

    assert all(one.is_clear for one in checks.standings(days.keep_day(now=NOW), NOW))


def test_R9_every_day_since_the_last_count_is_counted_also_after_days_without_anybody(source, agent):
    zendesk = source(last_ok_at=at(12, 9))
    tell(zendesk, 1, on=2)
    tell(zendesk, 2, on=7)
    seen = state_of(zendesk, at(12, 9))
    assert (seen.state, seen.since_on, seen.on, seen.ours) == ("unknown", at(2).date(), at(11).date(), 2)
    content = json.dumps([json.loads(rows(1, on=2))["tickets"][0], json.loads(rows(2, 3, on=7))["tickets"][1]]).encode()
    count, _ = counting.take_export(source=zendesk, content=content, by=agent, now=at(12, 9))
    assert (count.since_on, count.on, count.theirs, count.ours) == (at(2).date(), at(11).date(), 2, 1)
    with pytest.raises(counting.CannotCount, match="when it is over"):
        counting.take_export(source=zendesk, content=content, on=at(12).date(), by=agent, now=at(12, 9))
    with pytest.raises(counting.CannotCount, match="before this source began"):
        counting.take_export(source=zendesk, content=content, on=at(1).date(), by=agent, now=at(12, 9))


def test_the_documented_shapes_become_tickets_and_words_and_a_colleagues_words_stay_out(source, client):
    zendesk, intercom, discourse = source(), source("intercom"), source("discourse")
    sent = [(zendesk, "zendesk_comment"), (zendesk, "zendesk_created"), (zendesk, "zendesk_note"),
            (intercom, "intercom_created"), (intercom, "intercom_replied"), (discourse, "discourse_post")]  # fmt: skip
    for _ in range(3):  # each delivery three times
        for where, name in sent:
            assert send(client, where, shape(name)).status_code == 200
    later = at(4, 10).replace(year=2100)  # whatever the clock says: every event is due
    sweep(now=later)

    said = {(item.source.kind, item.external_id): item.ticket for item in SourceItem.objects.select_related("source")}
    assert set(said) == {("zendesk", "5158"), ("intercom", "1911149811"), ("discourse", "771")}
    arm, order, kit = (said[key] for key in (("zendesk", "5158"), ("intercom", "1911149811"), ("discourse", "771")))
    assert sorted(arm.messages.values_list("text", flat=True)) == sorted(
        ["The robot arm stops at step 12.\nWhat do I do?", "It is step 13 now."]
    )
    assert list(order.messages.order_by("pk").values_list("text", flat=True)) == [
        "Hi, where is order 2214?\nIt says held.", "Still held.",
    ]  # fmt: skip
    assert (order.requester.email, order.requester.email_verified_at) == ("joe@school.example", None)
    assert (kit.subject, kit.requester.name, kit.requester.has_mail) == ("Kit on 12 V", "Aiko Tan", False)
    assert TicketEvent.objects.filter(ticket=kit, text__contains="https://community.example/t/kit-on-12-v/771").exists()
    kept = [*Message.objects.all(), *Note.objects.all(), *TicketEvent.objects.all()]
    everything = [row.text for row in kept] + [str(row.facts) for row in InboundEvent.objects.all()]
    assert not [text for text in everything if "CANARY" in text]
    assert TicketEvent.objects.filter(ticket=arm, text="Marta Agent wrote a private note in Zendesk.").exists()
    assert not TicketEvent.objects.filter(ticket__in=[arm, order, kit], kind="source", is_public=True).exists()


def test_a_source_takes_nobody_for_staff_and_joins_no_ticket_but_its_own(source, agent, client):
    intercom, other = source("intercom"), source("intercom", name="Second", key="second")
    body = changed("intercom_created", data__item__source__author={"id": "1", "email": agent.email, "name": "Alma"})
    for where in (intercom, other):
        assert send(client, where, body).status_code == 200
    sweep(now=at(4).replace(year=2100))
    tickets = Ticket.objects.all()
    assert tickets.count() == 2
    assert not any(ticket.requester.is_staff_member for ticket in tickets)
    assert not Person.objects.exclude(email_verified_at=None).filter(name="Alma").exists()


def user_event(number: str, email: object, kind: str = "user.created", role: object = "end-user") -> bytes:
    """As Zendesk documents events of users: they alone say under which address somebody is reached."""
    detail = {"id": number, "email": email, "role": role, "external_id": "", "organization_id": "0",
              "default_group_id": "0", "created_at": "2026-03-03T22:55:29Z"}  # fmt: skip
    return json.dumps(
        {"type": f"zen:event-type:{kind}", "account_id": 12514403, "id": f"e{number}{kind}", "detail": detail,
         "time": "2026-03-04T08:12:07Z", "zendesk_event_version": "2022-06-20", "subject": f"zen:user:{number}",
         "event": {}}
    ).encode()  # fmt: skip


def test_events_of_tickets_name_nobodys_address_and_those_of_users_do_in_any_order(source, client, agent):
    """A reply to a ticket of Zendesk reaches whoever asked; nothing is proven by it, and nobody becomes staff (S10)."""
    zendesk, nora = source(), "8447388090494"
    later = at(4).replace(year=2100)
    assert send(client, zendesk, shape("zendesk_created")).status_code == 200
    sweep(now=later)
    ticket = Ticket.objects.select_related("requester").get()
    assert not ticket.requester.has_mail
    make_mailbox(address="help@desk.example")
    for email in (
        agent.email,
        "help@desk.example",
        "nobody",
        "",
        None,
        7,
        ["a@b.example"],
        "x\x00@y.example",
        "a" * 400,
    ):
        assert send(client, zendesk, user_event(nora, email)).status_code == 200
    assert send(client, zendesk, user_event(nora, "n@school.example", role="agent")).status_code == 200
    assert send(client, zendesk, user_event(nora, "n@school.example", "user.identity_deleted")).status_code == 200
    assert send(client, zendesk, user_event(nora, "n@school.example"), secret="wrong").status_code == 401
    for odd in ({"detail": []}, {"detail__id": None}, {"detail__id": {"a": 1}}, {"type": ["user"]}):
        body = json.loads(user_event(nora, "n@school.example"))
        for path, to in odd.items():
            (body["detail"] if "__" in path else body)[path.rpartition("__")[2]] = to
        assert send(client, zendesk, json.dumps(body).encode()).status_code == 200
    ticket.requester.refresh_from_db()
    assert not ticket.requester.has_mail

    for _ in range(2):  # each delivery twice
        assert send(client, zendesk, user_event(nora, "Nora@School.example")).status_code == 200
    # Who is known already, and who tells of themselves before they write.
    known = make_person(email="omar@reyes.example")
    for number, asked in (("5160", "845"), ("5161", "846")):
        more = {"detail__id": number, "detail__requester_id": asked}
        assert send(client, zendesk, changed("zendesk_created", **more)).status_code == 200
        sweep(now=later)
        assert send(client, zendesk, user_event(asked, "omar@reyes.example")).status_code == 200
    assert send(client, zendesk, user_event(nora, "mallory@x.example", "user.identity_changed")).status_code == 200
    sweep(now=later)

    ticket.requester.refresh_from_db()
    assert (ticket.requester.email, ticket.requester.email_verified_at) == ("nora@school.example", None)
    assert set(Ticket.objects.exclude(pk=ticket.pk).values_list("requester", "participants__person")) == {
        (known.pk,) * 2
    }
    assert not Person.objects.filter(email="mallory@x.example").exists(), "where mail goes is not changed from outside"
    assert InboundEvent.objects.count() == 3


def test_events_that_overtake_each_other_name_who_asked_and_old_conversations_are_no_flood(source, client):
    """What staff do there is told before the conversation itself; a robot closes what was asked years ago."""
    zendesk, chat, forum = source(), source("intercom"), source("discourse")
    state = {"type": "zen:event-type:ticket.status_changed", "event": {"current": "SOLVED", "previous": "OPEN"}}
    for body in (
        changed("zendesk_created", id="s1", **state),
        changed("zendesk_created", id="s2", detail__id="7", detail__created_at="2019-01-01T00:00:00Z", **state),
    ):
        assert send(client, zendesk, body).status_code == 200
    assert (
        send(client, chat, changed("intercom_created", topic="conversation.admin.closed", id="n0")).status_code == 200
    )
    staff = {
        "post__staff": True,
        "post__post_number": 2,
        "post__id": 1,
        "post__username": "marta",
        "post__name": "Marta",
    }
    assert send(client, forum, changed("discourse_post", **staff)).status_code == 200
    later = at(4).replace(year=2100)
    sweep(now=later)
    for where, name in ((zendesk, "zendesk_comment"), (zendesk, "zendesk_created"), (chat, "intercom_created"),
                        (forum, "discourse_post")):  # fmt: skip
        assert send(client, where, shape(name)).status_code == 200
    sweep(now=later)

    tickets = {
        item.source.kind: item.ticket for item in SourceItem.objects.select_related("source", "ticket__requester")
    }
    assert Ticket.objects.count() == len(tickets) == 3, "nobody is asked to look at what was done with in 2019"
    assert {kind: (ticket.requester.name, ticket.subject) for kind, ticket in tickets.items()} == {
        "zendesk": ("Nora Lind", "Robot arm stops"), "intercom": ("Joe Byrne", tickets["intercom"].subject),
        "discourse": ("Aiko Tan", "Kit on 12 V"),
    }  # fmt: skip
    assert not any(ticket.messages.filter(is_held=True).exists() for ticket in tickets.values())
    assert not InboundEvent.objects.exclude(state="done").exists()


def test_an_export_says_whose_address_belongs_to_what_came_by_posts(source, client, agent):
    """Also where it is a table, which names no numbers of people."""
    zendesk = source()
    assert send(client, zendesk, shape("zendesk_created")).status_code == 200
    sweep(now=at(4).replace(year=2100))
    table = (
        b"Id,Created at,Subject,Requester,Requester email\n5158,2026-03-03 22:55,Arm,Nora Lind,nora@school.example\n"
    )
    for _ in range(2):
        counting.take_export(source=zendesk, content=table, by=agent, now=NOW)
    assert Ticket.objects.get().requester.email == "nora@school.example"


def test_posts_that_are_no_posts_are_sentences_and_leave_nothing(source, client):
    """Bad input: never a 500, never a row."""
    zendesk, off, mail = source(), source("discourse", is_active=False), source("other", name="Voicemail")
    deep = b'{"type":"zen:event-type:ticket.created","detail":' + b"[" * 5000 + b"]" * 5000 + b"}"
    bodies = [
        b"", b"{", b"[]", b"null", b"\xff\xfe", deep, b'{"type":"zen:event-type:ticket.created"}',
        changed("zendesk_created", detail__id=None), changed("zendesk_created", detail__id={"a": 1}),
        changed("zendesk_created", detail__id="x" * 300), changed("zendesk_created", detail__id="a\x00b"),
        changed("zendesk_created", detail=[]), changed("zendesk_comment", event={"comment": "x"}),
        changed("zendesk_created", detail__id="a\ud800b"),
    ]  # fmt: skip
    for body in bodies:
        assert send(client, zendesk, body).status_code == 400, body[:60]
    assert send(client, zendesk, b"x" * (2 * 1024 * 1024 + 1)).status_code == 413
    for odd in ("", "\x00", "sha256=", "é", "a" * 5000):
        answer = client.post(f"/hooks/sources/{zendesk.key}/", data=shape("zendesk_created"), content_type="text/plain",
                             headers={"X-Zendesk-Webhook-Signature": odd} if "\x00" not in odd else {})  # fmt: skip
        assert answer.status_code == 401
    assert send(client, off, shape("discourse_post")).status_code == 404
    for address in ("nobody", mail.key, "x" * 60):
        assert client.post(f"/hooks/sources/{address}/", data=b"{}", content_type="application/json").status_code == 404
    assert client.get(f"/hooks/sources/{zendesk.key}/").status_code == 405
    assert client.head(f"/hooks/sources/{zendesk.key}/").status_code == 200
    assert not InboundEvent.objects.exists()
    # Odd, but whole: kept as far as it can be.
    odd = changed("zendesk_created", detail__created_at="yesterday", detail__subject=7, detail__description=None)
    assert send(client, zendesk, odd).status_code == 200
    detail = b'{"id":"9","subject":"a\\ud800b\\u0000c","description":"\\udfff"}'
    lone = b'{"type":"zen:event-type:ticket.created","detail":' + detail + b"}"
    assert send(client, zendesk, lone).status_code == 200
    chat = source("intercom")
    for shape_of in ({"data__item__conversation_parts__conversation_parts": 5}, {"topic": [1]}, {"topic": {"a": 1}}):
        assert send(client, chat, changed("intercom_created", **shape_of)).status_code == 200
    sweep(now=at(4).replace(year=2100))
    assert Ticket.objects.count() == 3


def test_S29_what_is_private_there_never_becomes_words_that_a_customer_reads(source, client):
    """A ticket among colleagues names its requester, so its description would stand on the customer's own ticket."""
    zendesk, forum = source(), source("discourse")
    secret = {"detail__is_public": False, "detail__subject": "CANARY", "detail__description": "CANARY"}
    assert send(client, zendesk, changed("zendesk_note", detail__is_public=False, detail__subject="CANARY")).status_code
    assert send(client, zendesk, changed("zendesk_created", **secret)).status_code == 200
    for kind in (4, 3, "4", [4]):  # a whisper, by somebody who is no staff; an action
        body = changed("discourse_post", post__post_type=kind, post__raw="CANARY", post__id=f"p{kind}")
        assert send(client, forum, body).status_code == 200
    export = read_export("zendesk", b'[{"id":1,"created_at":"2026-03-03","is_public":false,"subject":"CANARY"}]')
    sweep(now=at(4).replace(year=2100))

    assert Ticket.objects.count() == 2
    kept = [*Message.objects.values_list("text", flat=True), *Ticket.objects.values_list("subject", flat=True)]
    assert "CANARY" not in f"{kept} {export.rows} {list(TicketEvent.objects.values_list('text', flat=True))}"


CSV = b"Id,Subject,Requester,Requester email,Created at\n71,Arm,Nora,nora@lind.example,2026-03-03 10:00\n"
LINES = b'{"id":"81","created_at":1772578529,"source":{"body":"<p>Hi</p>"}}\n{"id":"82","crea\n'
LIST = b'{"type":"conversation.list","conversations":[{"id":"83","created_at":1772578529}]}'
TOPIC = b'{"id":771,"title":"Kit","created_at":"2026-03-04T07:41:02Z","posters":[{"user_id":3}]}'
TOPICS = b'{"users":[{"id":3,"username":"aiko"}],"topic_list":{"topics":[' + TOPIC + b"]}}"
EXPORTS = {
    "json with users": ("zendesk", shape("zendesk_export"), {"5158", "5159"}),
    "csv": ("zendesk", CSV, {"71"}),
    "semicolons": ("zendesk", "\ufeffTicket ID;Title;Created\n#72;Größe;2026-03-03T10:00:00Z\n".encode(), {"72"}),
    "utf-16": ("zendesk", "id\tcreated_at\n73\t2026-03-03\n".encode("utf-16"), {"73"}),
    "latin": ("other", "id,created at,subject\n74,2026-03-03,Größe\n".encode("cp1252"), {"74"}),
    "lines": ("intercom", LINES, {"81"}),
    "conversations": ("intercom", LIST, {"83"}),
    "topics": ("discourse", TOPICS, {"771"}),
}


def test_exports_of_every_shape_are_read_and_bad_rows_are_named():
    for name, (kind, content, ids) in EXPORTS.items():
        assert set(read_export(kind, content).rows) == ids, name
    assert read_export(*EXPORTS["lines"][:2]).bad == ["Row 2: it is not a whole row"]
    assert read_export("zendesk", shape("zendesk_export")).rows["5159"].email == "omar@reyes.example"
    mixed = read_export("zendesk", b'[{"id":1,"created_at":"2026-03-03"},{"id":2},7,{"created_at":"2026-03-03"}]')
    assert (set(mixed.rows), mixed.bad_total) == ({"1"}, 3)
    huge, deep = b"id,created\n" + b"x" * (20 * 1024 * 1024), b"[" * 90_000
    bad = (
        b"",
        b" \n",
        b"{",
        b"[",
        b'{"a":1}',
        b'{"topic_list":{}}',
        b"one,two\n1,2\n",
        b'a,"b\n',
        b"\x00\x00",
        huge,
        deep,
    )
    for content in bad:
        with pytest.raises(BadExport):
            read_export("zendesk", content)
    odd = b'{"users":5,"tickets":[{"id":"\\ud800","created_at":1772578529},{"id":1,"created_at":1772578529}]}'
    assert (set(read_export("zendesk", odd).rows), read_export("zendesk", odd).bad_total) == ({"1"}, 1)
    wide = b",".join(b"c%d" % n for n in range(10_000)) + b",id,created\n" + b"," * 10_000 + b"5,2026-03-03\n"
    assert set(read_export("zendesk", wide).rows) == {"5"}


def test_a_deep_post_is_refused_and_a_signature_covers_the_time(source):
    body = shape("zendesk_created")
    good = headers("zendesk", body)
    assert read_post("zendesk", secret=SECRET, body=body, headers=good).facts
    moved = {**good, "X-Zendesk-Webhook-Signature-Timestamp": "2026-03-04T09:30:01Z"}
    for kind, given in (("zendesk", moved), ("zendesk", {}), ("mailbox", good), ("intercom", good)):
        with pytest.raises(BadPost):
            read_post(kind, secret=SECRET, body=body, headers=given)
    with pytest.raises(BadPost):
        read_post("zendesk", secret="", body=body, headers=headers("zendesk", body, ""))


def test_B3_a_mailbox_whose_server_does_not_answer_is_unknown_and_mail_that_waits_for_a_person_is_missing(agent):
    mailbox = make_mailbox(imap_host="imap.desk.example", last_fetched_at=at(4, 8, 50), last_error="")
    days.keep_day(now=at(3, 9))
    own = InboxSource.objects.get(mailbox=mailbox)
    assert (own.freshness_minutes, state_of(own, at(4, 9)).state) == (15, "clear")
    for broken in ({"last_fetched_at": at(4, 8, 50)}, {"last_fetched_at": NOW, "last_error": "Refused"}):
        Mailbox.objects.filter(pk=mailbox.pk).update(**broken)
        assert state_of(own).state == "unknown"
        with pytest.raises(runs.CannotFinish, match="it is silent"):
            runs.finish(by=agent, handover="", now=NOW)
    counting.attest(source=own, number=0, name="Alma", by=agent, now=NOW)
    assert state_of(own).is_clear

    file = make_file()
    common = {"mailbox": mailbox, "file": file, "size": 7, "door": "smtp"}
    RawMail.objects.create(sha256="1" * 64, received_at=at(1), state="quarantined", reason_code="loop", **common)
    RawMail.objects.create(sha256="2" * 64, received_at=NOW - timedelta(minutes=9), **common)
    seen = state_of(own)
    assert (seen.state, seen.waiting) == ("missing", 1)
    assert "1 mail waits for somebody." in seen.problems
    with pytest.raises(runs.CannotFinish, match="1 mail waits"):
        runs.finish(by=agent, handover="", now=NOW)
