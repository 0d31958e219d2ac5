"""The pages of imports: any file and any entry is answered with a page and a sentence, never with an error."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import JournalEntry
from tests.factories.accounts import make_staff
from tests.tickets.imports.exports import ZENDESK_PEOPLE, ZENDESK_TICKETS, lines, make_admin, table
from tests.tickets.imports.test_tables import HEAD, rows
from tickets.actions.imports import work
from tickets.import_choices import ImportState
from tickets.models import ColumnMapping, ImportFile, Team, Ticket, TicketImport

pytestmark = pytest.mark.django_db
AT = "/settings/imports/"


@pytest.fixture
def admin(client):
    found = make_admin()
    client.force_login(found)
    return found


def send(client, content: bytes, *, name: str = "tickets.csv", **fields):
    given = {"kind": "table", "source": "Kayako", "team": Team.objects.earliest("pk").pk, **fields}
    return client.post(AT, {**given, "sent": SimpleUploadedFile(name, content)})


def entered(page: str) -> dict[str, str]:
    """What stands chosen in the selects and radios of a page."""
    found = dict(re.findall(r'<input type="radio" name="(\w+)" value="(\w*)"[^>]*checked', page))
    for name, body in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body)
        found[name] = chosen[1] if chosen else ""
    return found


def text(answer) -> str:
    return answer.content.decode()


def test_U43_a_table_is_looked_at_mapped_begun_followed_and_its_columns_are_remembered(client, admin):
    data = table((*HEAD[:5], "Stage", *HEAD[6:]), [*rows(3, state="Parked"), ("x", "=cmd()", "y", "nobody")])
    answer = send(client, data, name="../../etc/x\u202e.csv")
    run = TicketImport.objects.get()
    assert answer.url == f"{AT}{run.pk}/" and run.state == ImportState.READY and run.source == "kayako"
    assert not Ticket.objects.exists() and "/" not in ImportFile.objects.get().name
    page = text(client.get(answer.url))
    fields = entered(page)
    assert (fields["column_0"], fields["column_3"], fields["column_5"]) == ("id", "email", "")
    assert "Number 0" in page and "Guessed" in page

    fields["column_5"] = fields["column_0"]
    twice = client.post(answer.url, {**fields, "do": "begin"})
    assert twice.status_code == 422 and "Two columns hold" in text(twice)
    fields["column_5"] = "state"
    assert client.post(answer.url, {**fields, "do": "look"}).status_code == 302
    page = text(client.get(answer.url))
    fields = {**entered(page), "state_0": "hold"}
    assert "Parked becomes" in page and "You said so the last time" in page
    assert client.post(answer.url, {**fields, "do": "begin"}).status_code == 302
    client.post(answer.url, {**fields, "do": "begin"})
    assert JournalEntry.objects.filter(action="tickets.import").count() == 1, "pressed twice, begun once"
    running = text(client.get(answer.url))
    assert "You may leave this page" in running and "hx-trigger" in running
    assert work.work(run_id=run.pk, now=timezone.now)

    page = text(client.get(answer.url))
    assert "Done" in page and "nobody" in page and "1 as CSV" in page
    assert set(Ticket.objects.values_list("category", flat=True)) == {"hold"}
    bad = b"".join(client.get(f"{answer.url}refused/").streaming_content).decode("utf-8-sig")
    assert "'=cmd()" not in bad.splitlines()[0] and "is no mail address" in bad
    assert not any(cell.startswith("=") for line in bad.splitlines() for cell in line.split(","))
    send(client, data)
    again = TicketImport.objects.latest("pk")
    assert (again.mapping["states"], again.mapping["columns"][5]) == ({"Parked": "hold"}, "state")
    assert "kayako" in text(client.get(AT)) and ColumnMapping.objects.count() == 1


def test_records_of_json_are_shown_before_they_are_taken(client, admin):
    answer = send(client, lines([*ZENDESK_PEOPLE, *ZENDESK_TICKETS]) + b"{broken\n", name="export.json", kind="zendesk")
    page = text(client.get(answer.url))
    assert "101 Where is my refund?" in page and "no whole record" in page
    assert client.post(answer.url, {"do": "begin", "reasons_from_tags": "on"}).status_code == 302
    assert work.work(run_id=TicketImport.objects.get().pk, now=timezone.now)
    assert Ticket.objects.count() == 3 and TicketImport.objects.get().bad == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"), (b"\x00" * 500, "no table"), (b"PK\x03\x04" + b"x" * 300, "is packed"),
        (b",".join(b"c%d" % no for no in range(10_000)) + b"\n1\n", "10,000 columns"),
        (b"one\n1\n", "comma or semicolon"),
        ('"' + "x" * 3_000_000, "cannot be read"), (b"\x1f\x8b\x08packed", "is packed"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_a_sentence_and_leaves_nothing(client, admin, content, words):
    answer = send(client, content if isinstance(content, bytes) else content.encode())
    assert answer.status_code == 422 and words in text(answer)
    assert not TicketImport.objects.exists() and not ImportFile.objects.exists()


def test_whatever_is_entered_is_answered_with_a_page(client, admin, settings, tmp_path):
    settings.IMPORT_DIR = tmp_path
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours/t.csv").write_bytes(table(HEAD, rows(2)))
    (tmp_path / "ours/link.csv").symlink_to("/etc/passwd")
    for given in (
        {}, {"kind": "x"}, {"kind": "table", "source": "\x00'\"", "team": "9" * 30},
        {"kind": "table", "folder": "../etc"},
        {"kind": ["table", "mbox"], "team": "-1"}, {"kind": "mbox", "folder": "ours", "team": Team.objects.first().pk},
    ):  # fmt: skip
        assert client.post(AT, given).status_code == 422, given
    answer = client.post(AT, {"kind": "table", "folder": "ours", "team": Team.objects.first().pk})
    run = TicketImport.objects.get()
    assert [one.path for one in run.files.all()] == ["ours/t.csv"], "S17: no link is followed"
    for given in (
        {}, {"rows": "x", "zone": "Mars"}, {"rows": "tickets", "zone": "UTC", "column_0": "\x00"},
        {"rows": "people", "zone": "UTC", "column_0": "subject"},
        {"rows": "tickets", "zone": "UTC", "column_999": "id"},
    ):  # fmt: skip
        assert client.post(answer.url, given).status_code == 422, given
    for pk in (0, 2**70):
        assert client.get(f"{AT}{pk}/").status_code == client.get(f"{AT}{pk}/refused/").status_code == 404
        assert client.post(f"{AT}{pk}/stop/").status_code == 404
    assert client.post(f"{answer.url}stop/").status_code == 302
    assert client.post(answer.url, {"do": "begin"}).status_code == 302, "what is over stays over"
    assert TicketImport.objects.get().state == ImportState.STOPPED
    (tmp_path / "ours/t.csv").unlink()
    assert client.get(answer.url).status_code == 200


def test_S22_only_an_admin_brings_anything_here(client, admin):
    send(client, table(HEAD, rows(1)))
    run = TicketImport.objects.get()
    client.force_login(make_staff())
    for path in (AT, f"{AT}{run.pk}/", f"{AT}{run.pk}/refused/"):
        assert client.get(path).status_code == 403
    for path in (AT, f"{AT}{run.pk}/", f"{AT}{run.pk}/stop/"):
        assert client.post(path, {}).status_code == 403
    assert not Ticket.objects.exists()
