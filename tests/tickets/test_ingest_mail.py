"""`manage.py ingest_mail`: files, folders, archives and pipes, one JSON line a mail."""

import io
import json
import os
import sys

import pytest
from django.core.management import CommandError, call_command

from mail.models import OutgoingMail, RawMail, StoredFile
from tests.factories.mails import make_mail
from tests.factories.tickets import make_mailbox
from tickets.models import Message, Ticket

pytestmark = pytest.mark.django_db(transaction=True)

PARSED = [
    "from", "to", "cc", "reply_to", "subject", "text", "html", "reply_text",
    "attachments", "auto_reply", "bounce", "authentication", "notes",
]  # fmt: skip


@pytest.fixture(autouse=True)
def mailbox():
    return make_mailbox()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "1.eml").write_bytes(make_mail(message_id="<one@robotics.example>"))
    (tmp_path / "2.eml").write_bytes(b"X: y\r\n" * 20_000 + b"\r\nbomb")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "3.eml").write_bytes(make_mail(subject="Second", message_id="<two@robotics.example>"))
    (tmp_path / ".hidden").write_bytes(b"no mail")
    return tmp_path


def run(*arguments, **options) -> list[dict]:
    out = io.StringIO()
    call_command("ingest_mail", *map(str, arguments), stdout=out, **options)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_folder_gives_one_line_a_mail_and_a_bomb_stops_nothing(folder):
    lines = run(folder)

    assert [line["outcome"] for line in lines] == ["ticket", "quarantined", "ticket"]
    assert [set(line) for line in lines] == [{"file", "outcome", "ticket", "message", "reason"}] * 3
    assert lines[0]["ticket"] == Ticket.objects.order_by("pk")[0].pk
    assert lines[1]["reason"] == "The mail's headers are larger than 64 kB."


def test_the_same_file_twice_is_a_duplicate_that_names_its_ticket(folder):
    first = run(folder / "1.eml")[0]

    second = run(folder / "1.eml")[0]

    assert (second["outcome"], second["ticket"]) == ("duplicate", first["ticket"])
    assert Message.objects.count() == 1


def test_a_dry_run_says_the_same_and_stores_nothing(folder):
    lines = run(folder, dry_run=True)

    assert [line["outcome"] for line in lines] == ["ticket", "quarantined", "ticket"]
    assert [model.objects.count() for model in (RawMail, StoredFile, Ticket, Message)] == [0, 0, 0, 0]


def test_parsed_lines_have_the_same_keys_even_for_what_cannot_be_read(folder):
    lines = run(folder, dry_run=True, parsed=True)

    for line in lines:
        assert [key for key in PARSED if key not in line] == []
    assert lines[0]["from"] == {"email": "cara@robotics.example", "name": "Cara Customer"}
    assert lines[1]["from"] is None


def test_an_mbox_archive_is_split_into_its_mails(tmp_path):
    archive = tmp_path / "old.mbox"
    mails = [make_mail(message_id=f"<{n}@robotics.example>", text=f"Mail {n}\n>From here on") for n in (1, 2)]
    archive.write_bytes(b"".join(b"From x@y.example Wed Mar  4 09:30:00 2026\n" + mail + b"\n" for mail in mails))

    assert [line["file"] for line in run(archive)] == [f"{archive}#1", f"{archive}#2"]
    assert Message.objects.order_by("pk").first().text == "Mail 1\nFrom here on"


def test_standard_input_takes_a_mail_from_a_mail_servers_pipe(monkeypatch):
    piped = b"From cara@robotics.example Wed Mar  4 09:30:00 2026\n" + make_mail()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped)))

    line = run(recipient="help@desk.example")[0]

    assert (line["file"], line["outcome"]) == ("-", "ticket")


def test_a_file_that_is_not_there_is_said_and_the_others_are_taken(folder, tmp_path):
    out = io.StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("ingest_mail", str(tmp_path / "none"), str(folder / "1.eml"), stdout=out)

    outcomes = [json.loads(line)["outcome"] for line in out.getvalue().splitlines()]
    assert (outcomes, ended.value.code) == (["unreadable", "ticket"], 1)


def test_a_mailbox_that_does_not_exist_is_refused(folder):
    with pytest.raises(CommandError, match=r"no mailbox nobody@desk\.example"):
        run(folder, mailbox="nobody@desk.example")

    assert RawMail.objects.count() == 0


def test_the_mail_goes_to_the_mailbox_that_it_names(tmp_path):
    sales = make_mailbox(address="sales@desk.example")
    (tmp_path / "1.eml").write_bytes(make_mail(to="Sales <SALES@desk.example>"))

    run(tmp_path)

    assert RawMail.objects.get().mailbox == sales


def test_an_archive_without_a_suffix_is_split_at_its_separators_and_at_no_words(tmp_path):
    """Thunderbird's and a server's own archives are called Inbox or by the user's name; none of their mails is lost."""
    mails = [make_mail(message_id=f"<{n}@robotics.example>", text=f"Mail {n}\n\nFrom here on") for n in (1, 2, 3)]
    (tmp_path / "Inbox").write_bytes(b"".join(b"From - Wed Mar  4 09:30:00 2026\n" + one + b"\n" for one in mails))
    (tmp_path / "one.eml").write_bytes(b"From x@y.example Wed Mar  4 09:30:00 2026\n" + make_mail(text="a\n\n>From b"))

    lines = run(tmp_path, parsed=True)

    assert [line["file"].rpartition("/")[2] for line in lines] == ["Inbox#1", "Inbox#2", "Inbox#3", "one.eml"]
    assert [line["text"] for line in lines] == [*(f"Mail {n}\n\nFrom here on" for n in (1, 2, 3)), "a\n\n>From b"]


def test_what_cannot_be_read_in_a_folder_stops_nothing_behind_it(folder):
    (folder / "0.eml").symlink_to(folder / "gone")
    (folder / "inner" / "back").symlink_to(folder)
    os.mkfifo(folder / "2.fifo")
    out = io.StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("ingest_mail", str(folder), stdout=out)

    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["outcome"] for line in lines] == ["unreadable", "ticket", "quarantined", "ticket"]
    assert ended.value.code == 1


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_mail_that_cannot_be_taken_in_just_now_waits_and_stops_nothing_behind_it(folder, dry_run, settings):
    """Case 92: whatever goes wrong with one, it is kept, its line says so, and the others are taken."""
    settings.SITE_URL = None  # so that no link can be written into an acknowledgement
    (folder / "0.eml").write_bytes(
        make_mail(sender="MAILER-DAEMON@x.example", headers=(("X-Failed-Recipients", "a@b.example"),))
    )

    lines = run(folder, dry_run=dry_run)

    assert [line["outcome"] for line in lines] == ["bounce", "pending", "quarantined", "pending"]
    assert lines[1]["reason"].startswith("TypeError while it was taken in. It ")
    assert RawMail.objects.filter(state="pending").count() == (0 if dry_run else 2)


def test_an_address_longer_than_a_standard_allows_is_answered_all_the_same(tmp_path):
    """Case 6: what is read as a sender is somebody whom mail can go to."""
    (tmp_path / "1.eml").write_bytes(make_mail(sender="a" * 150 + "@robotics.example"))

    assert run(tmp_path)[0]["outcome"] == "ticket"
    assert OutgoingMail.objects.get().to_address == "a" * 150 + "@robotics.example"
