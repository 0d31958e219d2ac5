"""Tables and mailboxes: good rows come, bad ones are listed, nothing comes twice, however often a worker is killed."""

import json
import os
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.actions.change_address import phone_of
from accounts.actions.handles import find_or_create_handle
from accounts.choices import HandleSort
from accounts.models import Membership, Person
from billing.access import customers_of
from mail.models import StoredFile
from supportdesk.faults.invariants import violations
from tests.billing.money import killed_at
from tests.crowds import Crowd
from tests.factories.accounts import make_organisation, make_person, make_staff
from tests.factories.billing import make_customer
from tests.factories.tickets import make_mailbox
from tests.tickets.imports.exports import NOW, bring, counts, make_admin, prepare, table, whys
from tickets.actions.imports import begin, work
from tickets.choices import Author, Category
from tickets.import_choices import ImportState
from tickets.models import (
    Attachment,
    BusinessCalendar,
    ContactReason,
    CustomField,
    ImportFile,
    Message,
    Note,
    Team,
    Ticket,
    TicketImport,
)
from tickets.queries_desk.calls import number_of, people_by_number

HEAD = ("Ticket ID", "Subject", "Description", "Email", "Name", "Status", "Created", "Closed", "Tags", "Assignee email")


def rows(count: int, **changed) -> list[tuple]:
    """Tickets of three customers."""
    return [
        (no, f"Robot {no}", f"Number {no}\nstands still.", f"c{no % 3}@school.example", f"Customer {no % 3}",
         changed.get("state", "Closed"), "2025-02-01 10:00", "2025-02-02 11:30", "robots", "ali@desk.example")
        for no in range(count)
    ]  # fmt: skip


@pytest.fixture
def admin(db):
    return make_admin()


def test_a_table_comes_once_with_its_people_states_times_and_agents(admin):
    ali = make_staff(email="ali@desk.example")
    reason = ContactReason.objects.create(name="Robots")
    made = bring(admin, "table", table(HEAD, rows(4)), source="kayako", reasons_from_tags=True)

    assert counts(made) == (4, 0, 0, 0) and Person.objects.filter(email__startswith="c").count() == 3
    ticket = Ticket.objects.earliest("pk")
    assert (ticket.category, ticket.assignee, ticket.contact_reason) == (Category.CLOSED, ali, reason)
    assert (ticket.created_at.hour, ticket.closed_at.minute, ticket.imported_at) == (10, 30, NOW)
    assert ticket.messages.get().text == "Number 0\nstands still."
    again = bring(admin, "table", table(HEAD, [*rows(4), *rows(4)]), source="kayako")
    assert counts(again) == (0, 0, 8, 0) and Ticket.objects.count() == Message.objects.count() == 4
    assert counts(bring(admin, "table", table(HEAD, rows(4)), source="zoho"))[0] == 4, (
        "another desk has its own numbers"
    )


def test_what_a_spreadsheet_saves_as_unicode_comes_too(admin):
    data = table(HEAD, [(1, "Zoë’s robot", "Привет", *rows(1)[0][3:])], delimiter="\t").decode().encode("utf-16")
    made = bring(admin, "table", data)
    assert counts(made) == (1, 0, 0, 0) and Ticket.objects.get().subject == "Zoë’s robot"
    assert Message.objects.get().text == "Привет"


def test_several_rows_of_a_ticket_are_its_messages(admin):
    head = ("Case ID", "Subject", "Email", "Comment", "Comment Date", "Author", "Is Public")
    found = [
        (1, "Kit", "c@school.example", "Where is it?", "2025-01-01 10:00", "", "true"),
        (1, "Kit", "c@school.example", "Look, a canary", "2025-01-01 11:00", "Bob", "false"),
        (1, "Kit", "c@school.example", "It left today.", "2025-01-01 12:00", "Bob", "true"),
    ]
    made = bring(admin, "table", table(head, found))
    assert counts(made) == (1, 2, 0, 0)
    ticket = Ticket.objects.get()
    assert [(one.author, one.from_name) for one in ticket.messages.order_by("pk")] == [
        (Author.CUSTOMER, "c@school.example"), (Author.AGENT, "Bob"),
    ]  # fmt: skip
    assert Note.objects.get().text == "Bob:\n\nLook, a canary"
    assert counts(bring(admin, "table", table(head, found))) == (0, 0, 3, 0)
    thanks = (1, "Kit", "c@school.example", "Thank you.", "2025-01-01 13:00", "C@school.example", "true")
    assert counts(bring(admin, "table", table(head, [*found, thanks]))) == (0, 1, 3, 0)
    assert Message.objects.latest("pk").author == Author.CUSTOMER, "by the row that has nothing else new"


def test_people_come_by_a_table_of_their_own(admin):
    head = ("Contact ID", "Full Name", "Email", "Company")
    data = table(
        head,
        [(1, "Dana", "DANA@delta.example", "Delta"), (2, "No address", "", ""), (3, "Ann", "ann@x.example", "Delta")],
    )
    made = bring(admin, "table", data)
    assert counts(made) == (2, 0, 0, 1) and "no address" in whys(made)[0]
    assert Membership.objects.filter(organisation__name="Delta").count() == 2
    assert counts(bring(admin, "table", data)) == (0, 0, 2, 1)


def test_S10_telephones_of_another_desk_find_people_and_what_texts_from_one_is_not_theirs(admin):
    """Two of a switchboard share one; whoever writes a stranger's number into their profile there gains nothing."""
    head, number = ("Contact ID", "Full Name", "Email", "Phone"), "+1 403 555 0147"
    people = [(1, "Eve", "eve@x.example", number), (2, "Ann", "ann@x.example", "001 (403) 555-0147"),
              (3, "Bo", "bo@x.example", "ext. \x00 none"), (4, "Cy", "cy@x.example", "")]  # fmt: skip
    for _ in range(2):
        bring(admin, "table", table(head, people))
    bring(admin, "table", table(("Ticket", "Subject", "Requester", "Phone"), [(9, "Kit", "dee@x.example", number)]))
    user = {"id": 5, "name": "Fay", "email": "fay@x.example", "role": "end-user", "phone": "+49 30 1234567"}
    assert counts(bring(admin, "zendesk", json.dumps({"users": [user]}).encode())) == (1, 0, 0, 0)

    found = {handle.person.email for handle in people_by_number("+14035550147")}
    assert found == {"eve@x.example", "ann@x.example", "dee@x.example"}
    assert number_of(Person.objects.get(email="fay@x.example").pk) == "+49301234567"
    assert not find_or_create_handle(sort=HandleSort.PHONE, value="+14035550147", now=NOW).person.has_mail
    assert phone_of(Person.objects.get(email="eve@x.example")) == "", "it is nothing by which a caller is known"
    user["phone"] = "+49 30 7654321"
    assert counts(bring(admin, "zendesk", json.dumps({"users": [user]}).encode())) == (0, 1, 0, 0)
    assert number_of(Person.objects.get(email="fay@x.example").pk) == "+49307654321"


def test_S10_a_file_makes_nobody_a_member_of_a_company_that_buys_here(admin):
    """Two schools of one name: whoever writes for the one would read and pay the invoices of the other."""
    customer = make_customer(organisation=make_organisation(name="Lincoln School", domain="lincoln.example"))
    people = [(1, "Eve", "eve@elsewhere.example", "LINCOLN SCHOOL"), (2, "Ann", "ann@x.example", "Another")]
    bring(admin, "table", table(("Contact ID", "Full Name", "Email", "Company"), people))
    companies = [{"id": 7, "name": "Lincoln", "domain_names": ["lincoln.example"]}]
    user = {"id": 8, "name": "Eve", "email": "eve@elsewhere.example", "organization_id": 7, "role": "end-user"}
    bring(admin, "zendesk", json.dumps({"organizations": companies}).encode(), json.dumps({"users": [user]}).encode())
    eve = Person.objects.get(email="eve@elsewhere.example")
    Person.objects.filter(pk=eve.pk).update(email_verified_at=NOW)
    eve.refresh_from_db()

    assert not customers_of(eve).filter(pk=customer.pk).exists()
    assert [one.organisation.name for one in Membership.objects.select_related("organisation")] == ["Another"]


def test_S10_tickets_of_a_file_are_read_by_nobody_of_a_company_of_the_same_name(admin):
    """Whoever sees their colleagues' tickets would read what a stranger of another Lincoln School wrote."""
    lincoln = make_organisation(name="Lincoln School")
    bob = make_person(email="bob@lincoln.example")
    Membership.objects.create(person=bob, organisation=lincoln, sees_colleagues_tickets=True)
    head = ("Case Number", "Subject", "Contact Email", "Account Name")
    asked = [(1, "Our secret", "eve@elsewhere.example", "LINCOLN school"), (2, "Kit", "ann@x.example", "Another")]
    bring(admin, "table", table(head, asked))
    bring(
        admin,
        "table",
        table(("Contact ID", "Full Name", "Company", "Email"), [(1, "Eve", "Lincoln School", "eve@elsewhere.example")]),
    )
    bring(admin, "table", table(head, [(3, "Another secret", "eve@elsewhere.example", "Lincoln School")]))

    assert not Ticket.objects.visible(bob).exists() and lincoln.memberships.count() == 1
    assert set(Ticket.objects.values_list("subject", "organisation__name")) == {
        ("Our secret", None), ("Kit", "Another"), ("Another secret", None),
    }  # fmt: skip


def test_times_without_a_zone_are_those_of_the_desk_unless_somebody_says_otherwise(admin):
    BusinessCalendar.objects.update(time_zone="Asia/Tokyo")
    bring(admin, "table", table(HEAD, rows(1)))
    ticket = Ticket.objects.get()
    assert (ticket.created_at.isoformat(), ticket.closed_at.hour) == ("2025-02-01T01:00:00+00:00", 2)


def test_bad_rows_are_listed_with_their_reason_and_the_good_ones_come(admin):
    make_mailbox(address="help@desk.example")
    CustomField.objects.create(key="serial", name="Serial", kind="number")
    bad = [list(one) for one in rows(9)]
    bad[0][3], bad[1][3], bad[2][3] = "", "nobody", "help@desk.example"
    bad[3][6], bad[4][6], bad[5][6] = "soon", "2199-01-01", "1066-10-14"
    bad[6][1] = bad[6][2] = ""
    bad[8][2] = " ".join(f"w{no}x{no * 7919}" for no in range(15_000))  # more words than an index of one text holds
    bad[7][1], bad[7][8] = "x" * 500 + "\x00MARK" * 200, "\u202e, " * 200 + "a" * 300
    content = table(HEAD, [*bad, bad[1]]).replace(b"MARK", b"\xed\xa0\x80")
    made = bring(admin, "table", content)
    assert counts(made) == (2, 0, 0, 8)
    assert [why.partition(":")[0][:30] for why in whys(made)][:3] == [
        "It does not say who asked", "“nobody” is no mail address.", "“help@desk.example” is an addr",
    ]  # fmt: skip
    numbers = list(made.refusals.order_by("pk").values_list("external_id", flat=True))
    assert numbers[:3] == [str(one[0]) for one in bad[:3]], "each is found in the other desk by its number there"
    assert "no date" in whys(made)[3] and "lies ahead" in " ".join(whys(made)) and "before 1980" in " ".join(whys(made))
    for one in Ticket.objects.all():
        assert len(one.subject) <= 998 and all(len(tag) <= 60 for tag in one.tags)


def mbox(*mails: EmailMessage) -> bytes:
    """An archive."""
    return b"".join(b"From x@y.example Mon Feb  3 10:00:00 2025\n" + bytes(mail) + b"\n\n" for mail in mails)


def mail(number: int, sender: str, to: str, *, answers: tuple[int, ...] = (), text: str = "") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, "The kit"
    made["Message-ID"], made["Date"] = f"<{number}@school.example>", f"Mon, 3 Feb 2025 1{number}:00:00 +0000"
    if answers:
        made["References"] = " ".join(f"<{one}@school.example>" for one in answers)
    made.set_content(text or f"Words {number}.")
    return made


def test_an_archive_becomes_a_ticket_for_each_thread_with_files_and_a_later_mail_joins_it(admin):
    make_mailbox(address="help@desk.example")
    first = mail(1, "Dana <dana@delta.example>", "help@desk.example")
    first.add_attachment(b"%PDF-1.4 x", maintype="application", subtype="pdf", filename="kit.pdf")
    answer = mail(2, "help@desk.example", "dana@delta.example", answers=(1,))
    other, broken = mail(5, "ann@x.example", "help@desk.example"), mail(6, "", "help@desk.example")

    made = bring(admin, "mbox", mbox(answer, first, other, broken, first))

    assert counts(made) == (2, 1, 1, 1), whys(made)
    ticket = Ticket.objects.get(requester__email="dana@delta.example")
    words = list(ticket.messages.order_by("created_at").values_list("author", "text", "message_id"))
    assert words == [("customer", "Words 1.", "<1@school.example>"), ("agent", "Words 2.", "<2@school.example>")]
    assert (ticket.category, ticket.closed_at.hour) == (Category.CLOSED, 12)
    assert Attachment.objects.get().name == "kit.pdf" and Attachment.objects.get().file.read() == b"%PDF-1.4 x"
    late = mail(3, "dana@delta.example", "help@desk.example", answers=(1, 2))
    assert counts(bring(admin, "mbox", mbox(answer, first, other, late))) == (0, 1, 3, 0)
    ticket.refresh_from_db()
    assert (ticket.messages.count(), ticket.closed_at.hour, ticket.closings.get().at.hour) == (3, 13, 13)
    ours = mail(7, "help@desk.example", "sales@desk.example")
    make_mailbox(address="sales@desk.example")
    for _ in range(2):  # what was not taken is not called the same the next time, and its later mails come
        refused = bring(admin, "mbox", mbox(ours))
        assert (counts(refused), whys(refused)) == ((0, 0, 0, 1), ["Nobody outside this desk takes part in it."])
    assert counts(bring(admin, "mbox", mbox(ours, mail(8, "eve@x.example", "help@desk.example", answers=(7,)))))[0] == 1


@pytest.mark.django_db(transaction=True)
def test_killed_anywhere_and_two_at_once_every_row_comes_once():
    admin = make_admin()
    made = prepare(admin, "table", table(HEAD, rows(1_200)))
    begin.begin(run=made, by=admin, now=NOW)
    step = {"run_id": made.pk, "now": NOW}
    for point in ("tickets.import.before_commit", "tickets.import.after_commit", "tickets.import.before_commit"):
        assert killed_at(point, lambda: work.take_slice(**step))
        made.refresh_from_db()
        assert made.made == Ticket.objects.count() == Message.objects.count()
    assert 0 < made.made < 1_200, "one of the three came through"
    assert work.wake_again(run_id=made.pk, now=NOW) == NOW + work.PATIENCE, "somebody goes on with it"
    with Crowd(3) as crowd:
        crowd.act([lambda: work.work(run_id=made.pk, now=lambda: NOW, seconds=120)] * 3)
    while not work.work(run_id=made.pk, now=lambda: NOW, seconds=120):
        pass
    made.refresh_from_db()
    assert (made.state, counts(made)) == (ImportState.DONE, (1_200, 0, 0, 0))
    assert Ticket.objects.count() == Message.objects.count() == 1_200
    assert [one for one in violations(now=NOW) if one.invariant in ("I1", "I3")] == []


def test_a_slice_ends_where_memory_would_not(admin, monkeypatch):
    """Mails of 25 MB each: not as many at once as there are small ones."""
    monkeypatch.setattr(work, "SLICE_BYTES", 1_000)
    made = prepare(admin, "table", table(HEAD, rows(40)))
    begin.begin(run=made, by=admin, now=NOW)
    assert 1_000 < work.take_slice(run_id=made.pk, now=NOW).bytes < 1_300
    assert work.work(run_id=made.pk, now=lambda: NOW) and Ticket.objects.count() == 40


def test_one_at_a_time_stopped_when_told_and_files_are_forgotten(admin, settings):
    data = table(HEAD, rows(3))
    one, other = prepare(admin, "table", data), prepare(admin, "table", data)
    begin.begin(run=one, by=admin, now=NOW)
    with pytest.raises(begin.CannotImport, match="Another import"):
        begin.begin(run=other, by=admin, now=NOW)
    begin.stop(run=one, by=admin, now=NOW)
    assert work.work(run_id=one.pk, now=lambda: NOW) and not Ticket.objects.exists()
    left = Path(settings.FILE_UPLOAD_TEMP_DIR, "tmpabc.upload.csv")
    left.write_bytes(b"x")
    assert begin.forget_files(now=NOW + timedelta(days=8)) == 2 and left.exists()
    os.utime(left, (NOW.timestamp(), NOW.timestamp()))
    begin.forget_files(now=NOW + timedelta(days=8))
    assert not left.exists(), "of a process that was killed"
    assert not ImportFile.objects.exclude(file=None).exists() and not StoredFile.objects.exists()
    late = begin.begin(run=other, by=admin, now=NOW)
    assert work.work(run_id=late.pk, now=lambda: NOW)
    assert "cannot be read" in whys(late)[0], "a file that went says so"


def test_the_command_brings_files_and_says_what_was_not_taken(admin, tmp_path, capsys):
    path = tmp_path / "tickets.csv"
    path.write_bytes(table(HEAD, [*rows(2), ("x", "y")]))
    with pytest.raises(CommandError, match="1 rows were not taken"):
        call_command("import_tickets", str(path), "--kind", "table", "--by", admin.email, "--source", "Kayako")
    assert Ticket.objects.count() == 2 and TicketImport.objects.get().source == "kayako"
    assert "New: 2" in capsys.readouterr().out
    for words in (["missing.csv"], [str(path), "--kind", "table", "--by", "x@y.example"]):
        with pytest.raises(CommandError):
            call_command("import_tickets", *words)
    assert Team.objects.exists()
