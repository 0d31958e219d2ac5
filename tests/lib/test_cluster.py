"""The embedded PostgreSQL keeps what it acknowledged, and any number of starters share one server."""

import stat
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from supportdesk.lib.cluster import Cluster


@pytest.fixture
def cluster(tmp_path):
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.stop(immediately=True)


def test_four_starters_at_once_get_one_working_server(cluster, tmp_path):
    with ThreadPoolExecutor(4) as pool:
        urls = list(pool.map(lambda _: Cluster(tmp_path).start(), range(4)))

    assert len(set(urls)) == 1
    psycopg2.connect(urls[0]).close()


def test_an_acknowledged_commit_survives_a_power_cut(cluster):
    url = cluster.start()
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("create table kept (id int); insert into kept values (7)")
    connection.close()

    cluster.stop(immediately=True)

    with psycopg2.connect(cluster.start()) as connection, connection.cursor() as cursor:
        cursor.execute("select id from kept")
        assert cursor.fetchall() == [(7,)]
    connection.close()


def test_the_password_is_readable_by_its_owner_only(cluster, tmp_path):
    cluster.start()

    assert stat.S_IMODE((tmp_path / "postgres.secret").stat().st_mode) == 0o600


def test_a_folder_nobody_else_may_enter_still_gets_a_server(tmp_path):
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    cluster = Cluster(private / ("long" * 20))
    try:
        psycopg2.connect(cluster.start()).close()
    finally:
        cluster.stop(immediately=True)


def test_data_whose_password_is_gone_is_set_aside_and_a_new_server_starts(cluster, tmp_path):
    """A checkout that was removed and made anew at its place: the data that had to stand elsewhere is still there."""
    cluster.start()
    (tmp_path / "postgres.secret").unlink()

    address = cluster.start()

    with psycopg2.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("select 1")
    assert (cluster.data.parent / "pgdata-without-password-1" / "PG_VERSION").exists()
