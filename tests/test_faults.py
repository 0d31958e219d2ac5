"""`make faults`, the short version: the product's own processes are killed, cut and poisoned, and lose nothing."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from supportdesk.management.commands.faults import table

ROOT = Path(__file__).resolve().parents[1]
PLAYED = ("F1", "F6", "F15", "F18", "F19")


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict:
    """One run, in processes of its own with their own PostgreSQL."""
    home = tmp_path_factory.mktemp("faults")
    environment = {**os.environ, "VAR_DIR": str(home), "DJANGO_SETTINGS_MODULE": "supportdesk.settings"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "faults", "--seconds", "12", "--only", ",".join(PLAYED), "--json"],
        env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr[-4000:]
    assert not list(home.glob("faults-*"))  # nothing is left behind
    return json.loads(done.stdout)


def outcome(results: dict, name: str) -> dict:
    return next(one for one in results["faults"] if one["id"] == name)


def test_F1_killed_workers_lose_and_double_nothing(results):
    assert outcome(results, "F1")["passed"], outcome(results, "F1")["seen"]
    assert results["account"]["promised"] > 20
    assert results["account"]["lost_in"] == []
    assert results["account"]["doubled_in"] == []


def test_F6_a_killed_database_is_back_by_itself_and_nothing_is_lost(results):
    assert outcome(results, "F6")["passed"], outcome(results, "F6")["seen"]
    assert results["account"]["refused_at_the_door"] == 0


def test_F15_put_off_mail_goes_out_and_refused_mail_is_told(results):
    assert outcome(results, "F15")["passed"], outcome(results, "F15")["seen"]
    assert results["account"]["sent"] > 0
    assert results["account"]["lost_out"] == []
    assert results["account"]["second_message_ids"] == []
    assert results["account"]["sent_again"] <= results["account"]["may_be_sent_again"]


def test_F18_one_mail_three_times_at_once_is_kept_once(results):
    assert outcome(results, "F18")["passed"], outcome(results, "F18")["seen"]


def test_F19_poison_does_not_hold_up_the_mail_behind_it(results):
    assert outcome(results, "F19")["passed"], outcome(results, "F19")["seen"]


def test_F21_a_clock_that_jumps_tells_nothing_twice(results):
    assert outcome(results, "F21")["passed"], outcome(results, "F21")["seen"]


def test_every_invariant_holds_after_all_faults(results):
    assert results["account"]["violations"] == []
    assert results["account"]["unfinished"] == 0
    assert results["passed"] is True
    assert "Everything held." in table(results)


def test_an_unknown_fault_is_refused():
    with pytest.raises(CommandError, match="There is no F99"):
        call_command("faults", only="F99", stdout=StringIO())
