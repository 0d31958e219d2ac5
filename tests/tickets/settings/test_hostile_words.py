"""Every field of the settings takes a script and shows it as words (S4)."""

import pytest
from django.urls import reverse

from accounts.models import Organisation, Person
from mail.models import Mailbox
from tests.factories.accounts import make_member, make_staff
from tests.factories.tickets import make_mailbox
from tickets import urls_settings
from tickets.models import BusinessCalendar, ContactReason, ReplyTemplate, ServiceLevel, Status, Team

pytestmark = pytest.mark.django_db

PAYLOAD = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}{% debug %}"


@pytest.fixture
def hostile(browser, admin, now):
    """One of everything whose every word is a script. By what an address calls it."""
    name = PAYLOAD[:60]
    calendar = BusinessCalendar.objects.create(name=PAYLOAD, country="")
    calendar.intervals.create(weekday=0, opens=540, closes=1020)
    calendar.holidays.create(day_on="2026-12-24", name=PAYLOAD)
    level = ServiceLevel.objects.create(name=PAYLOAD, calendar=calendar)
    box = make_mailbox(name=PAYLOAD, signature=PAYLOAD, last_error=PAYLOAD, imap_host=PAYLOAD, failing_since=now)
    organisation = Organisation.objects.create(name=PAYLOAD, notes=PAYLOAD)
    member = make_member(organisation=organisation, name=PAYLOAD)
    make_staff(name=PAYLOAD)
    return {
        "team": Team.objects.create(name=PAYLOAD, lead=admin, service_level=level).pk,
        "status": Status.objects.create(name=name, category="open").pk,
        "reason": ContactReason.objects.create(name=PAYLOAD).pk,
        "template": ReplyTemplate.objects.create(name=PAYLOAD, body=PAYLOAD).pk,
        "calendar": calendar.pk,
        "level": level.pk,
        "mailbox": box.pk,
        "organisation": organisation.pk,
        "person": member.pk,
    }


def test_a_script_in_any_field_stays_words_on_every_page(browser, hostile):
    for route in urls_settings.urlpatterns:
        if route.pattern.converters and route.name not in hostile:
            continue
        arguments = {"pk": hostile[route.name]} if route.pattern.converters else {}
        response = browser.get(reverse(f"settings:{route.name}", kwargs=arguments), {"q": PAYLOAD, "action": PAYLOAD})
        body = response.content.decode()
        assert response.status_code in ((302,) if route.name == "day_rules" else (200, 405)), route.name
        assert "<script>alert" not in body, route.name
        assert "<img src=x" not in body, route.name
        assert ">49" not in body, route.name


def test_a_script_sent_to_any_form_stays_words_in_its_answer(browser, hostile):
    for name in ("new_team", "add_status", "add_reason", "new_template", "new_calendar", "new_level", "new_mailbox",
                 "invite", "new_organisation"):  # fmt: skip
        address = reverse(f"settings:{name}")
        fields = browser.get(address).context or browser.get(reverse("settings:statuses")).context
        names = set(fields["form"].fields) if "form" in fields else {"name"}
        body = browser.post(address, dict.fromkeys({*names, "name", "body"}, PAYLOAD), follow=True).content.decode()
        assert "<script>alert" not in body, name
        assert "<img src=x" not in body, name


def test_hidden_fields_of_another_table_are_not_written(browser, admin, agent):
    """S26: whatever a browser adds."""
    extra = {"is_staff": "on", "is_active": "", "owner": "1", "id": "99", "pk": "99", "granted_roles": "admin"}

    browser.post("/settings/teams/new/", {"name": "Plain", "members": [agent.pk], **extra})
    browser.post("/settings/organisations/new/", {"name": "Plain", **extra})

    assert Team.objects.get(name="Plain").pk != 99
    assert Organisation.objects.get(name="Plain").pk != 99
    assert Person.objects.filter(is_active=False).count() == 0
    assert Mailbox.objects.count() == 0
