"""Every name by which code wakes a task or sets a timer belongs to a task or a handler that exists."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings

import timers.registry

ROOT = Path(__file__).resolve().parents[2]
WAKING = {"enqueue_on_commit", "wake"}
LONGEST_TASK_SECONDS = 15 * 60


def our_modules() -> Iterator[Path]:
    for config in apps.get_app_configs():
        if Path(config.path).parent == ROOT:
            yield from Path(config.path).rglob("*.py")


def first_words(calls: set[str]) -> Iterator[tuple[str, str | None]]:
    """Where a function of `calls` is called by its bare name, with its first argument; None when that is no literal."""
    for path in our_modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in calls:
                word = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
                yield f"{path.relative_to(ROOT)}:{node.lineno}", word


def our_tasks() -> dict:
    current_app.loader.import_default_modules()
    return {name: task for name, task in current_app.tasks.items() if not name.startswith(("celery.", "tests."))}


def test_every_task_that_code_wakes_is_registered():
    tasks = our_tasks()
    woken = [
        (where, name)
        for where, name in first_words(WAKING)
        if not where.startswith("supportdesk/lib/background.py")  # which passes names on
    ]

    assert woken
    assert [(where, name) for where, name in woken if name not in tasks] == []


def test_every_sweep_of_the_beat_is_a_registered_task_that_needs_no_arguments():
    tasks = our_tasks()

    assert set(settings.BEAT_SWEEPS) <= set(tasks)
    for name in settings.BEAT_SWEEPS:
        inspect.signature(tasks[name].run).bind()
        assert settings.CELERY_BEAT_SCHEDULE[name]["options"]["expires"] == settings.BEAT_SWEEPS[name]


def test_every_task_is_named_for_its_app_and_ends_in_bounded_time():
    labels = {config.label for config in apps.get_app_configs()}

    for name, task in our_tasks().items():
        soft = task.soft_time_limit or current_app.conf.task_soft_time_limit
        hard = task.time_limit or current_app.conf.task_time_limit
        assert name.partition(".")[0] in labels, name
        assert 0 < soft < hard <= LONGEST_TASK_SECONDS, name


def test_tasks_come_as_json_are_acknowledged_late_and_keep_no_result():
    assert current_app.conf.accept_content == ["json"]
    assert current_app.conf.task_serializer == "json"
    for name, task in our_tasks().items():
        assert (task.acks_late, task.ignore_result) == (True, True), name


def test_nobody_asks_celery_for_a_later_time():
    """security.md 0.4: on Redis an ETA fires several times, or never. Timers are rows."""
    later = []
    for path in our_modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg in {"countdown", "eta"}:
                later.append(f"{path.relative_to(ROOT)}:{node.lineno}")

    assert later == []


def test_every_kind_of_timer_is_named_for_an_app():
    labels = {config.label for config in apps.get_app_configs()}
    kinds = [kind for kind in timers.registry.kinds() if not kind.startswith("test.")]

    assert kinds
    assert [kind for kind in kinds if kind.partition(".")[0] not in labels] == []


def test_every_kind_written_out_in_code_has_a_handler():
    unknown = []
    for path in our_modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"schedule", "cancel"}:
                kinds = [word.value.value for word in node.keywords if word.arg == "kind" and _is_text(word.value)]
                unknown += [
                    f"{path.relative_to(ROOT)}: {kind}" for kind in kinds if kind not in timers.registry.kinds()
                ]

    assert unknown == []


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.parametrize("name", ["timers.sweep"])
def test_a_registered_task_runs(name, db):
    our_tasks()[name].apply(throw=True)
