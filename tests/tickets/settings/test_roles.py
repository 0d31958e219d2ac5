"""Every address of the settings for every role (S22, S27)."""

import pytest
from django.db import transaction
from django.urls import get_resolver, reverse

from accounts.models import Invite, JournalEntry
from tests.factories.accounts import make_organisation, sign_in
from tests.factories.tickets import make_mailbox
from tickets import urls_settings
from tickets.models import BusinessCalendar, ContactForm, ContactReason, ReplyTemplate, ServiceLevel, Status, Team

ROLES = ["agent", "lead", "reviewer", "editor", "admin", "observer"]
EVERYBODY = frozenset(ROLES)
JOURNAL = frozenset({"lead", "admin", "observer"})
WORKERS = frozenset({"agent", "lead", "admin"})
ADMIN = frozenset({"admin"})

# name: (who may look, who may post). None: there is no such method.
MATRIX = {
    "index": (EVERYBODY, None),
    "mailboxes": (JOURNAL, None),
    "new_mailbox": (ADMIN, ADMIN),
    "mailbox": (ADMIN, ADMIN),
    "try_mailbox": (None, ADMIN),
    "health": (JOURNAL, None),
    "let_mail_go": (None, ADMIN),
    "teams": (EVERYBODY, None),
    "new_team": (ADMIN, ADMIN),
    "team": (ADMIN, ADMIN),
    "remove_team": (None, ADMIN),
    "contact_forms": (EVERYBODY, None),
    "new_contact_form": (ADMIN, ADMIN),
    "contact_form": (ADMIN, ADMIN),
    "remove_contact_form": (None, ADMIN),
    "statuses": (EVERYBODY, None),
    "add_status": (None, ADMIN),
    "status": (ADMIN, ADMIN),
    "status_default": (None, ADMIN),
    "move_status": (None, ADMIN),
    "remove_status": (None, ADMIN),
    "reasons": (EVERYBODY, None),
    "add_reason": (None, ADMIN),
    "reason": (ADMIN, ADMIN),
    "reason_processes": (ADMIN, ADMIN),
    "retire_reason": (None, ADMIN),
    "bring_back_reason": (None, ADMIN),
    "templates": (EVERYBODY, None),
    "new_template": (WORKERS, WORKERS),
    "template": (ADMIN, ADMIN),
    "remove_template": (None, ADMIN),
    "calendars": (EVERYBODY, None),
    "new_calendar": (ADMIN, ADMIN),
    "calendar": (ADMIN, ADMIN),
    "remove_calendar": (None, ADMIN),
    "levels": (EVERYBODY, None),
    "new_level": (ADMIN, ADMIN),
    "level": (ADMIN, ADMIN),
    "remove_level": (None, ADMIN),
    "people": (EVERYBODY, None),
    "invite": (ADMIN, ADMIN),
    "withdraw_invite": (None, ADMIN),
    "person": (EVERYBODY, None),
    "grant": (None, ADMIN),
    "revoke": (None, ADMIN),
    "rename": (None, WORKERS),
    "reset_second_factor": (None, ADMIN),
    "deactivate": (None, frozenset({"lead", "admin"})),
    "reactivate": (None, ADMIN),
    "organisations": (EVERYBODY, None),
    "new_organisation": (WORKERS, WORKERS),
    "organisation": (EVERYBODY, None),
    "add_member": (None, WORKERS),
    "remove_member": (None, WORKERS),
    "journal": (JOURNAL, None),
    "back_office": (ADMIN, ADMIN),
}


# Tried by everybody where they are tested: test_automation.py, desk/test_about_pages.py, tests/insights/test_pages.py,
# flows/test_pages.py, processes/test_work_roles.py, start_of_day/test_settings.py; and by whoever lacks the role in
# tests/house/test_audience.py.
ELSEWHERE = {
    "distribution", "reminders", "teamwork", "rules", "new_rule", "rule_log", "rule", "rule_dry_run", "switch_rule_on",
    "switch_rule_off", "move_rule", "remove_rule", "macros", "new_macro", "macro", "remove_macro",
    "fields", "new_field", "field", "archive_field", "bring_back_field", "move_field", "tags", "rename_tag",
    "webhooks", "new_webhook", "webhook", "change_webhook", "rotate_webhook", "switch_webhook", "try_webhook",
    "replay_webhooks", "remove_webhook", "webhook_delivery", "replay_delivery",
    "flows", "new_flow", "flow", "flow_version", "flow_dry_run", "begin_flow_draft", "change_flow", "drop_flow_draft",
    "publish_flow", "flow_stage", "new_flow_stage", "move_flow_stage", "remove_flow_stage", "welcome",
    "sources", "new_source", "day_rules", "source", "renew_source",
    "work_roles", "new_work_role", "work_role", "remove_work_role", "process_rules",
    "imports", "one_import", "stop_import", "refused_rows",
    "entitlements", "new_entitlement", "priority_offer", "withdraw_priority_offer", "identity_secret", "offer_words",
    "entitlement", "end_entitlement", "add_entitled", "remove_entitled", "scope", "new_scope_rule", "scope_rule",
    "end_scope_rule",
}  # fmt: skip


def test_every_address_of_the_settings_stands_in_the_matrix():
    """A route that lacks a row fails."""
    assert {pattern.name for pattern in urls_settings.urlpatterns} == MATRIX.keys() | ELSEWHERE


@pytest.fixture
def rows(db, admin, stranger, now):
    """One of everything, by what an address calls it."""
    calendar = BusinessCalendar.objects.create(name="One")
    return {
        "mailbox": make_mailbox().pk,
        "team": Team.objects.create(name="One").pk,
        "contact_form": ContactForm.objects.create(name="One", slug="one", heading="One").pk,
        "status": Status.objects.create(name="One", category="open").pk,
        "reason": ContactReason.objects.create(name="One").pk,
        "template": ReplyTemplate.objects.create(name="One", body="Words").pk,
        "calendar": calendar.pk,
        "level": ServiceLevel.objects.create(name="One", calendar=calendar).pk,
        "invite": Invite.objects.create(
            email="x@y.example", token_hash="x", invited_by=admin, created_at=now, expires_at=now.replace(year=2100)
        ).pk,
        "person": stranger.pk,
        "organisation": make_organisation().pk,
    }


SUBJECTS = {
    "try_mailbox": "mailbox",
    "remove_team": "team",
    "remove_contact_form": "contact_form",
    "status_default": "status",
    "move_status": "status",
    "remove_status": "status",
    "reason_processes": "reason",
    "retire_reason": "reason",
    "bring_back_reason": "reason",
    "remove_template": "template",
    "remove_calendar": "calendar",
    "remove_level": "level",
    "withdraw_invite": "invite",
    "grant": "person",
    "revoke": "person",
    "rename": "person",
    "reset_second_factor": "person",
    "deactivate": "person",
    "reactivate": "person",
    "add_member": "organisation",
    "remove_member": "organisation",
}


def address(name: str, rows: dict) -> str:
    pattern = next(each for each in urls_settings.urlpatterns if each.name == name)
    wanted = pattern.pattern.converters
    values = {"pk": rows.get(SUBJECTS.get(name, name)), "person_pk": rows["person"]}
    return reverse(f"settings:{name}", kwargs={key: values[key] for key in wanted})


@pytest.mark.parametrize("role", ROLES)
def test_who_may_look(client, request, rows, role):
    sign_in(client, request.getfixturevalue(role))
    before = JournalEntry.objects.count()

    answers = {name: client.get(address(name, rows)).status_code for name in MATRIX}

    for name, (may_look, _) in MATRIX.items():
        wanted = (403, 405) if may_look is None else (200,) if role in may_look else (403,)
        assert answers[name] in wanted, name
    # Nothing is changed by looking; that somebody opened a customer's profile is kept.
    assert JournalEntry.objects.exclude(action="accounts.open_profile").count() == before


@pytest.mark.parametrize("name", [name for name, (_, may_post) in MATRIX.items() if may_post])
def test_who_may_post(client, request, rows, name):
    """S27: what was refused stands in the journal. Each role begins from the same rows."""
    refused = JournalEntry.objects.filter(action="accounts.refused")
    for role in ROLES:
        person = request.getfixturevalue(role)
        with transaction.atomic():
            sign_in(client, person)
            status, entries = client.post(address(name, rows), {"role": "agent"}).status_code, refused.count()
            transaction.set_rollback(True)

        if role in MATRIX[name][1]:
            assert (status in (200, 302, 422), entries) == (True, 0), (role, status)
        else:
            assert (status, entries) == (403, 0 if role == "observer" else 1), role


def test_pages_to_look_at_take_no_post(client, browser, rows):
    for name in [name for name, (may_look, may_post) in MATRIX.items() if may_look and may_post is None]:
        assert browser.post(address(name, rows)).status_code == 405, name


def test_strangers_find_nothing(client, rows, stranger):
    client.force_login(stranger)

    for name in MATRIX:
        where = address(name, rows)
        assert {client.get(where).status_code, client.post(where).status_code} == {404}, where


def test_nothing_else_answers_below_settings():
    assert all(pattern.name for pattern in get_resolver("tickets.urls_settings").url_patterns)
