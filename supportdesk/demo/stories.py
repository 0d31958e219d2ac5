"""What happens to a ticket, as generators: each yields when it goes on, and acts when it is resumed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from mail.files import store_file
from supportdesk.demo.company import Company
from supportdesk.demo.conversations import Conversation, fill, without_greeting
from supportdesk.demo.customers import Customer
from supportdesk.demo.files import log, pdf, photo
from supportdesk.demo.letters import File, Letter
from supportdesk.demo.trade import COMPANY, DOMAIN, slots_for
from supportdesk.demo.world import Story, World, last_mail_to
from tickets.actions import assign, details, intake, note, reply, state
from tickets.actions.attach import Upload
from tickets.choices import Category, Channel
from tickets.models import Ticket

SLOW = 0.05
FORGETS_REASON = 0.07
WRITES_AGAIN = 0.06


class Teller:
    """Makes stories of conversations. `end` of a story says what its agent does instead of closing."""

    def __init__(self, world: World, company: Company, customers: Sequence[Customer]) -> None:
        self.world, self.company, self.customers = world, company, customers
        self.random = world.random

    def story(self, conversation: Conversation, at: datetime, *, end=None, customer: Customer | None = None) -> Story:
        """The whole life of one ticket, from `at` on. `end(ticket, agent, at)` may replace the close."""
        customer = customer or self._writer(conversation)
        slots = slots_for(customer.place, customer.person.name.split()[0], self.random)
        say = partial(fill, slots=slots, random=self.random)
        yield at
        first, *rest = conversation.turns
        ticket = self._open(conversation, say(conversation.subject), say(first.text), customer, at)
        agent = self.random.choice(self.company.members[conversation.team])
        at = yield from self._triage(ticket, conversation, [say(tag) for tag in conversation.tags], agent, at)
        for place, turn in enumerate(rest):
            text = say(turn.text)
            if turn.speaker == "customer":
                at = self.world.school_time(at, self._some(260) + 8, customer.place.zone)
                yield at
                self.customer_writes(ticket, customer, text, at)
                continue
            at = self.world.office_time(at, self._pause())
            yield at
            if turn.speaker == "note":
                note.add_note(ticket=ticket, by=agent, text=text, now=at)
            else:
                is_last = place == len(rest) - 1
                self._answer(ticket, conversation, agent, text, is_last and end is None, at)
        yield from self._finish(ticket, conversation, customer, agent, at, end)

    def _triage(self, ticket: Ticket, conversation: Conversation, tags: list[str], agent, at: datetime):
        """Somebody looks, sorts, and takes it or hands it over."""
        at = self.world.office_time(at, self._some(25) + 3)
        yield at
        by = self.random.choice([agent, *self.company.members[conversation.team]])
        details.change(
            ticket=ticket, by=by, now=at, tags=tags, priority=conversation.priority, type=conversation.type,
            team=self.company.teams[conversation.team],
        )  # fmt: skip
        if self.random.random() < 0.55:
            assign.assign(ticket=ticket, to=agent, by=by, now=at)
        return at

    def _finish(self, ticket: Ticket, conversation: Conversation, customer: Customer, agent, at: datetime, end):
        at = self.world.office_time(at, self._some(300) + 20)
        yield at
        if end is not None:
            end(ticket, agent, at)
            return
        self.close(ticket, conversation, agent, at)
        if self.random.random() < WRITES_AGAIN:
            at = self.world.school_time(at, self._some(900) + 60, customer.place.zone)
            yield at
            self.customer_writes(ticket, customer, "One more thing: can you send this to our office as well?", at)
            at = self.world.office_time(at, self._pause())
            yield at
            self._answer(ticket, conversation, agent, "Of course, they have it too now.", True, at)
            self.close(ticket, conversation, agent, at + timedelta(minutes=1))

    def close(self, ticket: Ticket, conversation: Conversation, agent, at: datetime) -> None:
        """Close what is not closed, mostly with its reason."""
        ticket.refresh_from_db()
        if ticket.category != Category.CLOSED:
            state.close_ticket(ticket=ticket, by=agent, reason=self._reason(conversation), now=at, unanswered=True)

    def customer_writes(self, ticket: Ticket, customer: Customer, text: str, at: datetime) -> None:
        """By answering our last mail where there is one, else on the web."""
        ours = last_mail_to(customer.person.email, ticket.subject_key)
        if ours is None or ours.mailbox is None or self.random.random() < 0.1:
            intake.add_customer_message(
                ticket=ticket, person=customer.person, text=text, channel=Channel.WEB, now=at,
                attachments=[self.upload(each, at) for each in self._files(text)],
            )  # fmt: skip
            return
        letter = Letter(
            sender=customer.person.email, name=customer.person.name, to=ours.reply_to_address,
            subject=ours.subject, text=text, at=at, program=customer.program, answers=ours,
            signature=customer.signature if self.random.random() < 0.5 else "", files=self._files(text),
        )  # fmt: skip
        self.world.receive(letter, mailbox=ours.mailbox, envelope_to=ours.reply_to_address)

    def upload(self, file: File, at: datetime) -> Upload:
        """A file as a browser would have sent it."""
        stored = store_file(content=file.content, content_type=file.content_type, now=at)
        return Upload(file=stored, name=file.name, content_type=file.content_type, size=stored.size)

    def _open(self, conversation: Conversation, subject: str, text: str, customer: Customer, at: datetime) -> Ticket:
        mailbox = self.company.mailboxes[conversation.team]
        drawn = self.random.random()
        if drawn < 0.28:
            return intake.open_ticket(
                requester=customer.person, subject=subject, text=text, channel=Channel.WEB, by=None, now=at,
                mailbox=mailbox, organisation=customer.organisation, type=conversation.type,
                attachments=[self.upload(each, at) for each in self._files(text)],
            )  # fmt: skip
        if drawn < 0.36:
            agent = self.random.choice(self.company.members[conversation.team])
            return intake.open_ticket(
                requester=customer.person, subject=subject, text=text, channel=Channel.AGENT, by=agent, now=at,
                mailbox=mailbox, organisation=customer.organisation, type=conversation.type,
            )  # fmt: skip
        letter = Letter(
            sender=customer.person.email, name=customer.person.name, to=self._address(mailbox), subject=subject,
            text=text, at=at, program=customer.program, signature=customer.signature, files=self._files(text),
        )  # fmt: skip
        outcome = self.world.receive(letter, mailbox=mailbox, envelope_to=letter.to)
        return Ticket.objects.get(messages=outcome.message)

    def _answer(self, ticket: Ticket, conversation: Conversation, agent, text: str, may_close: bool, at: datetime):
        ticket.refresh_from_db()
        closes = may_close and self.random.random() < 0.3
        files = [self.upload(each, at) for each in self._our_files(text)]
        reply.reply(
            ticket=ticket, by=agent, text=f"Hello {ticket.requester.first_name},\n\n{without_greeting(text)}",
            last_seen=ticket.last_message_id, attachments=files, now=at, then="closed" if closes else "waiting",
            reason=self._reason(conversation) if closes else None,
        )  # fmt: skip

    def _writer(self, conversation: Conversation) -> Customer:
        office = conversation.team == "Billing"
        fitting = [each for each in self.customers if each.place.is_office == office]
        return self.random.choice(fitting)

    def _address(self, mailbox) -> str:
        aliases = [alias.address for alias in mailbox.aliases.order_by("pk")]
        return self.random.choice([mailbox.address, mailbox.address, *aliases])

    def _reason(self, conversation: Conversation):
        forgets = self.random.random() < FORGETS_REASON
        return None if forgets else self.company.reasons[conversation.reason]

    def _files(self, text: str) -> tuple[File, ...]:
        """What the words say is attached."""
        lower = text.lower()
        if "po " in lower and "attached" in lower:
            return (File("Purchase order.pdf", "application/pdf", pdf("PURCHASE ORDER", "Vendor: " + COMPANY)),)
        if "log from" in lower:
            return (File("robot.log", "text/plain", log(self.random)),)
        if any(word in lower for word in ("photo", "picture", "drawing attached")):
            names = [f"IMG_{self.random.randint(1000, 9999)}.png" for _ in range(self.random.randint(1, 3))]
            return tuple(File(name, "image/png", photo(self.random)) for name in names)
        if "attached" in lower:
            return (File("Scan.pdf", "application/pdf", pdf("Scanned at the school office")),)
        return ()

    def _our_files(self, text: str) -> tuple[File, ...]:
        if "attached" not in text.lower() or "w-9" in text.lower():
            return ()
        return (File(f"{COMPANY}.pdf", "application/pdf", pdf(COMPANY, DOMAIN, "", *text.split(". ")[:6])),)

    def _pause(self) -> float:
        """Open minutes until an agent answers: mostly in time, now and then not."""
        return self._some(700) + 400 if self.random.random() < SLOW else self._some(45) + 6

    def _some(self, mean: float) -> float:
        return self.random.expovariate(1 / mean)
