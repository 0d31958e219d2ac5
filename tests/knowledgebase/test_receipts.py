"""Who has read which process."""

import pytest

from accounts.models import WorkRole, WorkRoleMember
from knowledgebase.actions.receipts import confirm
from knowledgebase.choices import Significance, Visibility
from knowledgebase.models import Article, Receipt
from knowledgebase.queries_receipts import readings, unread_by
from knowledgebase.refusals import Refused
from tests.factories.accounts import make_staff
from tests.factories.knowledgebase import NINE, add_text, make_article, make_process, make_space

STEPS = "## Steps\n### Mend it\nWHO: bench\n"


@pytest.fixture
def bench(db):
    role = WorkRole.objects.create(key="bench", name="Bench")
    for name in ("Ann", "Bob"):
        WorkRoleMember.objects.create(role=role, person=make_staff("agent", name=name))
    return role


def names(article, of="missing"):
    return [one.shown_name for one in getattr(readings(make_staff("lead"), article=article)[0], of)]


def test_R93_whose_role_a_process_names_confirms_each_version_that_says_something_new(bench, client):
    process = make_process(title="Mend", markdown=STEPS)
    ann = bench.members.get(person__name="Ann").person
    assert names(process) == ["Ann", "Bob"]
    assert unread_by(ann) == [process]
    client.force_login(ann)
    assert "Read it whole, then confirm version 1" in client.get(f"/wiki/{process.slug}/").content.decode()
    for _ in range(2):
        assert client.post(f"/wiki/{process.slug}/read/", {"no": "1"}).status_code == 302
    assert Receipt.objects.count() == 1
    assert names(process) == ["Bob"]
    assert "You read this version" in client.get(f"/wiki/{process.slug}/").content.decode()

    typo = add_text(process, STEPS.replace("Mend it", "Mend  it well"))
    assert names(typo) == ["Ann", "Bob"]
    type(typo.published).objects.filter(pk=typo.published_id).update(significance=Significance.TYPO)
    assert names(typo) == ["Bob"]
    client.post(f"/wiki/{process.slug}/read/", {"no": "1"})
    with pytest.raises(Refused, match="Version 2 was published"):
        confirm(article=process, no=1, by=ann, now=NINE)
    assert Receipt.objects.count() == 1
    for bad in ("", "x", "9" * 30, "-1", "\0"):
        assert client.post(f"/wiki/{process.slug}/read/", {"no": bad}).status_code == 302
    assert Receipt.objects.count() == 1


def test_A4_the_report_names_only_processes_that_its_reader_reads(bench, client, agent, lead, observer):
    secret = make_process(make_space(Visibility.ROLE), "Fire Bob", STEPS)
    page = make_article()
    client.force_login(agent)
    assert "Fire" not in client.get("/wiki/receipts/").content.decode()
    assert client.post(f"/wiki/{secret.slug}/read/", {"no": "1"}).status_code == 404
    assert names(secret, "must") == [], "who may not read it need not"
    assert (
        "Only published processes" in client.post(f"/wiki/{page.slug}/read/", {"no": 1}, follow=True).content.decode()
    )
    client.force_login(lead)
    assert "Fire Bob" in client.get("/wiki/receipts/").content.decode()
    client.force_login(observer)
    assert client.post(f"/wiki/{page.slug}/read/", {"no": 1}).status_code == 403
    assert Article.objects.filter(pk=page.pk).exists()


def test_where_no_step_names_a_role_everybody_who_does_steps_reads_it(agent, editor, django_assert_max_num_queries):
    process = make_process(title="Greet", markdown="## Steps\n### Say hello\n")
    assert agent.shown_name in names(process)
    assert editor.shown_name not in names(process)
    for number in range(5):
        make_process(title=f"Greet {number}", markdown=STEPS.replace("WHO: bench\n", ""))
    with django_assert_max_num_queries(7):
        assert len(readings(agent)) == 6  # and the roles of its reader
