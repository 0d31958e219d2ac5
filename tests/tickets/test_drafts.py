"""What is typed is never lost and never sent twice: drafts, their versions and files, and forms that count once."""

from datetime import timedelta

import pytest

from mail.choices import MailState
from mail.files import store_file
from mail.models import OutgoingMail
from tests.factories.accounts import make_staff
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions import drafts, reply
from tickets.actions.attach import Upload
from tickets.actions.drafts import Form, mark_of, save_draft
from tickets.actions.note import SentBefore, add_note
from tickets.models import Draft, DraftFile, Message, Note

LATER = WEDNESDAY + timedelta(minutes=30)
KEY, OTHER_KEY = "a" * 32, "b" * 32


@pytest.fixture
def ticket(customer):
    return make_ticket(requester=customer)


def keep(ticket, by, text, *, known="", key=KEY, kind="reply", **typed):
    return save_draft(ticket=ticket, by=by, kind=kind, text=text, known=known, key=key, now=LATER, **typed)


def send(ticket, by, text="Thirty seats.", **options):
    ticket.refresh_from_db()
    return reply.reply(ticket=ticket, by=by, text=text, last_seen=ticket.last_message_id, now=LATER, **options)


def upload(name="a.png", content=b"\x89PNG\r\n\x1a\nx"):
    return Upload(store_file(content=content, now=LATER), name, "image/png", len(content))


@pytest.mark.django_db
def test_U5_a_draft_is_one_for_a_person_and_a_ticket_and_each_save_is_newer(ticket, agent, lead):
    first = keep(ticket, agent, "Hi", cc="boss@school.example")
    second = keep(ticket, agent, "Hi Cara,\r\n\x00", known=mark_of(first), kind="note")
    keep(ticket, lead, "Somebody else's")

    row = Draft.objects.get(person=agent)
    assert (row.pk, row.text, row.kind, row.cc) == (first.pk, "Hi Cara,\n", "note", "")
    assert mark_of(second) != mark_of(first)
    assert Draft.objects.count() == 2


@pytest.mark.django_db
def test_an_older_save_of_another_window_is_refused_and_told_what_stands_there(ticket, agent):
    first = keep(ticket, agent, "One")
    newer = keep(ticket, agent, "One and two", known=mark_of(first))

    with pytest.raises(drafts.DraftChanged) as stopped:
        keep(ticket, agent, "One and a half", known=mark_of(first), key=OTHER_KEY)
    with pytest.raises(drafts.DraftChanged):
        keep(ticket, agent, "", known="", key=OTHER_KEY)

    assert stopped.value.other == newer
    assert "in another window" in str(stopped.value)
    assert Draft.objects.get().text == "One and two"


@pytest.mark.django_db
def test_an_empty_editor_that_knows_of_no_draft_never_overwrites_one(ticket, agent):
    keep(ticket, agent, "Precious")

    with pytest.raises(drafts.DraftChanged):
        keep(ticket, agent, " \n", known="", key=OTHER_KEY)

    assert Draft.objects.get().text == "Precious"


@pytest.mark.django_db
def test_emptying_ones_own_editor_ends_the_draft_and_a_new_life_is_another_draft(ticket, agent):
    first = keep(ticket, agent, "One")

    assert keep(ticket, agent, "", known=mark_of(first)) is None
    assert not Draft.objects.exists()
    again = keep(ticket, agent, "Two")

    with pytest.raises(drafts.DraftChanged):
        keep(ticket, agent, "A window that slept", known=mark_of(first), key=OTHER_KEY)
    assert Draft.objects.get() == again


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["reply", "note"])
def test_sending_ends_the_draft_and_takes_its_files_and_a_late_save_brings_nothing_back(ticket, agent, kind):
    draft = keep(ticket, agent, "Thirty seats.")
    file = drafts.keep_file(ticket=ticket, by=agent, upload=upload(), key=KEY, now=LATER)
    form = Form(KEY, mark_of(draft), [file.pk])

    if kind == "reply":
        sent = send(ticket, agent, form=form)
    else:
        sent = add_note(ticket=ticket, by=agent, text="Thirty seats.", now=LATER, form=form)

    assert [one.name for one in sent.attachments.all()] == ["a.png"]
    assert not Draft.objects.exists()
    assert not DraftFile.objects.exists()
    with pytest.raises(drafts.DraftSent):
        keep(ticket, agent, "Thirty sea", known=mark_of(draft))
    with pytest.raises(drafts.DraftSent):
        drafts.keep_file(ticket=ticket, by=agent, upload=upload(), key=KEY, now=LATER)
    assert not Draft.objects.exists()


@pytest.mark.django_db
def test_a_draft_that_another_window_wrote_on_survives_the_send_of_an_older_page(ticket, agent):
    draft = keep(ticket, agent, "Long answer")
    keep(ticket, agent, "Long answer that goes on", known=mark_of(draft), key=OTHER_KEY)

    add_note(ticket=ticket, by=agent, text="A quick note.", now=LATER, form=Form("c" * 32, mark_of(draft)))

    assert Draft.objects.get().text == "Long answer that goes on"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["reply", "note"])
def test_the_same_form_twice_is_one_and_with_other_words_it_is_refused(ticket, agent, kind):
    def write(text):
        if kind == "reply":
            return reply.reply(ticket=ticket, by=agent, text=text, last_seen=seen, now=LATER, form=Form(KEY))
        return add_note(ticket=ticket, by=agent, text=text, now=LATER, form=Form(KEY))

    seen = ticket.last_message_id
    first, second = write("Thirty."), write("Thirty.\r\n")

    assert first == second
    with pytest.raises((reply.SentAlready, SentBefore), match="with other words"):
        write("Forty.")
    assert (Message.objects.filter(author="agent").count() or Note.objects.count()) == 1
    assert OutgoingMail.objects.count() == (1 if kind == "reply" else 0)


@pytest.mark.django_db
def test_a_file_that_another_window_removed_stops_the_send(ticket, agent, lead):
    file = drafts.keep_file(ticket=ticket, by=agent, upload=upload(), key=KEY, now=LATER)
    theirs = drafts.keep_file(ticket=ticket, by=lead, upload=upload(), key=OTHER_KEY, now=LATER)

    for files in ([file.pk, 999_999_999], [theirs.pk]):
        with pytest.raises(drafts.FileGone):
            send(ticket, agent, form=Form(KEY, "", files))

    assert not OutgoingMail.objects.exists()
    drafts.drop_file(ticket=ticket, by=agent, pk=theirs.pk)
    drafts.drop_file(ticket=ticket, by=agent, pk=file.pk)
    assert list(Draft.objects.values_list("person", flat=True)) == [lead.pk]


@pytest.mark.django_db
def test_too_many_files_and_too_much_are_sentences_and_a_name_is_used_once(ticket, agent, monkeypatch):
    monkeypatch.setattr(drafts, "MOST_FILES", 2)
    names = [
        drafts.keep_file(ticket=ticket, by=agent, upload=upload("shot [1].png"), key=KEY, now=LATER).name
        for _ in range(2)
    ]

    assert names == ["shot (1).png", "shot (1)-2.png"]
    with pytest.raises(drafts.CannotKeepFile, match="one file too many: a message takes 2"):
        drafts.keep_file(ticket=ticket, by=agent, upload=upload(), key=KEY, now=LATER)
    monkeypatch.setattr(drafts, "MOST_FILES", 9)
    monkeypatch.setattr(drafts, "MOST_MEGABYTES", 0)
    with pytest.raises(drafts.CannotKeepFile, match="larger than 0 MB in all"):
        drafts.keep_file(ticket=ticket, by=agent, upload=upload(), key=KEY, now=LATER)


@pytest.mark.django_db
def test_a_pasted_picture_stands_in_the_mail_where_it_stood_in_the_words(ticket, agent):
    shown = drafts.keep_file(ticket=ticket, by=agent, upload=upload("a&b.png"), key=KEY, now=LATER, in_words=True)
    gone = drafts.keep_file(ticket=ticket, by=agent, upload=upload("gone.png"), key=KEY, now=LATER, in_words=True)

    text = "Press here:\n[image: a&b.png]\nnot <b>there</b> [image: nobody.png]"
    message = send(ticket, agent, text=text, form=Form(KEY, "", [shown.pk, gone.pk]))

    mail = OutgoingMail.objects.get()
    assert [(one.name, bool(one.content_id)) for one in mail.attachments.order_by("position")] == [
        ("a&b.png", True), ("gone.png", False),
    ]  # fmt: skip
    assert f'<img src="cid:{shown.content_id}" alt="a&amp;b.png"' in mail.html
    assert "not &lt;b&gt;there&lt;/b&gt; [image: nobody.png]" in mail.html
    assert "[image: a&b.png]" in mail.text
    assert [one.is_inline for one in message.attachments.order_by("position")] == [True, False]


@pytest.mark.django_db
def test_U4_a_reply_that_is_taken_back_is_the_draft_with_its_files_and_recipients(ticket, agent):
    file = drafts.keep_file(ticket=ticket, by=agent, upload=upload(), key=KEY, now=LATER, in_words=True)
    text = "Look: [image: a.png]"
    message = send(
        ticket, agent, text=text, to=["head@robotics.example"], cc=["b@x.example"], form=Form(KEY, "", [file.pk])
    )
    keep(ticket, agent, "Meanwhile", key=OTHER_KEY)

    reply.take_back(message=message, by=agent, now=LATER)

    draft = Draft.objects.get()
    assert (draft.text, draft.to, draft.cc) == (f"{text}\n\nMeanwhile", "head@robotics.example", "b@x.example")
    assert list(draft.files.values_list("name", "content_id")) == [("a.png", file.content_id)]
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {MailState.CANCELLED}


@pytest.mark.django_db
@pytest.mark.parametrize("gap", ["[organisation?]", "Hi [customer_first_name?], [customer_first_name?]"])
def test_U9_a_gap_blocks_the_send_on_the_server_too(ticket, agent, gap):
    with pytest.raises(reply.CannotReply, match=r"\[\w+\?\] has no value on this ticket"):
        send(ticket, agent, text=f"Hello {gap}")

    assert not OutgoingMail.objects.exists()
    assert send(ticket, agent, text="Hello [really?] {organisation}").delivery == "pending"


@pytest.mark.django_db
def test_U6_a_colleagues_note_stops_a_reply_as_well_and_ones_own_does_not(ticket, agent, lead):
    mine = add_note(ticket=ticket, by=agent, text="Mine.", now=WEDNESDAY)
    theirs = add_note(ticket=ticket, by=lead, text="Do not answer, legal has it.", now=LATER)

    with pytest.raises(reply.StaleReply) as stopped:
        send(ticket, agent, seen_note=mine.pk - 1)

    assert (stopped.value.newer, list(stopped.value.notes)) == ([], [theirs])
    assert not OutgoingMail.objects.exists()
    assert send(ticket, agent, seen_note=theirs.pk).delivery == "pending"


@pytest.mark.django_db
def test_S9_whoever_is_typed_into_To_gets_the_words_and_no_link_and_takes_no_part(ticket, agent, customer):
    message = send(ticket, agent, to=["head@robotics.example", customer.email.upper()], cc=["head@robotics.example"])

    mails = {mail.to_address: mail for mail in OutgoingMail.objects.all()}
    assert set(mails) == {"head@robotics.example", customer.email}
    assert "/t/" not in mails["head@robotics.example"].text and mails["head@robotics.example"].text == "Thirty seats.\n"
    assert mails["head@robotics.example"].visible_cc == []
    assert [one["email"] for one in message.to_line] == ["head@robotics.example", customer.email]
    assert list(ticket.participants.values_list("person", flat=True)) == [customer.pk]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ({"to": ["help@desk.example"]}, "our own"),
        ({"to": ["nobody"]}, "“nobody” is not a mail address"),
        ({"cc": [f"p{number}@x.example" for number in range(21)]}, "20 people in copy at most, and these are 21"),
    ],
)
def test_recipients_that_cannot_be_are_named_and_nobody_is_dropped_unseen(ticket, agent, lines, said):
    """Complaint 18."""
    with pytest.raises(Exception, match=said):
        send(ticket, agent, **lines)

    assert not OutgoingMail.objects.exists()


@pytest.mark.django_db
def test_a_note_tells_whom_it_calls_once_by_mail_and_in_the_desk_and_never_what_it_says(ticket, agent, lead):
    """S29."""
    make_staff(name="Leo Other", email="leo.other@desk.example")
    text = "@Leo Lead and @leo lead, see leo@desk.example and @nobody. @Alma Agent canary-77"

    for _ in range(2):
        note = add_note(ticket=ticket, by=agent, text=text, now=LATER, form=Form(KEY))

    mail = OutgoingMail.objects.get()
    assert (mail.to_address, mail.subject) == (lead.email, f"Alma Agent mentioned you on ticket {ticket.pk}")
    assert "canary-77" not in mail.text + mail.html + mail.subject
    assert f"/inbox/mentions/{ticket.pk}/#note-{note.pk}" in mail.text
    assert list(note.mentions.values_list("person", "seen_at")) == [(lead.pk, None)]


@pytest.mark.django_db
def test_a_colleague_called_by_name_in_a_reply_is_refused(ticket, agent, lead):
    with pytest.raises(reply.CannotReply, match="“@Leo Lead” is a colleague, and a reply goes to the customer"):
        send(ticket, agent, text="Ask @leo lead please")

    assert send(ticket, agent, text="Follow @leo or write to leo@lead.example").delivery == "pending"


# At once, and killed in the middle.


@pytest.mark.django_db(transaction=True)
def test_two_presses_of_one_button_at_once_are_one_reply(at_once, agent):
    ticket = make_ticket()

    said = at_once(*[("reply_form", ticket.pk, agent.pk, ticket.last_message_id)] * 3)

    assert said == ["done"] * 3
    assert Message.objects.filter(author="agent").count() == 1
    assert OutgoingMail.objects.filter(kind="reply").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_presses_of_one_note_at_once_are_one_note(at_once, agent):
    ticket = make_ticket()

    assert at_once(*[("note_form", ticket.pk, agent.pk)] * 3) == ["done"] * 3

    assert Note.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_save_and_a_send_at_once_never_leave_the_sent_words_as_a_draft(at_once, agent):
    ticket = make_ticket()
    keep(ticket, agent, "Thir")

    said = at_once(("reply_form", ticket.pk, agent.pk, ticket.last_message_id), ("save_form", ticket.pk, agent.pk))

    assert said in (["DraftSent", "done"], ["done", "done"], ["DraftChanged", "done"])
    assert not Draft.objects.filter(ticket=ticket).exists()
    assert ticket.messages.filter(author="agent").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_first_save_and_a_send_at_once_never_wait_for_each_other_in_a_circle(at_once, agent):
    ticket = make_ticket()
    send_it = ("reply_form", ticket.pk, agent.pk, ticket.last_message_id)
    save_it = ("save_form", ticket.pk, agent.pk)

    said = at_once(send_it, save_it, save_it, save_it)

    assert "done" in said
    assert set(said) <= {"done", "DraftSent", "DraftChanged"}
    assert not Draft.objects.exists()
    assert ticket.messages.filter(author="agent").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_send_killed_before_its_commit_leaves_the_draft_and_sends_nothing(desk, agent):
    ticket = make_ticket()
    keep(ticket, agent, "Thirty.")
    process = desk(
        "reply_form", ticket.pk, agent.pk, ticket.last_message_id, now=LATER, FAILPOINT="tickets.reply.mailed"
    )
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(60) == -9

    assert Draft.objects.get().text == "Thirty."
    assert not OutgoingMail.objects.filter(kind="reply").exists()


@pytest.mark.django_db(transaction=True)
def test_U4_an_undo_killed_before_its_commit_still_sends_and_one_after_it_never_does(desk, agent):
    ticket = make_ticket()
    message = send(ticket, agent)
    process = desk("take_back", message.pk, agent.pk, now=LATER, FAILPOINT="tickets.take_back.done")
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(60) == -9

    assert OutgoingMail.objects.get(kind="reply").state == MailState.QUEUED
    assert not Draft.objects.exists()
    reply.take_back(message=message, by=agent, now=LATER)
    assert OutgoingMail.objects.get(kind="reply").state == MailState.CANCELLED
    assert Draft.objects.get().text == "Thirty seats."
