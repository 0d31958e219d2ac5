"""The trained guess of contact reasons: how often it is right, why it says so, and that training is all or nothing."""

import csv
import gzip
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.billing.money import killed_at
from tests.crowds import Crowd
from tests.factories.closed import Asked, close_many
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions import train
from tickets.models import ContactReason, ReasonFeature, ReasonModel
from tickets.queries_desk.reasons import reasons_for
from tickets.text_model.features import asked_text
from tickets.text_model.scoring import Weights, asked_of, likelihoods
from tickets.text_model.splitting import split

QUERIES = Path(__file__).parent / "data" / "support_queries.csv.gz"
LATER = WEDNESDAY + timedelta(days=1)
ABOUT = {
    "Card declined": ("my card was declined at the till", "the bank says no to my card", "payment by card refused"),
    "Held shipment": ("where is my parcel", "the shipment is held at customs", "tracking has not moved for days"),
}


def lessons(times=60):
    """Enough closed tickets of two reasons to train on."""
    reasons = {name: ContactReason.objects.create(name=name) for name in ABOUT}
    asked = [
        Asked(f"{words} {number}", reasons[name], WEDNESDAY - timedelta(days=number))
        for number in range(times)
        for name, said in ABOUT.items()
        for words in said
    ]
    close_many(asked)
    return reasons


def in_memory(model):
    """A model's rows, to weigh a text as the page does, without a query for each."""
    rows = {name: bytes(packed) for name, packed in model.features.values_list("name", "weights")}

    def weigh(text):
        asked = asked_of(asked_text(text, ""))
        found = [(name, rows[name]) for name in asked.names if name in rows]
        parts = zip(asked.parts, asked.part_of, strict=True)
        found += [(word, rows[part]) for part, word in parts if word not in rows and part in rows]
        return likelihoods(asked, Weights(model.reasons, bytes(model.start), found), allowed=model.reasons, habit={})

    return weigh


def test_held_out_queries_get_the_right_reason_87_and_95_times_in_100(db):
    """Issue 7, point 2: on a held-out fifth of 10,003 real queries in 77 reasons; as served, and as the page says.

    The desk closes four fifths of them; the last fifth is asked afterwards.
    """
    with gzip.open(QUERIES, "rt") as file:
        rows = [(row["text"], row["category"]) for row in csv.DictReader(file)]
    names = sorted({name for _, name in rows})
    reasons = {name: ContactReason.objects.create(name=name) for name in names}
    closed, held = split([names.index(name) for _, name in rows], seed=1)
    close_many(Asked(rows[number][0], reasons[rows[number][1]], WEDNESDAY) for number in closed)

    model = train.train_reasons(now=LATER)

    weigh = in_memory(model)
    first = three = 0
    for number in held:
        order = [one.pk for one in weigh(rows[number][0])]
        right = reasons[rows[number][1]].pk
        first += order[0] == right
        three += right in order[:3]
    print(f"served {first / len(held):.4f} {three / len(held):.4f}; held out {model.top1:.4f} {model.top3:.4f}")
    assert (len(rows), len(names), len(held)) == (10_003, 77, 1_998)
    assert first / len(held) >= 0.87
    assert three / len(held) >= 0.95
    # What the page says of itself was measured in the same way, on tickets that it had not learned from.
    assert model.tested > 1_500
    assert abs(model.top1 - first / len(held)) < 0.03
    assert model.counts_top1 < model.top1
    assert model.is_better


def test_the_guess_names_the_words_that_decided_in_one_query(db, stranger, django_assert_num_queries):
    """The model says which words decided; typing errors and new endings do not stop it; nothing is made of nothing."""
    reasons = lessons()
    model = train.train_reasons(now=LATER)
    ticket = make_ticket(requester=stranger, subject="Declined", text="The till says my cards were declind.")

    with django_assert_num_queries(1):
        order = reasons_for(ticket, asked="The till says my cards were declind.")

    assert (order[0].name, order[0].is_guess) == ("Card declined", True)
    assert {"declined", "declind", "till", "cards"} & set(order[0].because)
    assert (model.texts, model.tested, set(model.reasons)) == (360, 72, {one.pk for one in reasons.values()})
    unknown = make_ticket(requester=stranger, subject="Zzyzx", text="\x00 🙂 \u202e")
    assert not any(one.is_guess for one in reasons_for(unknown, asked="\x00 🙂 \u202e" + "q" * 100_000))
    ContactReason.objects.filter(pk=reasons["Card declined"].pk).update(is_active=False)
    assert [one.name for one in reasons_for(ticket)] == ["Held shipment"]


def test_a_small_desk_keeps_counting_and_a_worse_model_is_not_asked(db, stranger):
    reasons = lessons(times=20)

    assert train.train_reasons(now=LATER) is None  # 120 closes: counted words know as much
    lessons_more = [Asked("my card was declined", reasons["Card declined"], WEDNESDAY) for _ in range(100)]
    close_many(lessons_more)
    model = train.train_reasons(now=LATER)
    ReasonModel.objects.update(is_better=False)
    ticket = make_ticket(requester=stranger, subject="card declined at the till", text="card")

    assert model.texts == 220
    assert not any(one.because for one in reasons_for(ticket))  # nothing was counted, and the model is not asked


def test_training_again_waits_for_closes_and_replaces_the_old_guess(db):
    """Run twice: the second run does nothing until enough was closed; one model is kept."""
    reasons = lessons()
    first = train.train_reasons(now=LATER)

    assert train.train_reasons(now=LATER) is None
    close_many(Asked("card declined", reasons["Card declined"], LATER + timedelta(hours=1)) for _ in range(50))
    second = train.train_reasons(now=LATER + timedelta(days=1))

    assert (second.texts, list(ReasonModel.objects.values_list("pk", flat=True))) == (410, [second.pk])
    assert not ReasonFeature.objects.filter(model=first.pk).exists()


@pytest.mark.parametrize("point", ["tickets.train.learned", "tickets.train.kept"])
def test_a_training_that_is_killed_leaves_the_old_guess_whole(transactional_db, point):
    lessons()
    old = train.train_reasons(now=LATER)
    known = ReasonFeature.objects.count()

    assert killed_at(point, lambda: train.train_reasons(now=LATER, anyway=True))

    assert list(ReasonModel.objects.filter(is_current=True).values_list("pk", flat=True)) == [old.pk]
    assert ReasonFeature.objects.count() == known
    assert train.train_reasons(now=LATER, anyway=True).pk != old.pk


def test_of_two_trainings_at_once_one_model_is_left(transactional_db):
    lessons()

    with Crowd(2) as crowd:
        done = crowd.act([lambda: train.train_reasons(now=LATER)] * 2)

    assert [one for one in done if isinstance(one, Exception)] == []
    model = ReasonModel.objects.get()
    assert model.features.count() == ReasonFeature.objects.count() > 0


def test_a_training_that_breaks_down_says_so_and_changes_nothing(db, monkeypatch):
    """A child without time or memory."""
    lessons()
    monkeypatch.setattr("tickets.text_model.apart.MEGABYTES", 40)

    with pytest.raises(train.CannotTrain, match="broke down"):
        train.train_reasons(now=LATER)

    assert not ReasonModel.objects.exists()


def test_the_web_process_never_loads_numpy():
    """Memory: a worker of the web server is as small as before."""
    code = (
        "import django, sys; django.setup(); from django.urls import get_resolver; get_resolver().url_patterns;"
        "import tickets.tasks, insights.tasks; print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
