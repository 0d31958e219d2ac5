"""A4: pages of flows name no article of a space that their reader does not read."""

from accounts.choices import Role
from knowledgebase.choices import ArticleKind, Visibility
from tests.factories.accounts import make_staff, sign_in
from tests.factories.knowledgebase import make_article, make_space
from tests.factories.tickets import make_ticket
from tests.tickets.flows.conftest import at
from tickets.actions.flows import by_hand, writing
from tickets.models import Flow, FlowVersion, Stage, StageReminder


def test_a4_a_flow_and_its_cases_name_what_their_reader_reads(staffed, customer, lead, client):
    space = make_space(Visibility.ROLE, roles=[Role.LEAD])
    page = make_article(space, "How leads decide")
    mail = make_article(space, "Mail of leads", "Hello", kind=ArticleKind.TEMPLATE)
    flow = Flow.objects.get(key="proposal")
    draft = writing.begin_draft(flow=flow, by=make_staff(Role.ADMIN), now=at(4, 9))
    FlowVersion.objects.filter(pk=draft.pk).update(after_template=mail)
    Stage.objects.filter(version=draft).update(how=page)
    StageReminder.objects.filter(stage__version=draft, sort="mail").update(template=mail)
    writing.publish(flow=flow, by=make_staff(Role.ADMIN), now=at(4, 9))
    flow.refresh_from_db()
    ticket = make_ticket(requester=customer, now=at(4, 9))
    case = by_hand.begin_by_hand(flow=flow, ticket=ticket, by=staffed["front-desk"], now=at(4, 10))
    addresses = [f"/settings/flows/{flow.pk}/", f"/flows/cases/{case.pk}/"]

    def named(person) -> list[bool]:
        sign_in(client, person)
        pages = [client.get(address) for address in addresses]
        assert [one.status_code for one in pages] == [200, 200]
        return [title in one.text for one in pages for title in ("How leads decide", "Mail of leads")]

    assert named(lead) == [True, True, True, False]
    assert named(staffed["front-desk"]) == [False] * 4
