"""Taking a mail over: synced and committed first, once, whoever brings it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.storage import storages
from django.db import transaction

from mail.actions.quarantine import CannotReplay, dismiss, quarantine, replay
from mail.actions.raw import AlreadyDone, begin, lock, mark_done
from mail.actions.store import header_preview, store_raw, which_mailbox
from mail.choices import Door, RawState
from mail.files import forget_orphans, write
from mail.models import RawMail, StoredFile
from tests.factories.mail import NOW, Clock, make_mailbox, make_raw, raw_bytes
from tests.mail.processes import at_once, python

HOSTILE = b'From: "\r\nSubject: =?utf-8?b?////?= =?nonsense?x?y?=\r\nX: \xff\xfe\x00\r\n\r\n\x00'


@pytest.mark.django_db
def test_a_mail_is_kept_byte_for_byte_before_anybody_reads_it():
    mailbox = make_mailbox()

    row, created = store_raw(
        raw=HOSTILE,
        mailbox=mailbox,
        door=Door.SMTP,
        now=NOW,
        envelope_from="a\r\nb\x00@x.example",
        envelope_to="c@d.example",
    )

    assert (created, row.read(), row.state, row.size) == (True, HOSTILE, RawState.PENDING, len(HOSTILE))
    assert row.envelope_from == "a b @x.example"


@pytest.mark.django_db
def test_the_same_mail_twice_in_one_mailbox_is_one_and_in_two_mailboxes_two_case_70():
    raw, mailbox, other = raw_bytes(), make_mailbox(), make_mailbox()

    results = [
        store_raw(raw=raw, mailbox=one, door=Door.IMAP, now=NOW)[1] for one in (mailbox, mailbox, other, None, None)
    ]

    assert results == [True, False, True, True, False]
    assert RawMail.objects.count() == StoredFile.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_five_that_bring_the_same_mail_at_once_leave_one_row_and_one_file_F18():
    raw, mailbox = raw_bytes(), make_mailbox()

    results = at_once(*[lambda: store_raw(raw=raw, mailbox=mailbox, door=Door.WEBHOOK, now=NOW)[1]] * 5)

    assert sorted(results) == [False, False, False, False, True]
    assert RawMail.objects.count() == StoredFile.objects.count() == 1
    assert RawMail.objects.get().read() == raw


@pytest.mark.django_db(transaction=True)
def test_taking_a_mail_over_inside_a_transaction_is_refused():
    with pytest.raises(RuntimeError), transaction.atomic():
        store_raw(raw=raw_bytes(), mailbox=None, door=Door.COMMAND, now=NOW)

    assert RawMail.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("point", "kept"), [("mail.store.written", 0), ("mail.store.committed", 1)])
def test_killed_while_storing_a_mail_is_whole_or_absent_and_comes_again_I1(point, kept):
    code = (
        "from mail.actions.store import store_raw\nfrom mail.choices import Door\n"
        "from tests.factories.mail import NOW\n"
        "store_raw(raw=b'Subject: x\\r\\n\\r\\nbody', mailbox=None, door=Door.COMMAND, now=NOW)\nprint('answered')"
    )

    killed = python(code, FAILPOINT=point)
    rows = RawMail.objects.count()
    again = python(code)

    assert (killed.returncode, killed.stdout, rows) == (-9, "", kept), killed.stderr
    assert (again.returncode, again.stdout) == (0, "answered\n")
    assert [row.read() for row in RawMail.objects.all()] == [b"Subject: x\r\n\r\nbody"]


@pytest.mark.django_db
def test_a_full_storage_keeps_no_row_and_no_half_file(settings, tmp_path):
    folder = tmp_path / "file-where-a-folder-should-be"
    folder.write_text("")
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {"BACKEND": "mail.storage.DurableFileStorage", "OPTIONS": {"location": str(folder)}},
    }

    with pytest.raises(OSError):
        store_raw(raw=raw_bytes(), mailbox=None, door=Door.COMMAND, now=NOW)

    assert RawMail.objects.count() == StoredFile.objects.count() == 0


@pytest.mark.django_db
def test_files_have_random_names_and_only_we_may_read_them_S17(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {"BACKEND": "mail.storage.DurableFileStorage", "OPTIONS": {"location": str(tmp_path)}},
    }

    row = make_raw(raw=b"From: a@b.example\r\n\r\nx")

    path = tmp_path / row.file.key
    assert path.read_bytes() == b"From: a@b.example\r\n\r\nx"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == [path.name]
    assert storages["files"].exists(row.file.key)


@pytest.mark.django_db
def test_a_plus_part_and_an_alias_lead_to_the_mailbox_and_strangers_to_the_default():
    default = make_mailbox(address="info@desk.example", is_default=True)
    mailbox = make_mailbox(address="help@desk.example", aliases=("hilfe@desk.example",))
    make_mailbox(address="old@desk.example", is_active=False)

    found = [
        which_mailbox([address])
        for address in (
            "HELP@Desk.example",
            "help+1z.abc@desk.example",
            "Hilfe+x@desk.example",
            "old@desk.example",
            "",
            "?",
        )
    ]

    assert found == [mailbox, mailbox, mailbox, default, default, default]
    assert which_mailbox(["x@other.example", "hilfe@desk.example"]) == mailbox


@pytest.mark.django_db
def test_a_quarantined_mail_waits_for_a_person_who_tries_it_again_or_dismisses_it():
    raw = make_raw()
    quarantine(raw=raw, code="too_deep", reason="It has 2,000 parts inside each other.", now=NOW)

    again = replay(raw=raw, by="Ada Admin", now=NOW)
    with pytest.raises(CannotReplay, match="it is waiting"):
        replay(raw=raw, by="Leo Lead", now=NOW)
    quarantine(raw=raw, code="too_deep", reason="Still.", now=NOW)
    gone = dismiss(raw=raw, by="Leo Lead", now=NOW)

    assert (again.decided_by, gone.state, gone.decided_by) == ("Leo Lead", RawState.DISMISSED, "Leo Lead")
    assert RawMail.objects.quarantined().count() == 0


@pytest.mark.django_db
def test_a_mail_that_is_done_is_neither_quarantined_nor_done_again():
    raw = make_raw()
    mark_done(raw=raw, outcome="ticket", now=NOW)

    with pytest.raises(AlreadyDone):
        mark_done(raw=raw, outcome="reply", now=NOW)
    assert quarantine(raw=raw, code="x", reason="x", now=NOW) is False
    with pytest.raises(CannotReplay):
        dismiss(raw=raw, by="", now=NOW)

    raw.refresh_from_db()
    assert (raw.state, raw.outcome) == (RawState.DONE, "ticket")


@pytest.mark.django_db
def test_a_mail_that_kills_its_reader_is_set_aside_after_five_attempts_F19():
    clock, poison = Clock(), make_raw()

    attempts = 0
    while begin(raw_id=poison.pk, now=clock()):
        attempts += 1
        assert begin(raw_id=poison.pk, now=clock()) is None  # somebody has it
        clock.later(hours=1)

    poison.refresh_from_db()
    assert (attempts, poison.state, poison.reason_code) == (5, RawState.QUARANTINED, "keeps_failing")
    assert begin(raw_id=make_raw().pk, now=clock()) is not None


@pytest.mark.django_db(transaction=True)
def test_two_who_begin_with_one_mail_at_once_are_one():
    raw = make_raw()

    results = at_once(*[lambda: begin(raw_id=raw.pk, now=NOW)] * 4)

    assert sorted(result is not None for result in results) == [False, False, False, True]


@pytest.mark.django_db(transaction=True)
def test_two_who_finish_one_mail_at_once_have_one_effect():
    raw, effects = make_raw(), []

    def finish():
        with transaction.atomic():
            row = lock(raw_id=raw.pk)
            if row:
                effects.append(1)
                mark_done(raw=row, outcome="ticket", now=NOW)

    results = at_once(*[finish] * 4)

    assert (results, effects) == ([None] * 4, [1])


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?q?_aus?= Wien\r\n\r\nSubject: no", "Grüße aus Wien"),
        (b"Subject:no space\n\nx", "no space"),
        (b"X: 1\r\n\r\nSubject: in the body", ""),
        (b"Subject: =?bogus?b?//?= a\x00b\x1b[31m\r\n\r\n", "=?bogus?b?//?= a b [31m"),
        (b"Subject: " + b"a" * 100_000, "a" * 255),
        (b"", ""),
    ],
)
def test_a_preview_of_a_header_never_raises_and_holds_no_control_characters(raw, shown):
    assert header_preview(raw, b"subject") == shown


@pytest.mark.django_db
def test_files_that_never_got_a_row_are_removed_after_a_day_and_no_others(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {"BACKEND": "mail.storage.DurableFileStorage", "OPTIONS": {"location": str(tmp_path)}},
    }
    row, orphan = make_raw(), write(b"nobody's")
    half = tmp_path / "ab" / f"{'0' * 32}.x.partial"
    half.parent.mkdir(exist_ok=True)
    half.write_bytes(b"half")
    now = datetime.now(UTC)

    young = forget_orphans(older_than=now - timedelta(days=1))
    removed = forget_orphans(older_than=now + timedelta(seconds=5))

    assert (young, removed) == (0, 2)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("??/*")] == [row.file.key]
    assert not storages["files"].exists(orphan.key)
