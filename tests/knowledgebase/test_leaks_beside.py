"""A4: pages, reports, mails and the journal that name pages of the wiki say nothing of those that their reader does not
read; nor does an answer that something is not there, or what a browser keeps.

Every word that is not for all is "canary" with something before it.
"""

from datetime import timedelta

import pytest

from accounts.actions.roles import revoke_role
from accounts.choices import Role
from accounts.models import JournalEntry
from insights.actions import goals, problems
from insights.models import CustomerDay, CustomerDayRules, InvoiceAction, InvoiceMonth, Problem
from knowledgebase.actions import filing, flagging, link_checking, overseeing, publishing, shelves, shelving, writing
from knowledgebase.choices import ArticleKind, Visibility
from knowledgebase.models import Article, CampaignRules
from mail.models import OutgoingMail
from selfservice.models import ReviewRules
from selfservice.review_pages import policy_page
from tests.factories.accounts import make_staff, sign_in
from tests.factories.knowledgebase import NINE, add_text, make_article, make_process, make_space
from tests.factories.tickets import make_ticket
from tickets.actions.processes import start_run
from tickets.models import ContactReason

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
VARY = {"Content-Length", "Expires"}


@pytest.fixture
def kept(db):
    """A page that leads alone read."""
    space = make_space(Visibility.ROLE, key="canaryspace", name="Canary space", roles=[Role.LEAD])
    return make_article(space, "Titlecanary", "Bodycanary walnut", slug="slugcanary", verified_at=NINE)


def test_a4_what_other_pages_name_stays_unnamed_to_whoever_does_not_read_it(kept, agent, lead, admin, client):
    """Goals, problems, Customer Day, invoice months, the review's policy: the same page without its name."""
    goals.write(text="", article=kept, asks_again=False, targets={}, by=admin, now=NINE)
    reason = ContactReason.objects.create(name="Ring")
    problem = problems.open_problem(driver=reason, title="It rings", by=admin, now=NINE)
    Problem.objects.filter(pk=problem.pk).update(workaround=kept)
    ticket = make_ticket(subject="Ring")
    problems.link(problem=problem, ticket=ticket, by=admin, now=NINE)
    CustomerDayRules.objects.update_or_create(pk=1, defaults={"is_enabled": True, "article": kept})
    day = CustomerDay.objects.create(person=agent, quarter=NINE.date().replace(month=10, day=1), invited_at=NINE)
    month = InvoiceMonth.objects.create(month=NINE.date().replace(day=1), owner=admin, opened_at=NINE, counted_at=NINE)
    InvoiceAction.objects.create(
        month=month, kind="article", words="Said so", owner=admin, article=kept, made_by=admin, made_at=NINE
    )
    addresses = [
        "/insights/goals/", "/insights/problems/", f"/insights/problems/{problem.pk}/",
        f"/reports/tickets/{ticket.pk}/problem/", f"/insights/customer-day/{day.pk}/",
        f"/insights/invoice-questions/{month.month:%Y-%m}/",
    ]  # fmt: skip

    def telling(person) -> list[str]:
        sign_in(client, person)
        pages = {address: client.get(address) for address in addresses}
        assert {page.status_code for page in pages.values()} <= {200, 403, 404}
        return [address for address, page in pages.items() if "canary" in page.text.lower()]

    assert telling(agent) == telling(make_staff(Role.OBSERVER)) == []
    assert set(telling(lead)) >= {addresses[0], addresses[2], addresses[3]}
    ReviewRules.objects.update_or_create(pk=1, defaults={"refund_policy": kept})
    rules = ReviewRules.objects.select_related("refund_policy__space", "tax_policy", "credit_policy").get()
    assert [policy_page("refund", rules, who) for who in (agent, lead)] == ["", "slugcanary"]


def test_a4_the_journal_and_the_gap_report_tell_nothing_of_a_space_of_roles(kept, agent, lead, admin, client):
    """Leads and observers read the whole journal: of such a page it holds numbers alone, whatever is done to it."""
    page = make_article(kept.space, "Othercanary", slug="othercanary")
    shelving.rename(article=page, slug="newcanary", by=admin, now=NINE)
    shelving.tag(article=page, tags=["tagcanary"], by=admin, now=NINE)
    shelving.move(article=page, space=kept.space, parent=kept, by=admin, now=NINE)
    flagging.flag(article=page, words="Wrongcanary", by=admin, now=NINE)
    filing.add_file(article=page, content=b"plain", name="filecanary.txt", by=admin, now=NINE)
    shelving.move(article=page, space=make_space(Visibility.ROLE, roles=[Role.LEAD]), by=admin, now=NINE)
    shelving.archive(article=kept, by=admin, now=NINE)
    shelves.archive_space(space=kept.space, by=admin, now=NINE)
    shelves.unarchive_space(space=kept.space, by=admin, now=NINE)
    shelving.unarchive(article=kept, by=admin, now=NINE)
    assert JournalEntry.objects.filter(subject=f"knowledgebase.article:{page.pk}").count() > 6
    sign_in(client, make_staff(Role.OBSERVER))
    assert "canary" not in client.get("/settings/journal/").text.lower()
    sign_in(client, lead)
    assert "Bodycanary" in client.get("/wiki/search/?q=bodycanary").text
    assert "bodycanary" in client.get("/wiki/gaps/").text, "who reads the space sees what was not opened"
    sign_in(client, agent)
    assert "canary" not in client.get("/wiki/gaps/").text


def test_a4_mails_to_somebody_who_left_the_role_hold_no_word_of_its_pages(admin):
    """Broken links, what is wrong, what was not accepted, what nobody read: the same for owner, author and manager."""
    space = make_space(Visibility.ROLE, roles=[Role.LEAD], needs_approval=True)
    owner, manager = make_staff(Role.EDITOR, Role.LEAD), make_staff(Role.AGENT)
    page = make_article(
        space, "Titlecanary", "[[gone-page|Linkcanary]]\n\n## Steps\n### Do it\n", author=owner, slug="slugcanary",
        kind=ArticleKind.PROCESS, approver=admin,
    )  # fmt: skip
    waits = writing.save(
        article=page, title="Suggestcanary", markdown="Else\n\n## Steps\n### Do it\n", base_no=1, by=owner, now=NINE
    )
    CampaignRules.objects.update_or_create(
        pk=1, defaults={"is_enabled": True, "reviewer": admin, "manager": manager, "staff_kinds": ["process"]}
    )
    revoke_role(person=owner, role=Role.LEAD, by=admin, now=NINE)
    OutgoingMail.objects.all().delete()
    publishing.reject(waits, answer="Nocanary", by=admin, now=NINE)
    flagging.flag(article=page, words="Wrongcanary", by=admin, now=NINE)
    link_checking.tell_owners(now=NINE)
    assert overseeing.tell_of_gaps(CampaignRules.objects.get(), now=NINE + 40 * DAY) == 1
    overseeing.tell_owners(now=NINE + 40 * DAY)
    mails = [f"{mail.to_address} {mail.subject} {mail.text}" for mail in OutgoingMail.objects.all()]
    assert [mail for mail in mails if "canary" in mail.lower()] == []
    assert any("1 more in a space that you do not read" in mail for mail in mails), mails


def test_a4_what_is_not_for_a_reader_looks_like_what_is_not_there(client, customer, agent):
    """The same 404 for a staff page, a draft, an archived page and none; customers' pages are kept by nobody else."""
    staff = make_article(make_space(), "Refund override", "Staffcanary", slug="refund-override")
    public = make_space(Visibility.PUBLIC)
    make_article(public, "Draft", "Draftcanary", slug="draft-override", published=False)
    away = make_article(public, "Away", "Awaycanary", slug="away-override")
    shelving.archive(article=away, by=make_staff(Role.ADMIN), now=NINE)
    file = filing.add_file(article=staff, content=b"plain", name="canary.txt", by=staff.owner, now=NINE)
    shelving.rename(article=staff, slug="second-override", by=staff.owner, now=NINE)
    slugs = ["refund-override", "second-override", "draft-override", "away-override", "never-override"]
    for person in (None, customer):
        if person:
            sign_in(client, person)
        for door in ("/articles/{}/", "/a/{}/", "/articles/{}/vote/", "/wiki/{}/", "/wiki/{}/edit/"):
            answers = [client.get(door.format(slug)) for slug in slugs]
            assert len({(one.status_code, *_plain(one, slug)) for one, slug in zip(answers, slugs, strict=True)}) == 1
            assert answers[0].status_code in ({404} if person or "/wiki/" not in door else {302})
        assert client.get(f"/a/files/{file.pk}/").content == client.get("/a/files/999999/").content
    own = make_article(make_space(Visibility.CUSTOMERS), "For you", "Customercanary", slug="for-you")
    page = client.get(f"/articles/{own.slug}/")
    assert "Customercanary" in page.text and {"private", "no-store"} & set(page["Cache-Control"].split(", "))
    assert "Cookie" in page["Vary"]
    client.logout()
    assert client.get(f"/articles/{own.slug}/", headers={"If-None-Match": page["ETag"]}).status_code == 404


def _plain(answer, slug: str) -> tuple[str, ...]:
    """What the answer says, but for what was asked."""
    told = [answer.text, *(f"{name}: {value}" for name, value in sorted(answer.items()) if name not in VARY)]
    return tuple(line.replace(slug, "") for line in told if not line.startswith(("Content-Security", "X-Request")))


def test_a4_a_customer_follows_a_process_by_the_words_that_are_for_them(client, customer, agent):
    """The tracker says what CUSTOMER SEES says, and nothing of the page, its steps, who does them and how."""
    text = (
        "Howcanary\n\n## Steps\n### Stepcanary\nDocanary\nSAY: Saycanary\nWHEN: within 4 hours of the start\n"
        "CUSTOMER SEES: We look at it\n\n### Secondcanary\nPROOF: a sentence - Proofcanary\n"
    )
    process = make_process(title="Titlecanary", markdown=text, slug="slugcanary")
    ticket = make_ticket(requester=customer)
    start_run(ticket=ticket, article=process, by=agent, now=NINE)
    sign_in(client, customer)
    page = client.get(f"/tickets/{ticket.pk}/")
    assert "We look at it" in page.text
    for address in (f"/tickets/{ticket.pk}/", "/tickets/", "/palette/?q=canary", "/account/"):
        assert "canary" not in client.get(address).text.lower().replace("palette/?q=canary", ""), address
    add_text(Article.objects.get(pk=process.pk), text.replace("We look", "Somebody looks"), title="Newcanary")
    assert "canary" not in client.get(f"/tickets/{ticket.pk}/").text.lower()
