"""The settings page of work roles."""

import pytest

from accounts.models import JournalEntry, WorkRole, WorkRoleMember
from tests.factories.accounts import make_staff
from tests.factories.knowledgebase import make_process


@pytest.fixture
def desk(client, lead):
    client.force_login(lead)
    return client


def test_R74_a_lead_says_who_does_what_and_who_when_nobody_is_left(desk, lead, agent, client):
    one = {"name": "Dispatch", "about": "Plans <visits>", "members": [agent.pk]}
    assert desk.post("/settings/work-roles/new/", one).status_code == 302
    role = WorkRole.objects.get(name="Dispatch")
    assert (role.key, list(role.members.values_list("person", flat=True))) == ("dispatch", [agent.pk])
    two = {"name": "Workshop", "escalates_to": role.pk}
    desk.post("/settings/work-roles/new/", two)
    workshop = WorkRole.objects.get(name="Workshop")

    page = desk.get("/settings/work-roles/").content.decode()
    assert "Plans &lt;visits&gt;" in page
    assert "Nobody is in Workshop, so it goes to Dispatch." in page
    way = f"/settings/work-roles/{role.pk}/"
    for wrong, words in [
        ({**one, "escalates_to": workshop.pk}, "would lead back to Dispatch"),
        ({**one, "name": "workshop"}, "There is a role “workshop” already."),
        ({**one, "name": ""}, "Enter a name"),
        ({**one, "members": ["x", "99999999999999999999"]}, "Choose people from the list"),
        ({**one, "escalates_to": role.pk}, "Choose a role from the list"),
        ({}, "Enter a name"),
    ]:
        answer = desk.post(way, wrong)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert desk.post("/settings/work-roles/new/", {}).status_code == 422
    desk.post(way, {**one, "members": []})
    assert not WorkRoleMember.objects.filter(role=role).exists()
    assert JournalEntry.objects.filter(action="tickets.change_work_role").count() == 1
    client.force_login(agent)
    assert client.post(way, one).status_code == 403
    assert client.get("/settings/work-roles/").status_code == 200


def test_a_role_that_a_process_names_stays(desk):
    named = WorkRole.objects.create(key="workshop", name="Workshop")
    free = WorkRole.objects.create(key="garden", name="Garden")
    WorkRoleMember.objects.create(role=free, person=make_staff("agent"))
    make_process(markdown="## Steps\n### Mend it\nWHO: Workshop\n")
    page = desk.post(f"/settings/work-roles/{named.pk}/remove/", follow=True).content.decode()
    assert "Processes or flows name Workshop" in page
    desk.post(f"/settings/work-roles/{free.pk}/remove/")
    assert list(WorkRole.objects.filter(key__in=["workshop", "garden"])) == [named]
