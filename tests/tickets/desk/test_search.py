"""The search box: words, filters, and whatever else people type."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories.tickets import make_ticket
from tickets.actions import assign, intake, note, state
from tickets.models import Team
from tickets.queries_desk.search import LONGEST, read


def found(desk, q: str) -> set[int]:
    page = desk.get("/inbox/search/", {"q": q})
    assert page.status_code == 200
    return {row.ticket.pk for row in page.context["shelf"].rows}


@pytest.fixture
def cast(desk, agent, lead, customer, stranger) -> dict[str, int]:
    """Three tickets that differ in everything that can be searched for."""
    now = timezone.now()
    robot = make_ticket(requester=customer, subject="The robot does not start", text="A battery problem.", now=now)
    card = make_ticket(requester=stranger, subject="Card declined", text="My purchase order is waiting.", now=now)
    training = make_ticket(
        requester=customer, subject="Training", text="Can we move?", now=now - timedelta(days=40),
        team=Team.objects.create(name="Academy"), priority="urgent", type="request",
    )  # fmt: skip
    assign.assign(ticket=robot, to=agent, by=agent, now=now)
    assign.assign(ticket=card, to=lead, by=agent, now=now)
    type(robot).objects.filter(pk=robot.pk).update(tags=["w-8", "late payer"])
    state.close_ticket(ticket=training, by=agent, now=now, unanswered=True)
    note.add_note(ticket=card, by=agent, text="Their bank is in Wyoming.", now=now)
    return {"robot": robot.pk, "card": card.pk, "training": training.pk}


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("robot", {"robot"}),
        ("robots", {"robot"}),
        ("battery", {"robot"}),
        ("wyoming", {"card"}),
        ('"purchase order"', {"card"}),
        ('"order purchase"', set()),
        ("robot or declined", {"robot", "card"}),
        ("problem -robot", set()),
        ("-robot -training", {"card"}),
        ("robot battery", {"robot"}),
        ("declined wyoming order", {"card"}),
        ("declined battery", set()),
        ("where is the robot", {"robot"}),
        ("the", {"robot"}),
        ("the from:cara", {"robot", "training"}),
        ("my", {"card"}),
        ('"does not start"', {"robot"}),
        ('"does start"', set()),
        ("(robot OR declined) AND NOT battery", {"card"}),
        ("(robot OR declined) -battery", {"card"}),
        ("robot AND battery OR training", {"robot", "training"}),
        ("robot OR training battery", {"robot"}),
        ("NOT (robot OR training)", {"card"}),
        ("-(robot OR training)", {"card"}),
        ("NOT NOT robot", {"robot"}),
        ("NOT from:cara", {"card"}),
        ("is:closed OR subject:card", {"card", "training"}),
        ("(is:closed OR wyoming) from:cara", {"training"}),
        ("(robot OR is:closed) -battery", {"training"}),
        ("robo*", {"robot", "training"}),
        ("batter*", {"robot"}),
        ('"purchase ord*"', {"card"}),
        ("subject:robot", {"robot"}),
        ("subject:battery", set()),
        ("text:battery", {"robot"}),
        ("note:wyoming", {"card"}),
        ("note:order", set()),
        ("-note:wyoming order", set()),
        ("cara", {"robot", "training"}),
        ("status:closed", {"training"}),
        ("has:note", {"card"}),
        ("with:stan", {"card"}),
        ("assignee:leo", {"card"}),
        ("((robot", {"robot"}),
        ("robot)) battery", {"robot"}),
        ("()", set()),
        ("from:cara", {"robot", "training"}),
        ("-from:cara", {"card"}),
        ("from:elsewhere.example", {"card"}),
        ("from:cara is:closed", {"training"}),
        ("is:open", {"robot", "card"}),
        ("is:mine", {"robot"}),
        ("by:me", {"robot"}),
        ("by:leo", {"card"}),
        ("by:nobody", {"training"}),
        ("tag:w-8", {"robot"}),
        ("tag:W-8", {"robot"}),
        ('tag:"late payer"', {"robot"}),
        ("team:academy", {"training"}),
        ("org:robotics", {"robot", "training"}),
        ("priority:urgent", {"training"}),
        ("type:request", {"training"}),
        ("subject:card", {"card"}),
        ("FROM:CARA ROBOT", {"robot"}),
        ("from:cara from:stan", set()),
    ],
)
def test_words_and_filters_find_what_they_say(desk, cast, q, expected):
    names = {pk: name for name, pk in cast.items()}

    assert {names[pk] for pk in found(desk, q)} == expected


def test_a_number_finds_its_ticket_with_and_without_a_hash(desk, cast):
    assert found(desk, f"#{cast['robot']}") == {cast["robot"]}
    assert cast["robot"] in found(desk, str(cast["robot"]))


def test_days_are_the_readers_days(desk, cast):
    month = (timezone.localdate() - timedelta(days=30)).isoformat()

    assert found(desk, f"after:{month}") == {cast["robot"], cast["card"]}
    assert found(desk, f"before:{month}") == {cast["training"]}


def test_files_are_found_by_their_name(desk, cast, customer):
    from tests.factories.mail import make_file  # noqa: PLC0415 - this claim alone needs it
    from tickets.models import Attachment, Message  # noqa: PLC0415

    message = Message.objects.filter(ticket=cast["card"]).first()
    Attachment.objects.create(message=message, file=make_file(), name="Quote 7.pdf", content_type="x/y", size=1)

    assert found(desk, "has:file") == {cast["card"]}
    assert found(desk, 'file:"quote 7"') == {cast["card"]}


@pytest.mark.parametrize(
    "q", ["is:asleep", "has:fun", "type:none", "priority:9", "after:sometime", "before:9999-99-99", "from:", "tag:"]
)
def test_a_filter_that_means_nothing_is_named_and_left_out(desk, cast, q):
    """S25."""
    page = desk.get("/inbox/search/", {"q": f"robot {q}"})

    assert [row.ticket.pk for row in page.context["shelf"].rows] == [cast["robot"]]
    assert f"Left out, since it means nothing here: {q}" in page.content.decode()


@pytest.mark.parametrize(
    "q", ["owner__password:x", "requester__password:pbkdf2", "_connector:OR", "id__in:1", "password:a", "pk:1"]
)
def test_columns_of_the_database_are_no_filters(desk, cast, q):
    """S25."""
    assert read(q).filters == []
    assert found(desk, q) == set()


NAUGHTY = [
    "\x00", "\x00robot\x00", "'", '"', "''", '"""', "\\", "%", "_", "(", ")", "((", "a & | ! b", "<->", "robot:*", "!!",
    ":", "::", "from:", "-", "--", "-from:", "#", "##1", "#99999999999999999999", "is:", 'from:"', "tag:", "\u202e",
    "ﷺ" * 50, "a" * 5000, "OR OR OR", "AND", "NOT", "or", "- - -", "' OR 1=1 --", "'; DROP TABLE tickets_ticket; --",
    "${7*7}", "{{7*7}}", "<script>alert(1)</script>", "../../etc/passwd", "\ud7ff", "\ufffe", "🙂" * 40,
    "tag:" + "x" * 300, "after:-1", "after:0000-00-00", "before:2026-13-01", "from:%", "from:_", "()()()" * 30,
    '"a" "b" "c', "\t\n\r robot", "from:a" * 40, "robot or", "or robot", "robot or or card", "-or", "a " * 99,
]  # fmt: skip


@pytest.mark.parametrize("q", NAUGHTY)
def test_nothing_that_can_be_typed_breaks_the_search(desk, cast, q):
    """S53."""
    assert found(desk, q) <= set(cast.values())


@pytest.mark.parametrize("parameter", ["q", "after", "in", "following", "all", "again"])
@pytest.mark.parametrize("value", ["\x00", "'", "%00", "-1", "x" * 10_000, "[]", "1" * 30])
def test_no_parameter_breaks_a_page(desk, cast, parameter, value):
    """S25, S53."""
    for address in ("/inbox/search/", "/inbox/all/", f"/inbox/all/{cast['robot']}/"):
        assert desk.get(address, {parameter: value}).status_code in (200, 404)


def test_the_box_is_read_up_to_its_limit():
    assert len(read("x" * 1000).q) == LONGEST


@pytest.mark.parametrize(
    ("q", "tree"),
    [
        ("refund", "refund"),
        ('say "a b" -c', 'say "a b" -c'),
        ("a2 or b2 c2", "(a2 OR b2) c2"),
        ("a2 AND b2 OR c2 AND d2", "(a2 b2) OR (c2 d2)"),
        ("(refund OR chargeback) AND NOT training from:dana", "(refund OR chargeback) -training from:dana"),
        ("#4127", "#4127"),
        ('tag:"late payer" is:open', 'tag:"late payer" is:open'),
        ("https://x.example/a", "https://x.example/a"),
        ("where is the robot", "robot"),
        ("where is the", "where is the"),
        ("x2 x2 x2", "x2"),
        ("(" * 200 + "deep", "deep"),
        ("OR AND NOT", None),
        ("", None),
    ],
)
def test_the_box_is_taken_apart_and_said_again(q, tree):
    search = read(q)

    assert (search.tree.typed if search.tree else None) == tree
    assert search.is_empty is (tree is None)


@pytest.mark.parametrize("rows", [1, 3])
def test_a_search_costs_the_same_queries_with_one_row_and_with_three(desk, rows, django_assert_num_queries):
    for _ in range(rows):
        ticket = make_ticket(subject="Robot arm")
        intake.add_customer_message(
            ticket=ticket, person=ticket.requester, text="Robot leg", channel="web", now=timezone.now()
        )
    desk.get("/inbox/search/?q=robot+from:person")

    with django_assert_num_queries(18):
        page = desk.get("/inbox/search/?q=robot+from:person")

    assert len(page.context["shelf"].rows) == rows
