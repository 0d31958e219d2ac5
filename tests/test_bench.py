"""`make bench` runs and says what it measured. No figure is asserted: a time on a shared machine proves nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.urls import NoReverseMatch, reverse

from supportdesk.bench.client import spread
from supportdesk.bench.report import growth, markdown

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict:
    """One run at the smallest size, in a process of its own as an operator starts it."""
    home = tmp_path_factory.mktemp("bench")
    environment = {**os.environ, "VAR_DIR": str(home), "DJANGO_SETTINGS_MODULE": "supportdesk.settings"}
    environment.setdefault("DATABASE_URL", "")
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "bench", "--tickets", "200"],
        env=environment, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert not list(home.glob("bench-*"))  # nothing is left behind
    return json.loads(done.stdout)


def test_every_page_of_the_list_is_measured_beside_its_floor(results):
    assert (results["tickets"], results["messages"]) == (200, 800)
    floors = {name for name in results["pages"] if name.startswith("floor")}
    assert len(floors) == 4
    for name, entry in results["pages"].items():
        assert entry["one"]["p50"] > 0
        assert entry["queries"] > 0 or name == "public form"
        assert (name in floors) or entry["times_floor"] > 0


def test_the_shop_is_measured_page_by_page_and_its_numbers_have_no_gap(results):
    assert (results["shop_load"]["invoices"], results["shop_load"]["customers"]) == (200, 40)
    assert results["shop_load"]["open_invoices"] > 0
    assert len(results["shop"]) == 22
    for name, entry in results["shop"].items():
        assert entry["one"]["p50"] > 0 and entry["times_floor"] > 0, name
        assert entry["queries"] < (40 if name.startswith("palette") else 30), name
    assert results["shop"]["public invoice, unchanged (304)"]["bytes"] < 1_000
    assert results["pdf"]["p50"] > 0
    assert (results["issuing"]["invoices"], results["issuing"]["gaps"]) == (50, 0)


def test_e10_finding_an_account_is_measured_by_everything_that_a_caller_says(results):
    assert len(results["accounts"]) == 13
    for name, entry in results["accounts"].items():
        assert entry["one"]["p50"] > 0 and entry["times_floor"] > 0 and entry["queries"] < 45, name


def test_U43_rows_of_another_desk_are_measured_and_none_comes_twice(results):
    found = results["imports"]
    assert [(one["rows"], one["made"], one["same"]) for one in found.values()] == [
        (200, 200, 0), (200, 0, 200), (300, 100, 0),
    ]  # fmt: skip
    assert all(one["rows_a_second"] > 0 for one in found.values())


def test_U31_the_review_is_measured_item_by_item_with_a_long_history(results):
    waits, decided = results["review"]["review, the item that waits"], results["review"]["review, decided and next"]

    assert waits["times_floor"] > 0
    assert (decided["decided"], waits["queries"] < 40, decided["queries"] < 75) == (36, True, True)


def test_the_wiki_is_measured_from_a_public_page_to_a_saved_one(results):
    assert len(results["wiki"]) == 14
    for name, entry in results["wiki"].items():
        assert entry["one"]["p50"] > 0 and (entry["queries"] or 0) < 40, name
    assert results["wiki"]["public article, unchanged (304)"]["bytes"] < 1_500


def test_actions_mail_timers_memory_and_bytes_are_measured(results):
    assert set(results["actions"]) == {"reply", "note", "assign", "close", "public form, sent"}
    assert results["intake"]["taken_in_a_second"] > 0
    assert results["worker"]["taken_in_a_second"] > 0
    assert results["timers"]["effects"] == results["timers"]["distinct"] == results["timers"]["due_at_once"]
    assert results["memory"]["pss_mb"] > 50
    bulk = results["bulk"]
    assert (bulk["tickets"] > 0, bulk["answer"]["n"]) == (True, 3)  # choosing, beginning, taking back
    assert bulk["done_s"] > 0 and bulk["undone_s"] > 0 and bulk["answer"]["p95"] > 0
    assert results["mail_to_screen"]["n"] == 2
    assert results["bytes"]["ticket"]["first"] > results["bytes"]["ticket"]["later"] > 0


def test_the_results_become_a_table_and_a_growth(results):
    text = markdown(results)

    assert "| all tickets |" in text
    assert "| memory of all" in text
    assert "not measured" not in text
    assert set(growth([results, results]).values()) == {1.0}


def test_a_part_that_failed_is_said_to_be_missing(results):
    text = markdown({**results, "memory": {"error": "RuntimeError: no"}, "actions": {"error": "RuntimeError: no"}})

    assert "| memory of all processes at rest | not measured |" in text
    assert "| all tickets |" in text


def test_the_floor_exists_only_while_measuring():
    with pytest.raises(NoReverseMatch):
        reverse("bench_rows", args=[20])


@pytest.mark.parametrize("arguments", [{"compare": "many"}, {"tickets": 5}, {"invoices": 5}])
def test_sizes_that_mean_nothing_are_refused(arguments):
    with pytest.raises(CommandError):
        call_command("bench", **arguments)


def test_a_spread_is_in_milliseconds():
    assert spread([0.001] * 95 + [0.1] * 5) == {"p50": 1.0, "p95": 100.0, "n": 100}
