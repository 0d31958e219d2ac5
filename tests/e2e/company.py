"""A believable morning at the desk, made by the product's own actions."""

from datetime import datetime, timedelta

from accounts.choices import Role
from accounts.models import Person
from mail.models import RawMail
from tests.factories.accounts import make_member, make_organisation, make_staff
from tests.factories.mail import make_raw, raw_bytes
from tests.factories.tickets import make_mailbox, make_ticket
from tickets.actions import assign, details, intake, note, reply, snooze, state
from tickets.models import ContactReason, Message, ReplyTemplate, ServiceLevel, ServiceTarget, Team, Ticket


class Company:
    """Example Robotics at nine in the morning."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.maya = make_staff(Role.AGENT, Role.ADMIN, name="Maya Olsen", email="maya@desk.example")
        self.priya = make_staff(Role.AGENT, name="Priya Raman", email="priya@desk.example")
        self.mailbox = make_mailbox(address="support@desk.example", name="Example Robotics")
        self._set_up()
        school = make_organisation(name="Lakeview School District", domain="lakeview.example", notes="Buys every June.")
        self.dana = make_member(organisation=school, name="Dana Whitfield", email="dana.whitfield@lakeview.example")
        self.declined = self._declined()
        self.others = [self._ticket(*row) for row in ROWS]
        self._snoozed()

    def _set_up(self) -> None:
        for name in ("Card declined", "Shipment held", "Invoice access", "Billing period", "Training", "Tax exempt"):
            ContactReason.objects.get_or_create(name=name, parent=None)
        ReplyTemplate.objects.get_or_create(
            name="W-8 is on your invoice",
            defaults={"body": "Hi {customer_first_name},\n\nthe signed W-8BEN-E is linked on every invoice.\n"},
        )
        ReplyTemplate.objects.get_or_create(
            name="Ask the bank to allow us",
            defaults={"body": "Hi {customer_first_name},\n\nplease ask your bank to allow payments to Canada.\n"},
        )
        for name in ("Billing", "Shipping"):
            Team.objects.get_or_create(name=name, defaults={"service_level": ServiceLevel.objects.first()})
        if not ServiceTarget.objects.exists():
            raise AssertionError("A fresh desk promises something.")

    def _declined(self) -> Ticket:
        hours = timedelta(hours=5)
        ticket = make_ticket(
            requester=self.dana,
            subject="Card keeps getting declined on INV-10482",
            text=(
                "Hi, we are trying to pay INV-10482 and our Visa has now been declined three times. The bank says "
                "nothing is wrong on their side. Our purchasing deadline is Friday.\n\nCan you see what is happening? "
                "Our auditors also asked for your W-8.\n\nDana Whitfield, Accounts Payable, Lakeview School District"
            ),
            now=self.now - hours,
            mailbox=self.mailbox,
        )
        message = ticket.messages.get()
        Message.objects.filter(pk=message.pk).update(
            quoted_text="On Mon, 23 Nov 2026 support@desk.example wrote:\n> Your invoice INV-10482 is due on Friday.",
            authentication={"verdict": "pass", "spf": "pass", "dkim": "pass", "dmarc": "pass"},
            html='<p>Hi, we are trying to pay <b>INV-10482</b>.</p><p><a href="https://bank.example/">Our bank</a></p>',
            remote_images=2,
        )
        assign.assign(ticket=ticket, to=self.maya, by=self.priya, now=self.now - hours + timedelta(minutes=4))
        note.add_note(
            ticket=ticket,
            by=self.priya,
            text=(
                f"Same pattern as #{ticket.pk}: US issuer, Canadian merchant, security code and ZIP both match. Their "
                "bank has to allow the charge, or they pay by bank transfer."
            ),
            now=self.now - timedelta(hours=4),
        )
        details.change(
            ticket=ticket, by=self.maya, now=self.now - timedelta(hours=3), tags=["card declined"], priority="high"
        )
        return ticket

    def _ticket(self, name: str, address: str, subject: str, text: str, minutes: int, tag: str, mine: bool) -> Ticket:
        person = make_member(organisation=make_organisation(name=f"{name}'s place"), name=name, email=address)
        then = self.now - timedelta(minutes=minutes)
        ticket = make_ticket(requester=person, subject=subject, text=text, now=then, mailbox=self.mailbox)
        if mine:
            assign.assign(ticket=ticket, to=self.maya, by=self.maya, now=then + timedelta(minutes=1))
        details.change(ticket=ticket, by=self.maya, now=self.now - timedelta(minutes=1), tags=[tag])
        return ticket

    def _snoozed(self) -> None:
        ticket = self._ticket(
            "Grace Muller", "grace@muller.example", "Re: tax exempt certificate expired?",
            "Uploaded the new one just now.", 200, "tax exempt", True,
        )  # fmt: skip
        snooze.snooze(ticket=ticket, until=self.now + timedelta(days=2), by=self.maya, now=self.now)

    def undelivered(self) -> Ticket:
        """A ticket whose reply came back."""
        ticket = self.others[1]
        message = reply.reply(
            ticket=ticket, by=self.priya, text="The PDF is attached.", last_seen=ticket.messages.get().pk, now=self.now
        )
        mails = message_mails(message)
        mails.update(
            state="failed", error_kind="permanent", last_error="550 5.1.1 The recipient's mailbox does not exist"
        )
        from tickets.actions.delivery import note_delivery  # noqa: PLC0415 - used by this story alone

        note_delivery(message_id=message.pk, now=self.now)
        return ticket

    def held(self) -> Ticket:
        """A ticket to which a stranger wrote."""
        ticket = self.others[0]
        stranger = make_member(
            organisation=make_organisation(name="Nobody we know"), name="Sam Stranger", email="sam@elsewhere.example"
        )
        message = intake.add_customer_message(
            ticket=ticket, person=stranger, text="Ship it to this address instead.", channel="mail", now=self.now
        )
        Message.objects.filter(pk=message.pk).update(
            is_held=True, held_reason="sam@elsewhere.example does not take part in this ticket."
        )
        return ticket

    def closed(self) -> Ticket:
        """A ticket that is done."""
        ticket = self.others[2]
        state.close_ticket(ticket=ticket, by=self.maya, now=self.now, reason=ContactReason.objects.first())
        return ticket

    def set_aside(self) -> RawMail:
        """A mail that nobody could read."""
        raw = make_raw(
            raw=raw_bytes(subject="Invoice <script>alert(1)</script>", text="<b>Open me</b>"), mailbox=self.mailbox
        )
        RawMail.objects.filter(pk=raw.pk).update(
            state="quarantined",
            reason_code="too_deep",
            reason="The mail has more than 20 parts inside each other.",
            from_line="sender@evil.example",
            subject_line="Invoice <script>alert(1)</script>",
        )
        raw.refresh_from_db()
        return raw


def message_mails(message: Message):
    """The outgoing mails of a reply."""
    from mail.models import OutgoingMail  # noqa: PLC0415 - used by stories alone

    return OutgoingMail.objects.filter(source_key=f"message:{message.pk}")


ROWS = [
    ("Tomás Rivera", "tomas@delta.example", 'Where is my order? It says "held"',
     "Our workshop starts Monday and SO-2208 has not moved since Thursday", 38, "shipment held", True),
    ("Brent Oakley", "brent@oakley.example", "Invoice link asks me to log in",
     "I only have a forwarded email from our maker space lead, can you send the PDF", 18, "invoice access", True),
    ("Helen Cho", "helen@cho.example", "Move us from monthly to yearly billing",
     "Finance wants one invoice a year. Twelve licences, starting in January please", 140, "billing period", True),
    ("Sofie Lindqvist", "sofie@lindqvist.example", "Training slot: can we bring a second person?",
     "The room holds four, so I hope yes.", 12, "training", False),
    ("Omar Haddad", "omar@haddad.example", "Charged twice for the starter kit",
     "I see two charges of $49 on my card.", 25, "card declined", False),
]  # fmt: skip


def staff_of(company: Company) -> list[Person]:
    """Everybody who works there."""
    return [company.maya, company.priya]
