"""From a stored mail to what it is: ticket, reply, held words, bounce, machine's answer, quarantine."""

from datetime import timedelta

import pytest

from accounts.models import Person
from mail.choices import MailState, RawState
from mail.models import AddressHealth, OutgoingMail, RawMail
from tests.factories.accounts import make_staff
from tests.factories.mails import arrive, make_mail
from tests.factories.tickets import WEDNESDAY, make_mailbox, make_ticket
from tickets.actions import held, participants, reply, state
from tickets.actions.take_in import take_in
from tickets.choices import Category
from tickets.models import Message, Note, Participant, Team, Ticket
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db(transaction=True)

PASSED = (("Authentication-Results", "mx.desk.example; dmarc=pass header.from=desk.example; spf=pass; dkim=pass"),)
FAILED = (("Authentication-Results", "mx.desk.example; dmarc=fail header.from=robotics.example; spf=fail"),)
LATER = WEDNESDAY + timedelta(hours=1)


@pytest.fixture
def mailbox():
    return make_mailbox(trusted_authserv_ids=["mx.desk.example"])


@pytest.fixture
def answered(mailbox, customer, agent):
    """A ticket with one reply that was sent; and the mail that the customer holds in hand."""
    ticket = make_ticket(requester=customer, now=WEDNESDAY)
    message = reply.reply(ticket=ticket, by=agent, text="Thirty.", last_seen=ticket.last_message_id, now=WEDNESDAY)
    OutgoingMail.objects.filter(source_key=f"message:{message.pk}").update(state=MailState.SENT, sent_at=WEDNESDAY)
    ticket.refresh_from_db()
    return ticket, OutgoingMail.objects.get(source_key=f"message:{message.pk}")


def outcome_of(raw: bytes, mailbox, **more):
    return arrive(raw, mailbox=mailbox, now=LATER, **more)


def words(ticket) -> list[str]:
    return list(ticket.messages.filter(is_held=False).order_by("pk").values_list("text", flat=True))


def test_a_mail_becomes_a_ticket_with_clocks_and_one_acknowledgement(mailbox):
    outcome = outcome_of(make_mail(), mailbox)

    ticket = Ticket.objects.get(pk=outcome.ticket)
    assert outcome.outcome == "ticket"
    assert (ticket.subject, ticket.requester.email) == ("Which licence do I need?", "cara@robotics.example")
    assert words(ticket) == ["We have thirty pupils."]
    assert ticket.next_action_at is not None
    assert OutgoingMail.objects.get().kind == "acknowledgement"


def test_S12_the_acknowledgement_holds_nothing_of_what_was_written(mailbox):
    outcome_of(
        make_mail(subject="Buy CHEAP pills", text="http://evil.example", sender="Pills! <cara@robotics.example>"),
        mailbox,
    )

    mail = OutgoingMail.objects.get()
    for secret in ("pills", "evil.example"):
        assert secret not in f"{mail.subject} {mail.text} {mail.html} {mail.to_name}".lower()


def test_taking_in_twice_has_one_effect(mailbox):
    raw = make_mail()
    first = outcome_of(raw, mailbox)

    again = take_in(raw_id=RawMail.objects.get().pk, now=LATER)

    assert (again.outcome, again.ticket, again.message) == ("ticket", first.ticket, first.message)
    assert (Ticket.objects.count(), Message.objects.count(), OutgoingMail.objects.count()) == (1, 1, 1)


def test_an_answer_to_the_signed_address_lands_on_its_ticket(mailbox, answered):
    """Complaint 19: the right thread, whatever the subject says."""
    ticket, sent = answered

    outcome = outcome_of(make_mail(to=sent.reply_to_address, subject="Something else", text="Thanks, forty."), mailbox)

    assert (outcome.outcome, outcome.ticket) == ("reply", ticket.pk)
    assert words(ticket) == ["We have thirty pupils.", "Thirty.", "Thanks, forty."]
    ticket.refresh_from_db()
    assert ticket.category == Category.OPEN


@pytest.mark.parametrize("where", ["Cc", "Delivered-To", "envelope"])
def test_case_62_the_token_counts_wherever_it_stands(mailbox, answered, where):
    ticket, sent = answered
    headers = ((where, sent.reply_to_address),) if where != "envelope" else ()
    envelope = sent.reply_to_address if where == "envelope" else ""

    outcome = outcome_of(make_mail(headers=headers), mailbox, envelope_to=envelope)

    assert (outcome.outcome, outcome.ticket) == ("reply", ticket.pk)


def test_an_answer_by_signed_message_id_lands_on_its_ticket(mailbox, answered):
    """R83."""
    ticket, sent = answered

    outcome = outcome_of(make_mail(headers=(("In-Reply-To", sent.message_id),)), mailbox)

    assert (outcome.outcome, outcome.ticket) == ("reply", ticket.pk)


def test_case_19_the_address_is_read_without_case(mailbox, answered):
    ticket, sent = answered

    outcome = outcome_of(make_mail(to=sent.reply_to_address.upper(), sender="CARA@ROBOTICS.EXAMPLE"), mailbox)

    assert (outcome.outcome, outcome.ticket) == ("reply", ticket.pk)


def test_S7_case_109_a_number_in_the_subject_authorises_no_stranger(mailbox, answered):
    """Complaint 19: and no stranger in it."""
    ticket, _ = answered

    outcome = outcome_of(make_mail(sender="eve@evil.example", subject=f"Re: [#{ticket.pk}] licence"), mailbox)

    assert outcome.outcome == "ticket" and outcome.ticket != ticket.pk
    assert Ticket.objects.get(pk=outcome.ticket).may_continue == ticket
    assert len(words(ticket)) == 2


def test_a_participant_may_use_the_number(mailbox, answered):
    ticket, _ = answered

    outcome = outcome_of(make_mail(subject=f"Re: [#{ticket.pk}] licence"), mailbox)

    assert (outcome.outcome, outcome.ticket) == ("reply", ticket.pk)


@pytest.mark.parametrize("subject", ["x#1", "order #1", "[#1", "ticket 1", "[#12x]"])
def test_case_69_a_number_inside_other_words_is_no_number(mailbox, answered, subject):
    ticket, _ = answered
    subject = subject.replace("1", str(ticket.pk))

    outcome = outcome_of(make_mail(subject=subject), mailbox)

    assert outcome.ticket != ticket.pk


@pytest.mark.parametrize("header", ["In-Reply-To", "References"])
def test_S7_case_110_a_forged_message_id_appends_nothing(mailbox, answered, header):
    ticket, sent = answered
    forged = sent.message_id.replace(sent.message_id.split(".")[3], "a" * 26, 1)
    forged = forged if "@" in forged else forged + "@desk.example>"

    outcome = outcome_of(make_mail(sender="eve@evil.example", headers=((header, forged),)), mailbox)

    assert outcome.ticket != ticket.pk
    assert len(words(ticket)) == 2


def test_S8_a_valid_token_in_a_strangers_hands_is_held(mailbox, answered):
    ticket, sent = answered
    before = Ticket.objects.filter(pk=ticket.pk).values("category", "next_action_at", "last_message_id").get()

    outcome = outcome_of(make_mail(sender="eve@evil.example", to=sent.reply_to_address, text="Ship it to me."), mailbox)

    assert (outcome.outcome, outcome.ticket) == ("held", ticket.pk)
    assert Ticket.objects.filter(pk=ticket.pk).values("category", "next_action_at", "last_message_id").get() == before
    assert not Participant.objects.filter(ticket=ticket, person__email="eve@evil.example").exists()
    assert len(words(ticket)) == 2


def test_S8_an_agent_accepts_held_words(mailbox, answered, agent):
    ticket, sent = answered
    outcome = outcome_of(make_mail(sender="boss@robotics.example", to=sent.reply_to_address, text="Fine."), mailbox)

    held.accept_message(message=Message.objects.get(pk=outcome.message), by=agent, now=LATER)

    assert words(ticket)[-1] == "Fine."
    assert Participant.objects.filter(ticket=ticket, person__email="boss@robotics.example").exists()
    with pytest.raises(held.CannotDecide):
        held.refuse_message(message=Message.objects.get(pk=outcome.message), by=agent, now=LATER)


def test_S8_refused_words_become_a_ticket_of_their_own(mailbox, answered, agent):
    ticket, sent = answered
    outcome = outcome_of(make_mail(sender="eve@evil.example", to=sent.reply_to_address, text="Mine."), mailbox)

    other = held.refuse_message(message=Message.objects.get(pk=outcome.message), by=agent, now=LATER)

    assert (words(other), other.requester.email) == (["Mine."], "eve@evil.example")
    assert len(words(ticket)) == 2


def test_a_forged_sender_with_a_valid_token_is_held(mailbox, answered):
    _, sent = answered

    outcome = outcome_of(make_mail(to=sent.reply_to_address, headers=FAILED), mailbox)

    assert outcome.outcome == "held"


def test_S9_a_mailed_copy_never_takes_part(mailbox, answered):
    ticket, sent = answered

    outcome_of(make_mail(to=sent.reply_to_address, headers=(("Cc", "eve@evil.example"),)), mailbox)

    people = Participant.objects.filter(ticket=ticket).values_list("person__email", flat=True)
    assert list(people) == ["cara@robotics.example"]
    assert not Person.objects.filter(email="eve@evil.example").exists()


def test_case_21_forty_recipients_make_no_forty_people(mailbox):
    copies = ", ".join(f"p{n}@many.example" for n in range(45))

    outcome_of(make_mail(headers=(("Cc", copies),)), mailbox)

    assert Person.objects.count() == 1


def test_case_63_a_copied_person_who_answers_the_customer_opens_a_ticket_that_suggests_it(mailbox):
    first = outcome_of(make_mail(message_id="<orig@robotics.example>"), mailbox)

    second = outcome_of(
        make_mail(sender="boss@robotics.example", headers=(("References", "<orig@robotics.example>"),)), mailbox
    )

    assert second.ticket != first.ticket
    assert Ticket.objects.get(pk=second.ticket).may_continue_id == first.ticket


def test_case_68_of_two_references_the_newest_wins(mailbox):
    old = outcome_of(make_mail(message_id="<one@robotics.example>", subject="One"), mailbox)
    new = outcome_of(make_mail(message_id="<two@robotics.example>", subject="Two"), mailbox)

    both = (("References", "<one@robotics.example> <two@robotics.example>"),)
    outcome = outcome_of(make_mail(headers=both), mailbox)

    assert (outcome.ticket, old.ticket) == (new.ticket, old.ticket)


def test_case_66_an_answer_to_a_merged_ticket_reaches_the_survivor(mailbox, answered):
    ticket, sent = answered
    survivor = make_ticket(requester=ticket.requester, subject="Survivor")
    Ticket.objects.filter(pk=ticket.pk).update(merged_into=survivor)

    assert outcome_of(make_mail(to=sent.reply_to_address), mailbox).ticket == survivor.pk


def test_case_67_an_answer_to_a_closed_ticket_opens_it(mailbox, answered, agent):
    ticket, sent = answered
    state.close_ticket(ticket=ticket, by=agent, now=WEDNESDAY, unanswered=True)

    outcome_of(make_mail(to=sent.reply_to_address), mailbox)

    ticket.refresh_from_db()
    assert ticket.category == Category.OPEN


def test_case_70_the_same_mail_to_two_mailboxes_is_two_tickets(mailbox):
    other = make_mailbox(address="sales@desk.example")
    raw = make_mail(to="help@desk.example, sales@desk.example")

    first, second, again = outcome_of(raw, mailbox), outcome_of(raw, other), outcome_of(raw, other)

    assert first.ticket != second.ticket
    assert (again.ticket, Ticket.objects.count()) == (second.ticket, 2)


def test_case_113_a_token_of_another_mailbox_is_no_proof_here(mailbox, answered):
    ticket, sent = answered
    other = make_mailbox(address="sales@desk.example")

    outcome = arrive(make_mail(to=sent.reply_to_address, sender="eve@evil.example"), mailbox=other, now=LATER)

    assert outcome.ticket != ticket.pk


def test_case_15_97_the_same_mail_fetched_with_another_trace_is_a_duplicate(mailbox):
    """Complaint 19: duplicate tickets."""
    first = outcome_of(make_mail(message_id="<same@robotics.example>"), mailbox)

    second = outcome_of(make_mail(message_id="<same@robotics.example>", headers=(("X-Trace", "2"),)), mailbox)

    assert (second.outcome, second.ticket) == ("duplicate", first.ticket)
    assert Message.objects.count() == 1


def test_case_15_other_words_under_the_same_message_id_are_not_lost(mailbox):
    outcome_of(make_mail(message_id="<same@robotics.example>"), mailbox)

    second = outcome_of(make_mail(message_id="<same@robotics.example>", text="Other words."), mailbox)

    assert second.outcome in ("ticket", "reply")
    assert Message.objects.filter(text="Other words.").exists()


def test_S13_case_83_an_out_of_office_neither_opens_nor_wakes(mailbox, answered, agent):
    ticket, sent = answered
    state.close_ticket(ticket=ticket, by=agent, now=WEDNESDAY, unanswered=True)
    headers = (("Auto-Submitted", "auto-replied"), ("In-Reply-To", sent.message_id))

    outcome = outcome_of(make_mail(to=sent.reply_to_address, subject="Out of office", headers=headers), mailbox)

    ticket.refresh_from_db()
    assert (outcome.outcome, ticket.category) == ("auto_reply", Category.CLOSED)
    assert Message.objects.get(pk=outcome.message).auto_reply


@pytest.mark.parametrize(
    "header",
    [("Precedence", "list"), ("List-Unsubscribe", "<mailto:x@y.example>"), ("Auto-Submitted", "auto-generated")],
)
def test_case_85_machines_and_lists_get_no_acknowledgement(mailbox, header):
    outcome = outcome_of(make_mail(headers=(header,)), mailbox)

    assert outcome.ticket is not None
    assert OutgoingMail.objects.count() == 0


def test_case_88_auto_submitted_no_is_a_person(mailbox):
    outcome = outcome_of(make_mail(headers=(("Auto-Submitted", "no"),)), mailbox)

    assert outcome.outcome == "ticket"
    assert OutgoingMail.objects.count() == 1


def test_S6_mail_in_an_agents_name_is_never_the_agent(mailbox, answered, agent):
    ticket, _ = answered
    before = OutgoingMail.objects.count()

    outcome = outcome_of(
        make_mail(sender=agent.email, headers=(("In-Reply-To", "<ticket.1.aaaa.bbbb@desk.example>"),)), mailbox
    )

    assert outcome.outcome == "quarantined"
    assert (OutgoingMail.objects.count(), len(words(ticket))) == (before, 2)


def test_S6_an_agent_with_a_subject_number_and_no_proof_is_quarantined(mailbox, answered, agent):
    ticket, _ = answered

    assert outcome_of(make_mail(sender=agent.email, subject=f"[#{ticket.pk}]"), mailbox).outcome == "quarantined"


def test_case_73_a_proven_agent_forwards_and_the_customer_is_the_requester(mailbox, agent):
    text = (
        "Please take this one.\n\n---------- Forwarded message ---------\n"
        "From: Paula Parent <paula@home.example>\nDate: Tue, 3 Mar 2026 at 10:00\n"
        "Subject: Broken wheel\nTo: <alma@desk.example>\n\nThe wheel broke.\n"
    )

    outcome = outcome_of(
        make_mail(sender=f"Alma <{agent.email}>", subject="Fwd: Broken wheel", text=text, headers=PASSED), mailbox
    )

    ticket = Ticket.objects.get(pk=outcome.ticket)
    assert (ticket.requester.email, ticket.subject) == ("paula@home.example", "Broken wheel")
    assert "The wheel broke." in words(ticket)[0] and "take this one" not in words(ticket)[0]
    assert "Please take this one." in Note.objects.get(ticket=ticket).text


def test_case_73_an_unproven_agent_cannot_speak_for_a_customer(mailbox, agent):
    text = "---------- Forwarded message ---------\nFrom: Paula <paula@home.example>\nSubject: X\n\nRefund me.\n"

    outcome = outcome_of(make_mail(sender=agent.email, subject="Fwd: X", text=text), mailbox)

    assert not Person.objects.filter(email="paula@home.example").exists()
    assert outcome.outcome in ("ticket", "quarantined")


def test_case_80_our_own_mail_that_comes_back_is_dropped(mailbox, answered):
    _, sent = answered

    outcome = outcome_of(make_mail(sender="help@desk.example", message_id=sent.message_id), mailbox)

    assert outcome.outcome == "own_mail"
    assert Ticket.objects.count() == 1


def test_a_colleague_with_a_message_id_of_our_domain_is_heard(mailbox):
    raw = make_mail(
        sender="boss@desk.example", message_id="<123.abc@desk.example>", headers=(("X-Loop", "help@desk.example"),)
    )

    assert outcome_of(raw, mailbox).outcome == "ticket"


def test_case_72_an_answer_to_a_notification_is_refused_and_its_sender_told(mailbox, lead, customer):
    Team.objects.update(lead=lead)
    make_ticket(requester=customer, now=WEDNESDAY)
    sweep(now=WEDNESDAY + timedelta(hours=5))
    notification = OutgoingMail.objects.filter(to_address=lead.email).first()

    outcome = outcome_of(
        make_mail(sender="leo@private.example", headers=(("In-Reply-To", notification.message_id),)), mailbox
    )

    assert outcome.outcome == "notification_answer"
    assert Ticket.objects.count() == 1
    assert OutgoingMail.objects.filter(to_address=lead.email, subject="Your answer was not added to a ticket").exists()


def test_case_84_an_out_of_office_to_a_notification_is_posted_nowhere(mailbox, lead, customer):
    Team.objects.update(lead=lead)
    make_ticket(requester=customer, now=WEDNESDAY)
    sweep(now=WEDNESDAY + timedelta(hours=5))
    notification = OutgoingMail.objects.filter(to_address=lead.email).first()
    headers = (("In-Reply-To", notification.message_id), ("Auto-Submitted", "auto-replied"))

    outcome = outcome_of(make_mail(sender=lead.email, headers=headers), mailbox)

    assert (outcome.ticket, Message.objects.count()) == (None, 1)


def test_a_bounce_marks_the_reply_as_failed(mailbox, answered):
    ticket, sent = answered
    bounce = (
        "From: MAILER-DAEMON@mx.robotics.example\r\nTo: help@desk.example\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nNo such user.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.robotics.example\r\n\r\n"
        "Final-Recipient: rfc822; cara@robotics.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {sent.message_id}\r\nSubject: Re\r\n\r\nx\r\n--b--\r\n"
    ).encode()

    outcome = outcome_of(bounce, mailbox)
    sweep(now=LATER)

    assert (outcome.outcome, outcome.ticket) == ("bounce", ticket.pk)
    ticket.refresh_from_db()
    assert (ticket.category, ticket.has_failed_delivery) == (Category.OPEN, True)
    assert "no such user" in Message.objects.get(author="agent").delivery_error


def test_case_81_a_bounce_of_our_acknowledgement_opens_nothing_and_answers_nobody(mailbox):
    outcome_of(make_mail(), mailbox)
    acknowledgement = OutgoingMail.objects.get()
    OutgoingMail.objects.update(state=MailState.SENT, sent_at=LATER)
    bounce = (
        "From: MAILER-DAEMON@mx.robotics.example\r\nTo: help@desk.example\r\nSubject: Delivery failed\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        "Final-Recipient: rfc822; cara@robotics.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {acknowledgement.message_id}\r\n\r\n--b--\r\n"
    ).encode()

    assert outcome_of(bounce, mailbox).outcome == "bounce"

    assert (Ticket.objects.count(), OutgoingMail.objects.count()) == (1, 1)


def test_case_87_a_mail_from_an_address_ends_the_pause_of_automatic_mail_to_it(mailbox):
    AddressHealth.objects.create(
        address="cara@robotics.example", suppressed_until=LATER + timedelta(days=3), last_failed_at=WEDNESDAY
    )

    outcome_of(make_mail(), mailbox)

    assert not AddressHealth.objects.exists()
    assert OutgoingMail.objects.get().state == MailState.QUEUED


def test_S15_F19_a_bomb_is_set_aside_and_the_next_mail_arrives(mailbox):
    bomb = b"From: a@b.example\r\nSubject: x\r\n" + b"X-A: y\r\n" * 20000 + b"\r\nhi\r\n"

    assert outcome_of(bomb, mailbox).outcome == "quarantined"
    assert outcome_of(make_mail(), mailbox).outcome == "ticket"
    raw = RawMail.objects.get(state=RawState.QUARANTINED)
    assert raw.reason


@pytest.mark.parametrize("sender", ["", "nobody", "a@x.example, b@y.example", '"'])
def test_S16_a_mail_without_one_sender_is_set_aside_or_its_own(mailbox, sender):
    outcome = outcome_of(make_mail(sender=sender), mailbox)

    assert outcome.outcome == "quarantined"
    assert RawMail.objects.get().reason


def test_S16_the_address_in_angle_brackets_is_the_sender(mailbox, customer):
    outcome = outcome_of(make_mail(sender="cara@robotics.example <eve@evil.example>"), mailbox)

    if outcome.ticket:
        assert Ticket.objects.get(pk=outcome.ticket).requester.email == "eve@evil.example"
    else:
        assert outcome.outcome == "quarantined"


def test_case_112_a_deactivated_agents_mail_is_a_strangers(mailbox, answered):
    _, sent = answered
    gone = make_staff(email="gone@desk.example", is_active=False, deactivated_at=WEDNESDAY)

    outcome = outcome_of(make_mail(sender=gone.email, to=sent.reply_to_address), mailbox)

    assert outcome.outcome == "held"


def test_a_participant_added_by_staff_answers_with_the_thread(mailbox, answered, agent, colleague):
    ticket, sent = answered
    participants.add(ticket=ticket, person=colleague, role="copied", by=agent, now=LATER)

    outcome = outcome_of(make_mail(sender=colleague.email, to=sent.reply_to_address, text="I agree."), mailbox)

    assert (outcome.outcome, words(ticket)[-1]) == ("reply", "I agree.")


def test_attachments_are_kept_in_order(mailbox):
    parts = "".join(
        f"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename={name}\r\n\r\n{name}\r\n"
        for name in ("b.pdf", "a.pdf", "b.pdf")
    )
    raw = (
        "From: cara@robotics.example\r\nTo: help@desk.example\r\nSubject: Files\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/plain\r\n\r\nHere.\r\n{parts}--b--\r\n"
    ).encode()

    outcome = outcome_of(raw, mailbox)

    files = Message.objects.get(pk=outcome.message).attachments.order_by("position")
    assert [file.name for file in files] == ["b.pdf", "a.pdf", "b.pdf"]
    assert files[0].file.read().strip() == b"b.pdf"
