"""Providers at the door: proven, or turned away; kept once; and honest when we cannot keep."""

import base64
import hashlib
import hmac
import json

import pytest
from django.db import OperationalError
from django.test import Client

from mail.choices import EventKind, MailState
from mail.models import DeliveryEvent, OptOut, OutgoingMail, RawMail
from tests.factories.mail import NOW, make_mailbox, make_outgoing, raw_bytes
from tests.mail.processes import at_once, python

SECRET = "hooks:a-long-enough-secret"
KEY = "mailgun-signing-key"
SPARKPOST = (
    b'[{"msys": {"relay_message": {"rcpt_to": "help@desk.example", "msg_from": "a@b.example",'
    b' "content": {"email_rfc822": "%s", "email_rfc822_is_base64": true}}}}]'
)
GERMAN = "From: ü@x.example\r\n\r\nx"
LATIN = b"From: a@b.example\r\nSubject: caf\xe9\r\n\r\n\x00\xff \xc3\xa9 100% + & = ;\r\n"


@pytest.fixture(autouse=True)
def providers(settings):
    settings.MAIL_WEBHOOK_PROVIDERS = ["mailgun", "postmark", "sparkpost", "postal"]
    settings.WEBHOOK_SECRET = SECRET
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": KEY}


def basic(secret=SECRET):
    return {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(secret.encode()).decode()}


def signed(**fields):
    values = {"timestamp": "1700000000", "token": "t" * 50, **fields}
    words = f"{values['timestamp']}{values['token']}".encode()
    return {**values, "signature": hmac.new(KEY.encode(), words, hashlib.sha256).hexdigest()}


def multipart(fields: dict) -> tuple[bytes, str]:
    parts = []
    for name, value in fields.items():
        raw = value if isinstance(value, bytes) else value.encode()
        parts.append(b'--XX\r\nContent-Disposition: form-data; name="' + name.encode() + b'"\r\n\r\n' + raw + b"\r\n")
    return b"".join(parts) + b"--XX--\r\n", "multipart/form-data; boundary=XX"


def post_mailgun(raw=LATIN, recipient="help@desk.example", *, headers=None, **fields):
    values = {**signed(), "recipient": recipient, "sender": "cara@r.example", "body-mime": raw, **fields}
    body, kind = multipart(values)
    headers = basic() if headers is None else headers
    return Client().post("/hooks/mail/mailgun/inbound_mime/", body, content_type=kind, **headers)


@pytest.mark.django_db
def test_a_posted_mail_is_kept_byte_for_byte_in_its_mailbox():
    mailbox = make_mailbox(address="help@desk.example")

    answer = post_mailgun()

    row = RawMail.objects.get()
    assert (answer.status_code, row.read(), row.mailbox, row.door) == (200, LATIN, mailbox, "webhook")
    assert (row.envelope_from, row.envelope_to) == ("cara@r.example", "help@desk.example")


@pytest.mark.django_db
def test_a_urlencoded_post_is_kept_byte_for_byte_too():
    from urllib.parse import quote_from_bytes, urlencode  # noqa: PLC0415 - for bytes that no text holds

    body = urlencode({**signed(), "recipient": "help@desk.example"}) + "&body-mime=" + quote_from_bytes(LATIN)

    answer = Client().post(
        "/hooks/mail/mailgun/inbound_mime/", body, content_type="application/x-www-form-urlencoded", **basic()
    )

    assert (answer.status_code, RawMail.objects.get().read()) == (200, LATIN)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("postmark", json.dumps({"RawEmail": GERMAN, "From": "a@b.example", "OriginalRecipient": "help@desk.example"})),
        ("sparkpost", SPARKPOST % base64.b64encode(GERMAN.encode())),
    ],
)
def test_other_providers_raw_mail_is_found_in_their_posts(name, body):
    mailbox = make_mailbox(address="help@desk.example")

    answer = Client().post(f"/hooks/mail/{name}/inbound/", body, content_type="application/json", **basic())

    row = RawMail.objects.get()
    assert (answer.status_code, row.mailbox, row.envelope_from) == (200, mailbox, "a@b.example")
    assert row.read() == GERMAN.encode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "headers", [{}, basic("hooks:wrong"), {"HTTP_AUTHORIZATION": "Basic %%%"}, {"HTTP_AUTHORIZATION": ""}]
)
def test_without_the_secret_a_post_is_401_and_nothing_is_kept_S35(headers):
    answer = post_mailgun(headers=headers)

    assert (answer.status_code, RawMail.objects.count()) == (401, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [{"signature": "0" * 64}, {"token": "other"}, {"timestamp": "1"}, {"signature": "é"}])
def test_with_the_secret_and_a_wrong_signature_a_post_is_401_S35(wrong):
    answer = post_mailgun(**wrong)

    assert (answer.status_code, RawMail.objects.count()) == (401, 0)


@pytest.mark.django_db
def test_with_no_secret_set_nobody_comes_in_S35(settings):
    settings.WEBHOOK_SECRET = ""
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": "supportdesk:"}

    answer = post_mailgun(headers=basic("supportdesk:"))

    assert (answer.status_code, RawMail.objects.count()) == (401, 0)


def test_the_app_refuses_to_start_with_a_door_and_no_lock_S35():
    code = "from django.conf import settings; print('started')"

    def start(providers, secret, **keys):
        gone = "postgres://x@127.0.0.1/x"
        return python(code, MAIL_WEBHOOK_PROVIDERS=providers, WEBHOOK_SECRET=secret, DATABASE_URL=gone, **keys)

    refused, short, unknown = start("mailgun", ""), start("mailgun", "short"), start("pigeon", SECRET)
    keyless, starts = start("mailgun", SECRET), start("mailgun", SECRET, MAILGUN_WEBHOOK_SIGNING_KEY="key")

    assert [one.returncode for one in (refused, short, unknown, keyless, starts)] == [1, 1, 1, 1, 0]
    assert "WEBHOOK_SECRET has to be set" in refused.stderr
    assert "pigeon" in unknown.stderr
    assert "set MAILGUN_WEBHOOK_SIGNING_KEY" in keyless.stderr


@pytest.mark.django_db
def test_a_provider_whose_key_is_gone_is_401_and_no_error_S35():
    answer = Client().post("/hooks/mail/postal/inbound/", b"{}", content_type="application/json", **basic())

    assert answer.status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["sendgrid", "mandrill", "nobody"])
def test_a_provider_that_is_not_enabled_is_404(name):
    answer = Client().post(f"/hooks/mail/{name}/inbound/", b"{}", content_type="application/json", **basic())

    assert answer.status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("postmark", b""), ("postmark", b"["), ("postmark", b"[" * 200_000), ("postmark", b"{}"), ("postmark", b"null"),
        ("postmark", b'{"RawEmail": 5}'), ("sparkpost", b"{}"), ("sparkpost", b'[{"msys": 5}]'), ("sparkpost", b"\xff"),
        ("sparkpost", b'[{"msys": {"relay_message": {"content": {}}}}]'), ("sparkpost", b"[5]"),
        ("sparkpost", SPARKPOST % b"x"),
    ],
)  # fmt: skip
def test_a_post_that_is_not_the_providers_is_400_with_a_sentence(name, body):
    answer = Client().post(f"/hooks/mail/{name}/inbound/", body, content_type="application/json", **basic())

    assert (answer.status_code, RawMail.objects.count()) == (400, 0)
    assert answer.content.decode().endswith((".", "on.", "/."))


@pytest.mark.django_db(transaction=True)
def test_the_same_post_three_times_at_once_is_one_mail_F18():
    make_mailbox(address="help@desk.example")

    answers = at_once(*[post_mailgun] * 3)

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert RawMail.objects.count() == 1


@pytest.mark.django_db
def test_while_the_database_is_away_the_provider_hears_503_F7(monkeypatch):
    def gone(*arguments, **named):
        raise OperationalError("the server is away")

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", gone)

    answer = post_mailgun()

    assert answer.status_code == 503


@pytest.mark.django_db
def test_a_mail_larger_than_djangos_limit_for_forms_is_taken_and_one_over_ours_is_413(settings):
    settings.MAIL_MAX_BYTES = 4_000_000
    large = b"Subject: large\r\n\r\n" + b"x" * 3_900_000

    taken = post_mailgun(large)
    refused = post_mailgun(b"y" * 6_100_000)

    assert (taken.status_code, refused.status_code) == (200, 413)
    assert [row.size for row in RawMail.objects.all()] == [len(large)]


@pytest.mark.django_db
def test_a_mail_for_nobody_we_know_is_kept_in_the_default_mailbox():
    default = make_mailbox(is_default=True)

    post_mailgun(raw_bytes(), recipient="who@desk.example")

    assert RawMail.objects.get().mailbox == default


@pytest.mark.django_db
def test_hostile_mails_that_crash_the_standard_parser_are_kept_unread_S15():
    for hostile in (b'From: "', b"To: a <@b:", b"From: " + b'"' * 90_000, b"Content-Type: multipart/mixed; boundary=x"):
        assert post_mailgun(hostile).status_code == 200

    assert RawMail.objects.count() == 4


def track_mailgun(mail, event="failed", *, severity="permanent", event_id="e1", code=550, words="5.1.1 no such user"):
    data = {
        "event": event, "severity": severity, "id": event_id, "timestamp": 1700000000.0, "recipient": mail.to_address,
        "message": {"headers": {"message-id": mail.message_id.strip("<>")}},
        "delivery-status": {"code": code, "message": words, "description": ""},
    }  # fmt: skip
    body = json.dumps({"signature": signed(), "event-data": data})
    return Client().post("/hooks/mail/mailgun/tracking/", body, content_type="application/json", **basic())


@pytest.fixture
def sent_mail(db):
    mail = make_outgoing(source_key="message:34", to="cara@r.example")
    OutgoingMail.objects.filter(pk=mail.pk).update(state=MailState.SENT, sent_at=NOW)
    mail.refresh_from_db()
    return mail


def test_a_providers_bounce_fails_the_mail_once_however_often_it_is_posted(sent_mail):
    answers = [track_mailgun(sent_mail).status_code for _ in range(3)]

    sent_mail.refresh_from_db()
    assert answers == [200, 200, 200]
    assert (sent_mail.state, sent_mail.error_kind, sent_mail.last_error) == ("failed", "bounced", "5.1.1 no such user")
    assert list(sent_mail.events.values_list("kind", "status")) == [(EventKind.BOUNCED, "5.1.1")]


def test_a_providers_delay_is_not_a_failure_case_91(sent_mail):
    track_mailgun(sent_mail, severity="temporary", words="4.2.2 full")

    sent_mail.refresh_from_db()
    assert (sent_mail.state, sent_mail.events.get().kind) == (MailState.SENT, EventKind.DELAYED)


def test_opened_and_clicked_are_not_kept(sent_mail):
    for event in ("opened", "clicked"):
        assert track_mailgun(sent_mail, event, event_id=event).status_code == 200

    assert DeliveryEvent.objects.count() == 0


def test_a_complaint_stops_bulk_mail(sent_mail):
    track_mailgun(sent_mail, "complained")

    assert list(OptOut.objects.values_list("address", "scope")) == [("cara@r.example", "all")]


@pytest.mark.django_db
def test_a_report_about_a_mail_that_we_never_sent_changes_nothing_case_110(sent_mail):
    sent_mail.message_id = "<ticket.1.aaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbb@desk.example>"

    answer = track_mailgun(sent_mail)

    assert (answer.status_code, DeliveryEvent.objects.count()) == (200, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"signature": 5}'])
def test_a_tracking_post_without_a_signature_is_401_S35(body):
    answer = Client().post("/hooks/mail/mailgun/tracking/", body, content_type="application/json", **basic())

    assert answer.status_code == 401


@pytest.mark.django_db
def test_a_signed_tracking_post_of_nonsense_is_400():
    body = json.dumps({"signature": signed(), "event-data": 5})

    answer = Client().post("/hooks/mail/mailgun/tracking/", body, content_type="application/json", **basic())

    assert answer.status_code == 400
