"""What a desk also meets: words from a stranger, mail that came back, answers by machines, mail nobody should trust."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mail.actions.reply_address import make_bounce_address
from mail.models import OutgoingMail
from supportdesk.demo.conversations import Conversation
from supportdesk.demo.customers import Customer
from supportdesk.demo.letters import Letter
from supportdesk.demo.stories import Teller
from supportdesk.demo.trade import DOMAIN
from supportdesk.demo.world import Story, last_mail_to
from tickets.actions import follow_up, intake, reply, snooze, state
from tickets.choices import Channel
from tickets.models import Ticket

AWAY = (
    "Thank you for your message. I am out of the office until the end of the week with no access to e-mail.\n"
    "For urgent matters please call the front office."
)
DELIVERY_REPORT = """From: Mail Delivery Subsystem <mailer-daemon@{domain}>
To: {to}
Subject: Undelivered Mail Returned to Sender
Date: {date}
Message-ID: <report.{number}@{domain}>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="report"

--report
Content-Type: text/plain; charset=us-ascii

Your message could not be delivered: the mailbox is full.

--report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.{domain}

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 Mailbox full

--report
Content-Type: text/rfc822-headers

Message-ID: {message_id}
Subject: {subject}

--report--
"""
TWO_SENDERS = """From: "Pinecone Billing" <billing@{domain}>, collections@invoices-due.example
To: billing@{domain}
Subject: Overdue: pay within 24 hours
Date: {date}
Message-ID: <two-senders@invoices-due.example>

Our records show an unpaid balance of $4,812.00. Use the new bank details below.
"""
CLAIMS_TO_BE_STAFF = """From: Tom Okonkwo <tom@{domain}>
To: {to}
Subject: Re: {subject}
Date: {date}
Message-ID: <urgent.request@free-mail.example>
In-Reply-To: {message_id}

Please tell the school to pay to our new account. I will send the details in a minute. Tom
"""


class Oddities:
    """Stories that do not go as they should."""

    def __init__(self, teller: Teller) -> None:
        self.teller, self.world = teller, teller.world

    def put_on_hold(self, conversation: Conversation, at: datetime, days: float) -> Story:
        """It waits for somebody else, until a date after today."""
        until = self.world.now + timedelta(days=days)
        hold = state.put_on_hold
        return self.teller.story(
            conversation, at, end=lambda ticket, by, now: hold(ticket=ticket, by=by, until=until, now=now)
        )

    def snoozed(self, conversation: Conversation, at: datetime, days: float) -> Story:
        """Put away until a date after today, while the customer finds something out."""
        until = self.world.now + timedelta(days=days)

        def put_away(ticket: Ticket, by, now: datetime) -> None:
            state.set_waiting(ticket=ticket, by=by, now=now)
            snooze.snooze(ticket=ticket, by=by, until=min(until, now + snooze.LONGEST), now=now)

        return self.teller.story(conversation, at, end=put_away)

    def followed_up(self, conversation: Conversation, at: datetime, days: float) -> Story:
        """Somebody wants to see it again at a date after today."""
        when = self.world.now + timedelta(days=days)
        follow = follow_up.set_follow_up
        return self.teller.story(
            conversation, at, end=lambda ticket, by, now: follow(ticket=ticket, by=by, at=when, now=now)
        )

    def mistyped_address(self, conversation: Conversation, customer: Customer, person, at: datetime) -> Story:
        """Asked on the web with an address that does not exist; our reply comes back."""
        yield at
        ticket = intake.open_ticket(
            requester=person, subject=f"Question from {customer.place.name}", text=conversation.turns[0].text,
            channel=Channel.WEB, by=None, now=at, mailbox=self.teller.company.mailboxes["Support"],
        )  # fmt: skip
        at = self.world.office_time(at, 35)
        yield at
        self._reply(ticket, "Thank you for asking. Yes, that works with every kit since 2021.", at)

    def full_mailbox(self, conversation: Conversation, customer: Customer, at: datetime) -> Story:
        """Our reply is taken, and a report says later that it was not delivered."""

        def comes_back(ticket: Ticket, by, now: datetime) -> None:
            ours = last_mail_to(customer.person.email, ticket.subject_key)
            if ours is not None and ours.mailbox is not None:
                self._report(ours, now)

        return self.teller.story(conversation, at, end=comes_back, customer=customer)

    def away(self, conversation: Conversation, customer: Customer, at: datetime) -> Story:
        """A machine answers our reply; nothing reopens."""

        def answers(ticket: Ticket, by, now: datetime) -> None:
            ours = last_mail_to(customer.person.email, ticket.subject_key)
            if ours is not None and ours.mailbox is not None:
                letter = Letter(
                    sender=customer.person.email, name=customer.person.name, to=ours.reply_to_address,
                    subject=f"Automatic reply: {ours.subject}", text=AWAY, at=now, answers=ours,
                    headers={"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"},
                )  # fmt: skip
                self.world.receive(letter, mailbox=ours.mailbox, envelope_to=ours.reply_to_address)

        return self.teller.story(conversation, at, end=answers, customer=customer)

    def stranger(self, conversation: Conversation, customer: Customer, at: datetime) -> Story:
        """A colleague answers from a private address that takes no part: the words are held."""

        def writes(ticket: Ticket, by, now: datetime) -> None:
            ours = last_mail_to(customer.person.email, ticket.subject_key)
            if ours is not None and ours.mailbox is not None:
                letter = Letter(
                    sender=f"{customer.person.first_name.lower()}.at.home@webmail.example", name=customer.person.name,
                    to=ours.reply_to_address, subject=ours.subject, at=now, program="gmail", answers=ours,
                    text="Writing from home, my school account is locked. Could you send the label here instead?",
                )  # fmt: skip
                self.world.receive(letter, mailbox=ours.mailbox, envelope_to=ours.reply_to_address)

        return self.teller.story(conversation, at, end=writes, customer=customer)

    def suspicious(self, at: datetime) -> Iterator[datetime]:
        """Mail that is set aside for a person to look at."""
        yield at
        values = {"domain": DOMAIN, "date": f"{at:%a, %d %b %Y %H:%M:%S +0000}"}
        billing = self.teller.company.mailboxes["Billing"]
        self._raw(TWO_SENDERS.format(**values), billing, at)
        at += timedelta(hours=5)
        yield at
        replies = OutgoingMail.objects.filter(kind="reply", state="sent").exclude(reply_to_address="")
        ours = replies.latest("pk")
        values |= {"to": ours.reply_to_address, "subject": ours.subject, "message_id": ours.message_id}
        self._raw(CLAIMS_TO_BE_STAFF.format(**values), ours.mailbox, at)

    def _report(self, ours: OutgoingMail, now: datetime) -> None:
        to = make_bounce_address(mail=ours)
        text = DELIVERY_REPORT.format(
            domain=ours.to_address.partition("@")[2], to=to, date=f"{now:%a, %d %b %Y %H:%M:%S +0000}", number=ours.pk,
            recipient=ours.to_address, message_id=ours.message_id, subject=ours.subject,
        )  # fmt: skip
        self._raw(text, ours.mailbox, now, envelope_to=to)

    def _raw(self, text: str, mailbox, at: datetime, envelope_to: str = "") -> None:
        raw = text.replace("\n", "\r\n").encode()
        self.world.receive_raw(raw, mailbox=mailbox, at=at, envelope_to=envelope_to)

    def _reply(self, ticket: Ticket, text: str, at: datetime) -> None:
        ticket.refresh_from_db()
        agent = self.teller.company.members["Support"][0]
        reply.reply(ticket=ticket, by=agent, text=text, last_seen=ticket.last_message_id, now=at)
