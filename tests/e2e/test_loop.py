"""The whole loop on the real product: `manage.py up`, its listener, workers and pages, a mail program and a browser."""

import mailbox
import os
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_binary_file
from email.message import EmailMessage, Message
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import ROOT, Screen
from tests.e2e.servers import database_url, free_port, running

pytestmark = pytest.mark.browser

AGENT = """
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from accounts.choices import Role
from tests.factories.accounts import make_staff
from tests.factories.tickets import make_mailbox
make_mailbox(address="help@desk.example")
person = make_staff(Role.AGENT, name="Alma Agent", email="alma@desk.example", undo_send_seconds=5)
session = SessionStore()
session[SESSION_KEY] = str(person.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = person.get_session_auth_hash()
session.create()
print(settings.SESSION_COOKIE_NAME, session.session_key)
"""


@dataclass(frozen=True)
class Product:
    """A running supportdesk. `cookie` signs its agent in."""

    address: str
    smtp_port: int
    home: Path
    cookie: dict[str, str]

    def send(self, message: EmailMessage) -> None:
        """Hand a mail to the local listener, as a mail program does."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=20) as smtp:
            smtp.send_message(message)

    def sent(self, words: str, *, within: float) -> list[Message]:
        """The mails with `words` that have left the desk, once one has."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if (self.home / "outbox").exists():
                letters = mailbox.Maildir(self.home / "outbox", factory=message_from_binary_file)
                found = [letter for letter in letters if words in _text_of(letter)]
                if found:
                    return found
            time.sleep(0.1)
        return []


@pytest.fixture
def product(django_db_setup, tmp_path: Path) -> Iterator[Product]:
    """The product on a database of its own."""
    name = f"loop_{os.getpid()}"
    admin = psycopg2.connect(database_url())
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")
    port, smtp_port = free_port(), free_port()
    environment = {
        "DJANGO_SETTINGS_MODULE": "supportdesk.settings", "DATABASE_URL": _beside(database_url(), name),
        "VAR_DIR": str(tmp_path), "SMTP_PORT": str(smtp_port), "DEMO": "0", "SITE_URL": f"http://127.0.0.1:{port}",
    }  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        with running([str(ROOT / "manage.py"), "up", "--port", str(port)], ready=f"{address}/readyz", **environment):
            made = subprocess.run(
                [sys.executable, str(ROOT / "manage.py"), "shell", "-v0", "-c", AGENT],
                env={**os.environ, **environment}, cwd=ROOT, capture_output=True, text=True, check=True,
            )  # fmt: skip
            cookie, value = made.stdout.split()[-2:]
            yield Product(address, smtp_port, tmp_path, {"name": cookie, "value": value, "url": address})
    finally:
        with admin.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.close()


def _text_of(letter: Message) -> str:
    parts = [part for part in letter.walk() if part.get_content_maintype() == "text"]
    return "\n".join((part.get_payload(decode=True) or b"").decode("utf-8", "replace") for part in parts)


def _beside(url: str, name: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


def _mail(text: str, *, to: str, subject: str, number: str, **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Cara Customer <cara@robotics.example>", to, subject
    mail["Message-ID"], mail["Date"] = f"<{number}@robotics.example>", "Mon, 23 Nov 2026 09:00:00 +0000"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def test_a_mail_becomes_a_ticket_its_answer_is_mailed_and_the_answer_to_that_returns(chromium, product):
    """No reload, no second ticket, threaded and signed."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies([product.cookie])
    screen = Screen(context.new_page(), product.address)
    page = screen.page
    screen.open("/inbox/unassigned/")
    expect(page.locator("body")).to_have_attribute("data-live-state", "on", timeout=20_000)
    page.evaluate("window.isSamePage = true")

    product.send(_mail("It fell off the table.", to="help@desk.example", subject="My robot is broken", number="m1"))

    row = page.locator("#tickets a[data-ticket]", has_text="My robot is broken")
    expect(row).to_be_visible(timeout=20_000)
    assert page.evaluate("window.isSamePage") is True
    row.click()
    expect(page.locator("#items")).to_contain_text("It fell off the table.")
    page.locator("#composer textarea").fill("Which leg is it?")
    page.locator("#composer textarea").press("Control+Shift+Enter")
    expect(page.locator("#items")).to_contain_text("Which leg is it?")

    answers = product.sent("Which leg is it?", within=40)
    assert len(answers) == 1, [str(path) for path in product.home.rglob("outbox/**/*")]
    answer = answers[0]
    assert answer["In-Reply-To"] == "<m1@robotics.example>"
    assert answer["Subject"] == "Re: My robot is broken"
    assert "cara@robotics.example" in answer["To"]
    back = answer["Reply-To"] or answer["From"]

    product.send(
        _mail("The left one.", to=back, subject="Re: My robot is broken", number="m2", In_Reply_To=answer["Message-ID"])
    )

    expect(page.locator("#items")).to_contain_text("The left one.", timeout=20_000)
    page.goto(product.address + "/inbox/all/")
    expect(page.locator("#tickets a[data-ticket]")).to_have_count(1)
    assert (screen.violations, screen.failures) == ([], [])
    context.close()
