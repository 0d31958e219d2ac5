"""What goes over the wire: headers that nobody can break out of, threads that hold, ids that spam filters like."""

import re
from datetime import timedelta

import pytest

from mail import message_ids
from mail.actions import deliver, reply_address
from mail.actions.send import OutgoingFile, queue_mail, trim_references
from mail.addresses import Address, BadAddress, header_form, normalise
from mail.build import BadHeader, as_bytes
from mail.choices import Kind, MailState
from mail.models import OutgoingMail
from tests.factories.mail import NOW, make_file, make_mailbox, make_outgoing

pytestmark = pytest.mark.django_db

INJECTIONS = [
    "x\r\nBcc: evil@evil.example",
    "x\nBcc: evil@evil.example",
    "x\rBcc: evil@evil.example",
    "x\u2028Bcc: evil@evil.example",
]


def sent(sink, clock, **fields):
    mail = make_outgoing(now=clock(), **fields)
    deliver.deliver_one(mail_id=mail.pk, clock=clock)
    mail.refresh_from_db()
    assert mail.state == MailState.SENT, mail.last_error
    return mail, sink.received[-1]


@pytest.mark.parametrize("poison", INJECTIONS)
def test_a_line_break_in_any_field_adds_no_header_and_no_recipient_S14_case_108(sink, clock, poison):
    mailbox = make_mailbox(name=poison)

    _, received = sent(
        sink, clock, mailbox=mailbox, to="cara@r.example", to_name=poison, subject=poison, in_reply_to=f"<a@b>{poison}",
        references=[poison, "<ok@b>", f"<{poison}@b>"], visible_cc=[Address(f"c@d.example{poison}", poison)],
        attachments=[OutgoingFile(make_file(), poison, poison)], auto_submitted=poison,
    )  # fmt: skip

    assert [one.recipient for one in sink.received] == ["cara@r.example"]
    assert "Bcc" not in received.message
    assert {part.get("Bcc") for part in received.message.walk()} == {None}
    allowed = {
        "Message-ID", "Date", "From", "To", "Cc", "Subject", "References", "Auto-Submitted", "MIME-Version",
        "Content-Type",
    }  # fmt: skip
    assert set(received.message.keys()) == allowed
    assert b"evil@evil.example" not in b"".join(
        line for line in received.content.splitlines() if line.lower().startswith(b"bcc")
    )


@pytest.mark.parametrize("poison", INJECTIONS)
def test_a_row_that_holds_a_line_break_all_the_same_is_not_sent_S14(clock, sink, poison):
    mail = make_outgoing(now=clock())
    OutgoingMail.objects.filter(pk=mail.pk).update(message_id=f"<{poison}>", from_name=poison, subject=poison)
    mail.refresh_from_db()

    raw = as_bytes(mail=mail, now=clock())

    assert b"\nBcc" not in raw
    assert b"\rBcc" not in raw


@pytest.mark.parametrize(
    "poison", ["a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "a@b.example>", "", "x", "a b@c"]
)
def test_only_one_plain_address_is_a_recipient_S14(poison):
    with pytest.raises(BadAddress):
        queue_mail(kind=Kind.REPLY, mailbox=make_mailbox(), to=Address(poison), subject="x", text="x", now=NOW)

    assert OutgoingMail.objects.count() == 0


def test_values_that_are_not_headers_never_become_one():
    from mail.build import _line  # noqa: PLC0415 - the last door, tried by itself

    for poison in ("x\r\nBcc: y", "x\n y", "é", "x\r\n\r\nbody"):
        with pytest.raises(BadHeader):
            _line("Subject", poison)


def test_each_recipient_gets_a_copy_that_shows_the_same_people_and_no_blind_copy_case_104(sink, clock):
    mailbox = make_mailbox()
    people = {"visible_to": [Address("cara@r.example", "Cara")], "visible_cc": [Address("cole@r.example", "Cole")]}
    for to in ("cara@r.example", "cole@r.example", "blind@r.example"):
        sent(sink, clock, mailbox=mailbox, to=to, source_key="message:1", **people)

    assert [one.recipient for one in sink.received] == ["cara@r.example", "cole@r.example", "blind@r.example"]
    assert {str(one.message["To"]) for one in sink.received} == {"Cara <cara@r.example>"}
    assert {str(one.message["Cc"]) for one in sink.received} == {"Cole <cole@r.example>"}
    assert all(b"blind@r.example" not in one.content for one in sink.received)
    assert len({one.message_id for one in sink.received}) == 3


def test_a_reply_goes_out_from_the_alias_that_the_customer_wrote_to_case_106(sink, clock):
    mailbox = make_mailbox(address="help@desk.example", aliases=("hilfe@desk.example",), name="Desk")

    _, received = sent(sink, clock, mailbox=mailbox, from_address="Hilfe@desk.example", subject_key="ticket:12")
    _, other = sent(sink, clock, mailbox=mailbox, from_address="evil@elsewhere.example", subject_key="ticket:13")

    assert str(received.message["From"]) == "Desk <hilfe@desk.example>"
    assert str(received.message["Reply-To"]).startswith("hilfe+")
    assert str(other.message["From"]) == "Desk <help@desk.example>"


def test_references_stay_under_two_kilobytes_with_the_first_and_the_newest_case_17(sink, clock):
    ids = [f"<{number:04}-{'x' * 40}@mail.example>" for number in range(120)]

    _, received = sent(sink, clock, references=[*ids, "not an id\r\n", ids[-1]], in_reply_to=ids[-1])

    kept = str(received.message["References"]).split()
    assert kept[0] == ids[0]
    assert kept[1:] == ids[-len(kept) + 1 :]
    assert sum(len(one) + 1 for one in kept) <= 2000
    assert len(kept) > 30
    assert str(received.message["In-Reply-To"]) == ids[-1]
    assert trim_references([]) == []


def test_long_ids_reach_the_wire_as_they_are_and_no_line_is_too_long(sink, clock):
    long = f"<{'a' * 300}@{'b' * 100}.example>"

    _, received = sent(
        sink, clock, references=[long, "<b@c>"], in_reply_to=long, subject="Ümläut " * 60, text="w" * 5000 + "\né" * 10
    )

    assert long.encode() in received.content.split(b"\r\n\r\n")[0]
    assert b"=?" not in re.search(rb"References:.*?(?=\r\n\S)", received.content, re.S)[0]
    assert max(map(len, received.content.split(b"\r\n"))) <= 998
    assert received.content.isascii()
    assert str(received.message["Subject"]) == ("Ümläut " * 60).strip()
    assert received.text == "w" * 5000 + "\né" * 10 + "\n"


# https://github.com/apache/spamassassin/blob/trunk/rules/20_head_tests.cf, the rules about Message-ID
UGLY = {
    "MSGID_RANDY": r"<[a-z\d][a-z\d\$-]{10,29}[a-z\d]\@[a-z\d][a-z\d.]{3,12}[a-z\d]>",
    "MSGID_SPAM_CAPS": r"^\s*<?[A-Z]+\@",
    "MSGID_SPAM_LETTERS": r"<[a-z]{5,}\@(\S+\.)+\S+>",
    "MSGID_SHORT": r"^.{1,15}$|<.{0,4}\@",
    "MSGID_DOLLARS": r"<[0-9a-f]{4,}\$[0-9a-f]{4,}\$[0-9a-f]{4,}\@\S+>",
    "MSGID_NO_HOST": r"\@>",
    "MSGID_MULTIPLE_AT": r"<[^>]*\@[^>]*\@[^>]*>",
}


@pytest.mark.parametrize("subject_key", ["", "ticket:1", "ticket:99999999"])
@pytest.mark.parametrize("rule", UGLY)
def test_no_message_id_of_ours_earns_points_with_spam_filters_case_18(rule, subject_key):
    for _ in range(300):
        made = message_ids.make(subject_key=subject_key, domain="abcd1.de")

        assert not re.search(UGLY[rule], made), made


def test_a_message_id_of_ours_is_read_back_in_any_case_and_a_changed_one_is_not_case_110():
    made = message_ids.make(subject_key="ticket:12345", domain="desk.example")
    local = made.strip("<>").split("@")[0]
    kind, number, nonce, signature = local.split(".")

    assert message_ids.read(made.upper()).subject_key == "ticket:12345"
    assert message_ids.read(made.strip("<>")).normal == made
    assert len(signature) * 5 >= 128
    forged = [
        f"<{kind}.9iy.{nonce}.{signature}@desk.example>",
        f"<{kind}.{number}.{nonce[::-1]}.{signature}@desk.example>",
        f"<mail.{number}.{nonce}.{signature}@desk.example>",
        f"<{kind}.{number}.{nonce}.{'a' * 26}@desk.example>",
        f"<{kind}.{number}.{nonce}.@desk.example>",
        "", "<>", "<@>", "x" * 10_000, "<ticket.9ix@desk.example>",
    ]  # fmt: skip
    assert [message_ids.read(one) for one in forged] == [None] * len(forged)


def test_a_thousand_guessed_ids_open_no_thread_S7():
    guesses = [f"<ticket.{number}.aaaaaaaaaaaaa.{'b' * 26}@desk.example>" for number in range(1000)]

    assert {message_ids.read(guess) for guess in guesses} == {None}


def test_a_reply_address_is_the_same_every_time_and_another_for_everybody_else():
    mailbox = make_mailbox(address="help@desk.example")

    def make(subject_key="ticket:12", recipient="cara@r.example", box=mailbox):
        return reply_address.make(mailbox=box, subject_key=subject_key, recipient=recipient)

    made = make()
    assert make(recipient="Cara@R.example") == made
    assert re.fullmatch(r"help\+[0-9a-z]+\.[a-z2-7]{26}@desk\.example", made)
    assert len({made, make("ticket:13"), make(recipient="cole@r.example"), make(box=make_mailbox())}) == 4


def test_a_reply_address_is_read_in_any_case_and_only_in_its_own_mailbox_case_113_S7():
    mailbox = make_mailbox(address="help@desk.example", aliases=("hilfe@desk.example",))
    make_mailbox(address="sales@desk.example")
    made = reply_address.make(mailbox=mailbox, subject_key="ticket:12", recipient="cara@r.example")
    tag = made.split("+")[1].split("@")[0]
    number, signature = tag.split(".")

    target = reply_address.read(made.upper())

    assert (target.subject_key, target.recipient, target.mailbox) == ("ticket:12", "cara@r.example", mailbox)
    assert reply_address.read(f"hilfe+{tag}@desk.example").subject_key == "ticket:12"
    forged = [
        f"sales+{tag}@desk.example", f"help+{tag}@elsewhere.example", f"help+{number}.{'a' * 26}@desk.example",
        f"help+{number}.@desk.example", f"help+{number}@desk.example", f"help+zzzzzzzzzzzzz.{signature}@desk.example",
        f"help+b.{tag}@desk.example", "help+@desk.example", "", "@", "help", "+" * 5000,
        f"help+1.{signature}x@desk.example",
    ]  # fmt: skip
    assert [reply_address.read(one) for one in forged] == [None] * len(forged)


def test_old_reply_addresses_and_ids_hold_through_a_change_of_keys_F33(settings):
    mailbox = make_mailbox()
    address = reply_address.make(mailbox=mailbox, subject_key="ticket:12", recipient="cara@r.example")
    message_id = message_ids.make(subject_key="ticket:12", domain="desk.example")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new key", [settings.SECRET_KEY]
    rotated = (reply_address.read(address), message_ids.read(message_id))
    settings.SECRET_KEY_FALLBACKS = []
    cut_off = (reply_address.read(address), message_ids.read(message_id))

    assert [one.subject_key for one in rotated] == ["ticket:12", "ticket:12"]
    assert cut_off == (None, None)


def test_a_signature_for_one_purpose_is_worth_nothing_for_another_S39(sink, clock):
    mail, received = sent(sink, clock, subject_key="ticket:12")
    bounce = received.sender
    reply = str(received.message["Reply-To"])

    assert reply_address.read_bounce_address(bounce) == mail
    assert (reply_address.read(bounce), reply_address.read_bounce_address(reply)) == (None, None)
    as_reply = bounce.replace("+b.", "+")
    as_bounce = reply.replace("+", "+b.")
    assert (reply_address.read(as_reply), reply_address.read_bounce_address(as_bounce)) == (None, None)


@pytest.mark.parametrize(
    ("kind", "value", "suppress"),
    [
        (Kind.REPLY, None, None),
        (Kind.ACKNOWLEDGEMENT, "auto-replied", "All"),
        (Kind.NOTIFICATION, "auto-generated", "All"),
        (Kind.TRANSACTIONAL, "auto-generated", None),
        (Kind.BULK, "auto-generated", "All"),
    ],
)
def test_automatic_mail_says_so_and_a_persons_reply_does_not_S13(sink, clock, kind, value, suppress):
    _, received = sent(sink, clock, kind=kind)

    assert (received.message["Auto-Submitted"], received.message["X-Auto-Response-Suppress"]) == (value, suppress)
    assert (received.message["List-Unsubscribe"] is not None) == (kind == Kind.BULK)


def test_attachments_arrive_whole_under_their_names(sink, clock):
    files = [
        OutgoingFile(make_file(content=bytes(range(256)) * 10), "10., ä/b\\c;2.pdf", "application/pdf"),
        OutgoingFile(make_file(content=b"From: x\r\n\r\nmail"), "mail.eml", "message/rfc822"),
        OutgoingFile(make_file(content=b"\r\n.\r\n"), 'quo"te.txt', "text/plain"),
    ]

    _, received = sent(sink, clock, attachments=files)

    parts = list(received.message.iter_attachments())
    assert [part.get_filename() for part in parts] == ["10., ä_b_c;2.pdf", "mail.eml", "quo'te.txt"]
    assert [part.get_payload(decode=True) for part in parts] == [
        bytes(range(256)) * 10,
        b"From: x\r\n\r\nmail",
        b"\r\n.\r\n",
    ]
    assert [part.get_content_type() for part in parts] == ["application/pdf", "application/octet-stream", "text/plain"]


def test_an_attachment_that_storage_lost_is_tried_again_and_the_next_mail_goes(sink, clock):
    mailbox, file = make_mailbox(), make_file()
    from django.core.files.storage import storages  # noqa: PLC0415 - to lose it

    storages["files"].delete(file.key)
    broken = make_outgoing(mailbox=mailbox, attachments=[OutgoingFile(file, "a.txt")])
    good = make_outgoing(mailbox=mailbox)

    deliver.deliver_due(limit=10, clock=clock)

    broken.refresh_from_db()
    assert (broken.state, broken.error_kind) == (MailState.QUEUED, "temporary")
    assert [one.message_id for one in sink.received] == [good.message_id]


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("", "a@b.example"),
        ("Cara Customer", "Cara Customer <a@b.example>"),
        ("Customer, Cara", '"Customer, Cara" <a@b.example>'),
        ('x" <evil@e.example>, "y', '"x\\" <evil@e.example>, \\"y" <a@b.example>'),
        ("ops@corp.example", '"ops@corp.example" <a@b.example>'),
    ],
)
def test_a_name_never_becomes_an_address(name, form):
    assert header_form(Address("a@b.example", name)) == form


def test_a_name_that_pretends_to_be_encoded_is_encoded_itself(sink, clock):
    trick = "=?utf-8?q?victim=40corp=2Eexample?="

    _, received = sent(sink, clock, to="a@b.example", to_name=trick)

    assert received.message["To"].addresses[0].display_name == trick


def test_an_international_domain_goes_out_in_ascii(sink, clock):
    _, received = sent(sink, clock, to="kara@bücher.example")

    assert (received.recipient, str(received.message["To"])) == ("kara@xn--bcher-kva.example",) * 2
    assert normalise(" Kara@BÜCHER.example ") == "kara@bücher.example"


def test_the_same_words_go_out_as_text_and_as_html_that_holds_no_markup_of_others_S1_S5(sink, clock):
    text = 'Hi <script>alert(1)</script> & "you"\n\nSee https://desk.example/x?a=1&b=2.\n  indented\n<img src=http://evil.example/p.gif>'

    _, received = sent(sink, clock, text=text)

    html = received.message.get_body(("html",)).get_content()
    assert received.text == text + "\n"
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="https://desk.example/x?a=1&amp;b=2">' in html
    assert "\xa0\xa0indented" in html
    assert re.findall(r"(?:src|background|url)\s*[=(]", re.sub(r"&lt;.*?&gt;", "", html)) == []


def test_nul_bytes_and_lone_surrogates_are_stored_and_sent_as_something_sane(sink, clock):
    _, received = sent(sink, clock, subject="a\x00b\ud800", text="x\x00y\udfff", to_name="n\x00\udc80")

    assert str(received.message["Subject"]) == "a b\ufffd"
    assert received.text == "xy\ufffd\n"


def test_a_date_is_that_of_sending_not_of_writing(sink, clock):
    mail = make_outgoing(not_before=clock() + timedelta(hours=2))
    clock.later(hours=3)

    deliver.deliver_one(mail_id=mail.pk, clock=clock)

    assert sink.received[0].message["Date"].datetime == clock()
