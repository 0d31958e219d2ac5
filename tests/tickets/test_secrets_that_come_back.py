"""A code or link that was mailed to one reader and comes back to the desk is over before the staff can read it."""

import base64
import re
from datetime import timedelta

import pytest

from accounts import identity
from accounts.actions import codes, invites, reset_links
from accounts.actions import identity as checks
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, make_staff
from tests.factories.mails import arrive, make_mail
from tests.factories.tickets import WEDNESDAY, make_mailbox, make_ticket
from tickets.models import Message

pytestmark = pytest.mark.django_db(transaction=True)
LATER = WEDNESDAY + timedelta(minutes=1)
CODE = re.compile(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b")


def plain(text: str) -> bytes:
    """A machine's answer that no pattern of bounces knows, with our words below its own."""
    return make_mail(subject="Ihre Nachricht", text="Leider nicht zugestellt.\n\n> " + text.replace("\n", "\n> "))


def quoted_printable(text: str) -> bytes:
    """With its lines cut in the middle of every word."""
    words = "=\r\n".join(re.findall(r"(?s).{1,5}", text.replace("=", "=3D").replace("\n", "\r\n")))
    head = make_mail().split(b"\r\n\r\n")[0].replace(b"8bit", b"quoted-printable")
    return head + b"\r\n\r\n" + words.encode()


def attached(text: str) -> bytes:
    """The mail as a file, in base64."""
    head = make_mail().split(b"\r\n\r\n")[0].replace(b"text/plain; charset=utf-8", b"multipart/mixed; boundary=b")
    file = base64.encodebytes(f"Subject: A code\r\n\r\n{text}".encode())
    return head + (
        b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n--b\r\nContent-Type: application/x-mail\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + file + b"--b--\r\n"
    )


def bomb(text: str) -> bytes:
    """What cannot be read, and is set aside for an admin to look at."""
    return b"X: y\r\n" * 20_000 + b"\r\n" + text.encode()


@pytest.mark.parametrize("sent_back", [plain, quoted_printable, attached, bomb])
def test_e4_e9_what_comes_back_by_mail_lets_nobody_in_and_stands_in_no_ticket(sent_back):
    """E4: no L1 code on an agent's screen, S40: nor a link to enter; a code of somebody else goes on working."""
    mailbox, agent, other, admin = make_mailbox(), make_staff("agent"), make_person(), make_staff("admin")
    person = make_person()
    number = make_ticket(requester=person, now=WEDNESDAY).pk
    checks.mail_code(person=person, ticket_id=number, by=agent, now=WEDNESDAY)
    signing_in = codes.request_code(email=person.email, now=WEDNESDAY)
    link = reset_links.send(person=person, ticket_id=number, by=agent, now=WEDNESDAY)
    invited = invites.invite(email="new@school.example", roles=["agent"], by=admin, now=WEDNESDAY)
    mails = list(OutgoingMail.objects.filter(to_address__in=[person.email, "new@school.example"]).order_by("pk"))
    checks.mail_code(person=other, ticket_id=number, by=agent, now=WEDNESDAY)

    for mail in mails:
        arrive(sent_back(mail.text), mailbox=mailbox, now=LATER)

    code = CODE.search(mails[0].text)[0]
    with pytest.raises(checks.CodeOver):
        checks.type_code(person=person, ticket_id=number, text=code, by=agent, now=LATER)
    with pytest.raises(codes.CodeRefused):
        codes.redeem_code(code_id=signing_in.pk, text=CODE.search(mails[1].text)[0], now=LATER)
    token = re.search(r"/reset/([\w-]+)/", mails[2].text)[1]
    with pytest.raises(reset_links.LinkOver):
        reset_links.find(token=token, now=LATER)
    with pytest.raises(invites.InviteOver):
        invites.find_invite(token=re.search(r"/invitation/([\w-]+)/", mails[3].text)[1], now=LATER)
    link.refresh_from_db()
    invited.refresh_from_db()
    assert link.withdrawn_at and invited.withdrawn_at
    kept = " ".join(f"{one.text} {one.quoted_text} {one.html}" for one in Message.objects.all())
    assert code not in kept and token not in kept
    theirs = CODE.search(OutgoingMail.objects.filter(to_address=other.email).latest("pk").text)[0]
    checks.type_code(person=other, ticket_id=number, text=theirs, by=agent, now=LATER)
    assert identity.level_of(other, number, LATER) == 1
