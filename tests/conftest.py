"""What every test may rely on."""

import os
import time
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.management import create_contenttypes
from django.core.management.sql import emit_post_migrate_signal
from django.db import OperationalError, connection, transaction
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.migrations import RunPython
from django.db.migrations.loader import MigrationLoader
from django.db.models.signals import post_migrate
from django.test import Client

from accounts.choices import Role
from accounts.models import Organisation, Person
from knowledgebase import counting
from supportdesk.lib.cluster import Cluster
from tests.browser import chromium, pytest_collection_modifyitems  # noqa: F401 - fixture and hook
from tests.factories.accounts import make_member, make_organisation, make_person, make_staff


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave no server behind. With xdist the controller alone stops it, after its workers."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    if "supportdesk-tests-" in os.environ.get("VAR_DIR", ""):
        Cluster(Path(os.environ["VAR_DIR"]), durable=False).stop()
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("TEST_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter) -> None:
    """Where nothing may be skipped, say what was."""
    if os.environ.get("TEST_NO_SKIPS"):
        for report in terminalreporter.stats.get("skipped", []):
            terminalreporter.write_line(
                f"SKIPPED, and that fails this run: {report.nodeid}: {report.longrepr}", red=True
            )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests of real servers run where the server is named."""
    if item.get_closest_marker("redis") and not os.environ.get("TEST_REDIS_URL"):
        pytest.skip("TEST_REDIS_URL is not set")


def begin_again(**_: object) -> None:
    """The rows that our migrations begin with: the end of a transactional test emptied their tables too.

    Each such migration may run twice, so that a desk which begins anew has them once.
    """
    for (label, _name), migration in sorted(MigrationLoader(None).disk_migrations.items()):
        if Path(apps.get_app_config(label).path).parent == settings.BASE_DIR:
            for operation in migration.operations:
                if isinstance(operation, RunPython):
                    operation.code(apps, None)


# To truncate some 250 tables takes more than a second and locks every one of them; few hold a row after a test.
# What a load or a bench left is truncated: deleted, it would be read again by every test after it.
EMPTY = """
DO $$
DECLARE
  name text;
  size bigint;
  has_rows boolean;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name, size IN
    SELECT t.oid::regclass::text, pg_relation_size(t.oid) FROM pg_class t
    WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace
      AND t.relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
  LOOP
    IF size > 1000000 THEN
      EXECUTE 'TRUNCATE ' || name || ' CASCADE';
    ELSIF size > 0 THEN
      EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || name || ')' INTO has_rows;
      IF has_rows THEN EXECUTE 'DELETE FROM ' || name; END IF;
    END IF;
  END LOOP;
END $$
"""


class PatientFlush(DatabaseOperations):
    """The end of a transactional test waits for what a browser began: an answer that nobody waits for still writes.

    A request that had waited in a server's queue may begin just then; of the two, one may die of a deadlock, and rows
    that stayed would fail the tests after it.
    """

    def execute_sql_flush(self, sql_list: list[str]) -> None:
        """Empty the tables, as soon as nobody else is at work in them."""
        for pause in (0.2, 0.5, 1, 2):
            self._wait_for_others()
            try:
                return self._empty()
            except OperationalError:
                time.sleep(pause)
        return self._empty()

    def _empty(self) -> None:
        with transaction.atomic(), self.connection.cursor() as cursor:
            cursor.execute(EMPTY)

    def _wait_for_others(self) -> None:
        deadline = time.monotonic() + 15
        with self.connection.cursor() as cursor:
            while time.monotonic() < deadline:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()"
                )
                if cursor.fetchone()[0] == 0:
                    return
                time.sleep(0.05)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Let the end of a transactional test empty append-only tables, and bring back what migrations put into others.

    The test of the guard of append-only tables switches it on again.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgtype & 32 <> 0"
        )
        for trigger, table in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{trigger}"')
        cursor.execute(EMPTY)  # an earlier run that was stopped may have left its rows
    post_migrate.connect(begin_again, sender=apps.get_app_config("accounts"))  # every flush ends with this signal
    post_migrate.disconnect(create_contenttypes)  # what these two made stays
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    with django_db_blocker.unblock():
        emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseWrapper, "ops_class", PatientFlush)
        patch.setattr(connection, "ops", PatientFlush(connection))
        yield


@pytest.fixture
def django_client():
    """Another browser: call it."""
    return Client


@pytest.fixture(autouse=True)
def nothing_counted_yet() -> None:
    """Looks at articles are added up in the process; no test writes what another one looked at."""
    counting.forget()


# The cast. Everybody is somebody new in every test.


@pytest.fixture
def agent(db) -> Person:
    """Answers tickets."""
    return make_staff(Role.AGENT, name="Alma Agent", email="alma@desk.example")


@pytest.fixture
def lead(db) -> Person:
    """Leads the team."""
    return make_staff(Role.AGENT, Role.LEAD, name="Leo Lead", email="leo@desk.example")


@pytest.fixture
def reviewer(db) -> Person:
    """Decides about money."""
    return make_staff(Role.REVIEWER, name="Rita Reviewer", email="rita@desk.example")


@pytest.fixture
def editor(db) -> Person:
    """Keeps the articles."""
    return make_staff(Role.EDITOR, name="Edda Editor", email="edda@desk.example")


@pytest.fixture
def admin(db) -> Person:
    """Sets the desk up and gives roles."""
    return make_staff(Role.ADMIN, name="Ada Admin", email="ada@desk.example")


@pytest.fixture
def observer(db) -> Person:
    """Reads everything and changes nothing."""
    return make_staff(Role.OBSERVER, name="Otto Observer", email="otto@desk.example")


@pytest.fixture
def organisation(db) -> Organisation:
    """The customer's company."""
    return make_organisation(name="Example Robotics Ltd.", domain="robotics.example")


@pytest.fixture
def customer(organisation) -> Person:
    """Asks. Sees only their own tickets."""
    return make_member(organisation=organisation, name="Cara Customer", email="cara@robotics.example")


@pytest.fixture
def colleague(organisation) -> Person:
    """Works with the customer and may read what they ask."""
    return make_member(
        organisation=organisation, name="Cole League", email="cole@robotics.example", sees_colleagues_tickets=True
    )


@pytest.fixture
def stranger(db) -> Person:
    """A customer of somebody else. Every view is tried by the stranger."""
    return make_person(name="Stan Stranger", email="stan@elsewhere.example")
