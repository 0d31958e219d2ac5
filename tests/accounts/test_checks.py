"""Settings that cannot be meant are refused at the start, with a way out."""

import pytest
from django.core.checks import run_checks

from accounts.checks import SHORTEST_KEY

HTTPS = {
    "IS_HTTPS": True,
    "SITE_URL": "https://desk.example",
    "ALLOWED_HOSTS": ["desk.example"],
    "SECRET_KEY": "k" * 50,
    "TRUSTED_PROXIES": 1,
}


def ids(settings, **changes) -> set[str]:
    for name, value in changes.items():
        setattr(settings, name, value)
    found = [one for one in run_checks() if (one.id or "").startswith("accounts.")]
    assert all(one.hint for one in found)
    return {one.id for one in found}


def test_the_defaults_are_fine(settings):
    assert ids(settings) == set()


def test_a_careful_desk_is_fine(settings):
    assert ids(settings, **HTTPS, STAFF_SECOND_FACTOR="required") == set()


@pytest.mark.parametrize(
    ("changes", "id_"),
    [
        ({"STAFF_SECOND_FACTOR": "maybe"}, "accounts.E001"),
        (HTTPS, "accounts.W002"),
        ({"SITE_URL": "desk.example"}, "accounts.E003"),
        ({"SITE_URL": "https://desk.example/path"}, "accounts.E003"),
        ({"SITE_URL": "javascript:alert(1)"}, "accounts.E003"),
        ({"SITE_URL": "https://desk.example"}, "accounts.E004"),
        ({"ALLOWED_HOSTS": ["*"]}, "accounts.E005"),
        ({"TRUSTED_PROXIES": -1}, "accounts.E006"),
        ({**HTTPS, "STAFF_SECOND_FACTOR": "required", "DEBUG": True}, "accounts.E007"),
        ({**HTTPS, "STAFF_SECOND_FACTOR": "required", "SECRET_KEY": "k" * (SHORTEST_KEY - 1)}, "accounts.E008"),
        ({**HTTPS, "STAFF_SECOND_FACTOR": "required", "TRUSTED_PROXIES": 0}, "accounts.E010"),
        ({"CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}}, "accounts.E009"),
    ],
)
def test_an_impossible_setting_is_named(settings, changes, id_):
    assert ids(settings, **changes) == {id_}
