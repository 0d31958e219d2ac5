"""What does not come by mail: a text message that waits for its answer, one that was answered, a call, a form."""

from datetime import datetime, timedelta

from accounts.models import Person
from supportdesk.demo.trade import DOMAIN
from tickets.actions import calls, passing, reply
from tickets.actions.setup import contact_forms
from tickets.choices import FormLanguage, Priority
from tickets.models import Ticket

SCHOOL, PARENT = "+14035550147", "+14035550162"


def keep_channels(*, admin: Person, now: datetime) -> None:
    """Two texts, a call on the second one's ticket, and a contact form for a school's own site."""
    agent = Person.objects.get(email=f"priya@{DOMAIN}")
    _text("demo-1", PARENT, "Hi, is the Saturday robot club training still on? Maria", now - timedelta(hours=2))
    ticket = _text(
        "demo-2", SCHOOL, "Our second motor controller hums and gets hot. Serial A-1741.", now - timedelta(hours=5)
    )
    reply.reply(
        ticket=ticket, by=agent, text="Please unplug it and do not use it again. May we ring you?",
        last_seen=ticket.last_message_id, now=now - timedelta(hours=4), then="stay",
    )  # fmt: skip
    [row] = passing.claim(channel="sms", most=1, now=now - timedelta(hours=3))
    passing.report(passed=row, lease=row.lease, state="sent", provider_id="SM-demo", now=now - timedelta(hours=3))
    said = calls.Told(
        direction="outgoing", outcome="spoke", began_at=now - timedelta(hours=3), minutes=9, number=SCHOOL,
        text="It is the batch from March. They send it back, we ship a new one today.",
    )  # fmt: skip
    calls.log_call(said=said, ticket=ticket, by=agent, then="waiting", now=now - timedelta(hours=2, minutes=50))
    contact_forms.create_form(
        slug="schools", name="School sites", heading="Ask us about your robots",
        intro="We answer on working days, mostly within a few hours.", thanks="", language=FormLanguage.ENGLISH,
        topics=[contact_forms.Topic("Delivery"), contact_forms.Topic("Repairs"), contact_forms.Topic("Licences")],
        topic_label="", takes_files=True, origins=["https://www.school.example"], team=None, reason=None,
        priority=Priority.NORMAL, is_active=True, by=admin, now=now,
    )  # fmt: skip


def _text(provider_id: str, number: str, words: str, at: datetime) -> Ticket:
    passed, _ = passing.take_in(
        channel="sms", provider_id=provider_id, sender=passing.Sender(number), text=words, now=at
    )
    return passed.message.ticket
