"""The journal is written once, by one at a time, and says when it was touched (S59)."""

import threading
from io import StringIO

import pgtrigger
import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, connection, transaction
from django.utils import timezone

from accounts import journal
from accounts.models import JournalEntry
from tests.factories.accounts import make_person, make_staff


def write(count: int, by=None) -> list[JournalEntry]:
    return [
        journal.record(by=by, action="tests.write", subject=f"tests.thing:{n}", data={"n": n}, now=timezone.now())
        for n in range(count)
    ]


def checked(**options) -> str:
    out = StringIO()
    call_command("verify_journal", stdout=out, **options)
    return out.getvalue()


def as_owner(sql: str, *values) -> None:
    """What somebody with the database's own password can do."""
    with pgtrigger.ignore("accounts.JournalEntry:journal_is_append_only"), connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.mark.django_db
def test_entries_follow_each_other_from_one_without_a_gap():
    entries = write(3, by=make_person())

    assert [entry.number for entry in entries] == [1, 2, 3]
    assert entries[0].previous_hash == journal.FIRST_HASH
    assert [entry.previous_hash for entry in entries[1:]] == [entry.hash for entry in entries[:2]]
    assert checked() == f"The journal is whole. Head: 3:{entries[-1].hash}\n"


@pytest.mark.django_db
def test_an_empty_journal_is_whole():
    assert checked() == f"The journal is whole. Head: 0:{'0' * 64}\n"


@pytest.mark.django_db
def test_an_entry_reads_back_as_it_was_hashed():
    """Every kind of value that JSON takes, and the time to the microsecond."""
    data = {
        "t": "Zo\u00eb \u2028 \U0001f600",
        "n": 2**60,
        "part": 0.1,
        "none": None,
        "list": [1, {"b": 1, "a": 2}],
    }
    entry = journal.record(by=None, action="tests.write", subject="x", data=data, now=timezone.now())

    assert journal.hash_of(JournalEntry.objects.get(pk=entry.pk)) == entry.hash


@pytest.mark.django_db
@pytest.mark.parametrize(
    "touch",
    [
        lambda: JournalEntry.objects.update(action="tests.other"),
        lambda: JournalEntry.objects.filter(number=1).delete(),
        lambda: JournalEntry.objects.get(number=1).save(),
        lambda: connection.cursor().execute("UPDATE accounts_journalentry SET data = '{}'"),
        lambda: connection.cursor().execute("DELETE FROM accounts_journalentry"),
    ],
)
def test_the_product_cannot_change_or_remove_an_entry(touch):
    write(2)

    with pytest.raises(InternalError, match=r"Cannot (update|delete)"), transaction.atomic():
        touch()

    assert JournalEntry.objects.count() == 2
    assert "whole" in checked()


@pytest.mark.django_db
def test_the_product_cannot_empty_the_journal():
    write(1)
    with connection.cursor() as cursor:  # the suite switches this guard off to clean up behind transactional tests
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'accounts_journalentry'::regclass AND tgtype & 32 <> 0"
        )
        [name] = cursor.fetchone()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f'ALTER TABLE accounts_journalentry ENABLE TRIGGER "{name}"')

        with pytest.raises(InternalError, match="Cannot truncate"), transaction.atomic():
            cursor.execute("TRUNCATE accounts_journalentry")

    assert JournalEntry.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("UPDATE accounts_journalentry SET data = '{\"n\": 99}' WHERE number = 3", "Row 3 was changed"),
        ("UPDATE accounts_journalentry SET action = 'tests.harmless' WHERE number = 2", "Row 2 was changed"),
        ("UPDATE accounts_journalentry SET at = at + interval '1 microsecond' WHERE number = 4", "Row 4 was changed"),
        ("UPDATE accounts_journalentry SET by_id = NULL WHERE number = 1", "Row 1 was changed"),
        ("UPDATE accounts_journalentry SET subject = 'x' WHERE number = 5", "Row 5 was changed"),
        ("UPDATE accounts_journalentry SET hash = repeat('a', 64) WHERE number = 2", "Row 2 was changed"),
        ("DELETE FROM accounts_journalentry WHERE number = 3", "Row 3 is missing"),
        ("DELETE FROM accounts_journalentry WHERE number = 1", "Row 1 is missing"),
    ],
)
def test_tampering_by_the_owner_of_the_database_is_named(sql, row):
    """E11."""
    write(5, by=make_person())

    as_owner(sql)

    with pytest.raises(CommandError, match=row):
        checked()


@pytest.mark.django_db
def test_two_entries_that_changed_places_are_named():
    write(5)

    for old, new in ((2, 999), (4, 2), (999, 4)):
        as_owner("UPDATE accounts_journalentry SET number = %s WHERE number = %s", new, old)

    with pytest.raises(CommandError, match="Row 2"):
        checked()


@pytest.mark.django_db
def test_an_entry_whose_hash_was_made_to_fit_breaks_the_next_one():
    entries = write(3)
    entries[1].data = {"n": 99}

    as_owner(
        "UPDATE accounts_journalentry SET data = '{\"n\": 99}', hash = %s WHERE number = 2", journal.hash_of(entries[1])
    )

    with pytest.raises(CommandError, match="Row 3 does not follow"):
        checked()


@pytest.mark.django_db
def test_a_cut_off_or_rewritten_end_shows_against_a_head_kept_elsewhere():
    entries = write(4)
    head = f"4:{entries[-1].hash}"
    assert "whole" in checked(head=head)

    as_owner("DELETE FROM accounts_journalentry WHERE number = 4")

    assert "whole" in checked()
    with pytest.raises(CommandError, match="Row 4 is missing"):
        checked(head=head)
    write(1)
    with pytest.raises(CommandError, match="Row 4 was written anew"):
        checked(head=head)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_chain():
    """Real threads on PostgreSQL, each with its own connection, some of which roll back."""
    person, writers, each, errors = make_staff(), 8, 15, []

    def work(number: int) -> None:
        try:
            for n in range(each):
                try:
                    with transaction.atomic():
                        journal.record(
                            by=person, action="tests.write", subject=f"{number}", data={"n": n}, now=timezone.now()
                        )
                        if n % 5 == 4:
                            raise ZeroDivisionError
                except ZeroDivisionError:
                    pass
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    kept = writers * each * 4 // 5
    assert list(JournalEntry.objects.order_by("number").values_list("number", flat=True)) == list(range(1, kept + 1))
    assert checked().startswith(f"The journal is whole. Head: {kept}:")
