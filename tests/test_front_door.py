"""The front door and the health checks."""

import pytest
from django.db import OperationalError, connection


def test_a_response_carries_the_strict_policy_and_no_frame(db, client):
    """S50, S51."""
    response = client.get("/")

    assert response.status_code == 200
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert response["Referrer-Policy"] == "same-origin"


def test_a_stranger_reaches_a_person_in_one_click(db, client):
    """U30."""
    assert 'href="/help/"' in client.get("/").content.decode()


@pytest.mark.parametrize(("who", "where"), [("agent", "/inbox/"), ("admin", "/inbox/"), ("customer", "/account/")])
def test_everybody_who_signed_in_is_led_to_their_own_page(client, request, who, where):
    client.force_login(request.getfixturevalue(who))

    assert client.get("/")["Location"] == where


def test_a_browser_that_asks_for_favicon_ico_is_led_to_the_icon(client):
    response = client.get("/favicon.ico")

    assert response.status_code == 302
    assert response["Location"].endswith("favicon.svg")


@pytest.mark.django_db
def test_readyz_says_ok_when_the_database_is_up_and_migrated(client):
    assert client.get("/readyz").status_code == 200


def test_livez_answers_and_readyz_is_503_while_the_database_is_down(client, monkeypatch, django_db_blocker):
    """F7, the part that needs no traffic."""

    def refuse(*args, **kwargs):
        raise OperationalError("down")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    with django_db_blocker.unblock():
        connection.close()
        assert client.get("/livez").status_code == 200
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.content == b"The database does not answer.\n"
