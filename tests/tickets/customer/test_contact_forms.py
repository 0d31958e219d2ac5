"""Forms that an admin made: what they ask and where it goes, here and in the frame of another site."""

import re
from string import Formatter

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Person
from tests.factories.accounts import sign_in
from tickets.actions.links import new_token
from tickets.choices import FieldKind, FormLanguage
from tickets.contact_words import WORDS
from tickets.forms.contact import ContactQuestionForm
from tickets.models import ContactForm, ContactReason, ContactTopic, CustomField, Team, Ticket

pytestmark = pytest.mark.django_db
SITE = "https://www.school.example"


@pytest.fixture
def shop():
    money = Team.objects.create(name="Money")
    form = ContactForm.objects.create(
        name="School shop", slug="shop", heading="Ask the shop", intro="<b>Any</b> question", origins=[SITE],
        priority="high", reason=ContactReason.objects.create(name="Shop"),
    )  # fmt: skip
    ContactTopic.objects.create(
        form=form, name="Refund", team=money, reason=ContactReason.objects.create(name="Refunds")
    )
    ContactTopic.objects.create(form=form, name="Other", position=1)
    return form


def typed(form, about="Refund", **fields):
    words = {
        "name": "Nora New", "address": "nora@school.example", "subject": "Broken", "text": "It broke.",
        "topic": form.topics.get(name=about).pk, "website": "", "receipt": new_token(),
    }  # fmt: skip
    return {**words, **fields}


def test_every_language_says_everything_and_nothing_is_a_placeholder():
    english = WORDS[FormLanguage.ENGLISH]

    assert WORDS.keys() == set(FormLanguage.values)
    for language, words in WORDS.items():
        assert words.keys() == english.keys(), language
        assert all(word.strip() and not next(iter(Formatter().parse(word)))[1] for word in words.values())
    assert set(ContactQuestionForm.base_fields) <= english.keys()


def test_a_question_goes_where_its_topic_leads(client, shop, mailbox):
    answer = client.post("/help/shop/", typed(shop), follow=True)

    ticket = Ticket.objects.get()
    assert (ticket.team.name, ticket.contact_reason.name, ticket.priority) == ("Money", "Refunds", "high")
    assert ticket.events.get(kind="form").text == "Came by the form “School shop”, about “Refund”."
    assert str(ticket.pk) in answer.content.decode() and "/help/received/" in answer.redirect_chain[-1][0]
    assert "Came by the form" not in answer.content.decode()

    client.post("/help/shop/", typed(shop, "Other"))
    assert Ticket.objects.latest("pk").contact_reason.name == "Shop"
    assert Ticket.objects.latest("pk").team.name != "Money"


def test_the_same_form_twice_opens_one_ticket(client, shop, mailbox):
    once = typed(shop)

    places = {client.post(address, once)["Location"] for address in ("/help/shop/", "/help/shop/")}

    assert (len(places), Ticket.objects.count()) == (1, 1)


@pytest.mark.parametrize("address", ["/help/shop/", "/embed/shop/"])
def test_gaps_are_said_in_the_language_of_the_form_and_what_was_typed_stays(client, shop, address):
    """U27."""
    ContactForm.objects.update(language="de")

    answer = client.post(address, typed(shop, name="", topic="", address="nobody", text="Meine Worte"))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert '<html lang="de">' in page and "<title>Fehler: Ask the shop" in page
    for said in ("Geben Sie Ihren Namen ein", "Wählen Sie, worum es geht", "Geben Sie eine E-Mail-Adresse wie"):
        assert page.count(said) == 2, said
    assert "Meine Worte" in page and 'aria-invalid="true"' in page
    assert Ticket.objects.count() == 0


def big(megabytes, name="big.bin"):
    return SimpleUploadedFile(name, b"x" * (megabytes * 1024**2))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([big(11), big(10, "b.bin")], "at most 20 MB"),
        ([SimpleUploadedFile("empty.txt", b"")], "is empty"),
        ([SimpleUploadedFile(f"{n}.txt", b"x") for n in range(11)], "at most 10 files"),
        ([SimpleUploadedFile("a" * 300 + ".txt", b"x")], None),
        (
            [
                SimpleUploadedFile("../../etc/passwd", b"root"),
                SimpleUploadedFile("x.html", b"<script>alert(1)</script>"),
            ],
            None,
        ),
    ],
)
def test_files_are_limited_in_words_and_hostile_ones_are_only_files(client, shop, mailbox, files, said):
    """S17, S18, S2."""
    answer = client.post("/embed/shop/", {**typed(shop), "attachments": files})

    if said:
        assert (answer.status_code, Ticket.objects.count()) == (422, 0)
        assert said in answer.content.decode()
    else:
        assert answer.status_code in (302, 422)
        names = [
            one.name for ticket in Ticket.objects.all() for one in ticket.messages.get().attachments.order_by("pk")
        ]
        assert all("/" not in name and len(name) <= 255 for name in names)


def test_an_automatic_sender_is_told_and_somebody_who_sends_too_much_waits(client, shop, mailbox):
    """S46: no puzzle; a field that people do not see, and a count."""
    spam = client.post("/embed/shop/", typed(shop, website="http://spam.example"))
    assert (spam.status_code, Ticket.objects.count()) == (422, 0)
    assert "Only automatic senders fill it" in spam.content.decode()

    for _ in range(10):
        assert client.post("/embed/shop/", typed(shop)).status_code == 302
    over = client.post("/embed/shop/", typed(shop, text="Kept words"))
    assert over.status_code == 422
    assert "Many questions came from here" in over.content.decode() and "Kept words" in over.content.decode()
    assert Ticket.objects.count() == 10


def test_only_the_named_sites_may_frame_the_form_and_nothing_else_may_be_framed(client, shop):
    """S50."""
    answers = [client.get("/embed/shop/"), client.post("/embed/shop/", {})]

    for answer in answers:
        assert f"frame-ancestors 'self' {SITE};" in answer["Content-Security-Policy"] + ";"
        assert "X-Frame-Options" not in answer
        assert "script-src 'self'" in answer["Content-Security-Policy"]
    for address in ("/help/shop/", "/help/", "/embed/nowhere/"):
        other = client.get(address)
        assert "frame-ancestors 'none'" in other["Content-Security-Policy"]
        assert SITE not in other["Content-Security-Policy"]


def test_a_frame_needs_no_cookie_and_takes_no_post_from_elsewhere(shop, mailbox, customer):
    """S49: whoever is signed in is a stranger in the frame, so there is nothing to forge; and still nobody may."""
    browser = Client(enforce_csrf_checks=True)
    sign_in(browser, customer)

    foreign = browser.post("/embed/shop/", typed(shop), headers={"Origin": "https://evil.example"})
    crossing = browser.post("/embed/shop/", typed(shop), headers={"Sec-Fetch-Site": "cross-site"})
    nowhere = browser.post("/embed/shop/", typed(shop), headers={"Origin": "null"})
    own = browser.post("/embed/shop/", typed(shop), headers={"Origin": "http://testserver"})

    assert [answer.status_code for answer in (foreign, crossing, nowhere, own)] == [403, 403, 403, 302]
    ticket = Ticket.objects.get()
    assert ticket.requester.email == "nora@school.example"
    assert ticket.requester.email_verified_at is None
    page = browser.get(own["Location"]).content.decode()
    assert str(ticket.pk) in page and customer.name not in page and f'data-sent="{ticket.pk}"' in page


def test_a_form_out_of_use_or_never_made_says_so(client, shop):
    ContactForm.objects.update(is_active=False)

    for address in (
        "/help/shop/",
        "/embed/shop/",
        "/help/none/",
        "/embed/none/",
        f"/embed/shop/received/{new_token()}/",
    ):
        assert client.get(address).status_code == 404
    assert client.post("/embed/shop/", {}).status_code == 404


def test_the_script_is_small_plain_and_for_every_site(client):
    answer = client.get("/embed/contact.js")

    body = answer.content.decode()
    assert (answer["Content-Type"], answer["Cross-Origin-Resource-Policy"]) == (
        "text/javascript; charset=utf-8", "cross-origin",
    )  # fmt: skip
    assert len(answer.content) < 10_000
    assert not re.search(r"\beval\b|innerHTML|document\.write|new Function|\.style\.cssText|setAttribute\(.style", body)


def test_an_admin_makes_a_form_and_copies_its_line(client, admin, shop):
    sign_in(client, admin)
    made = {
        "name": "Two", "slug": "", "heading": "Ask", "language": "fr", "priority": "normal", "takes_files": "on",
        "is_active": "on", "topics": "Refund > money > refunds\nElse\nRefund > Money", "origins": "HTTPS://A.example/\nhttp://b.example:8080",
    }  # fmt: skip

    assert client.post("/settings/contact-forms/new/", made).status_code == 302

    form = ContactForm.objects.get(slug="two")
    assert form.origins == ["https://a.example", "http://b.example:8080"]
    topics = [(topic.name, topic.team and topic.team.name, topic.reason) for topic in form.topics.order_by("position")]
    assert topics == [("Refund", "Money", None), ("Else", None, None)]
    page = client.get(f"/settings/contact-forms/{form.pk}/").content.decode()
    assert "/embed/contact.js&quot; data-form=&quot;two&quot; async&gt;" in page
    again = {**made, "slug": "shop"}
    refused = client.post(f"/settings/contact-forms/{form.pk}/", again)
    assert (refused.status_code, "There is already a form at /help/shop/." in refused.content.decode()) == (422, True)
    money = Team.objects.get(name="Money")
    said = client.post(f"/settings/teams/{money.pk}/remove/", follow=True).content.decode()
    assert "leads to Money" in said and Team.objects.filter(pk=money.pk).exists()


@pytest.mark.parametrize(
    "origin",
    ["javascript:alert(1)", "https://a.example/path", "https://*.example", "https://a.example;script-src", "a.example",
     "https://a.example 'unsafe-inline'", "https://user@a.example", "https://a.example:99999",
     "https://ä.example", "'self'"],
)  # fmt: skip
def test_what_is_no_site_never_gets_into_the_header(client, admin, origin):
    sign_in(client, admin)

    answer = client.post(
        "/settings/contact-forms/new/",
        {"name": "X", "heading": "X", "language": "en", "priority": "normal", "origins": origin},
    )

    assert (answer.status_code, ContactForm.objects.count()) == (422, 0)
    assert "is no site" in answer.content.decode()


def test_words_of_an_admin_and_of_a_visitor_are_words(client, shop, mailbox):
    """S1."""
    page = client.get("/embed/shop/").content.decode()

    assert "&lt;b&gt;Any&lt;/b&gt; question" in page
    client.post("/embed/shop/", typed(shop, name="<script>", subject="<script>alert(1)</script>", text="{{7*7}}"))
    assert Person.objects.get(email="nora@school.example").name == "<script>"


@pytest.fixture
def serial():
    """A number that the desk asks its customers for."""
    return CustomField.objects.create(
        key="kits", name="How many kits?", kind=FieldKind.NUMBER, smallest=1, largest=500, is_for_customers=True
    )


def labels(page) -> list[str]:
    return re.findall(r'<label[^>]*for="id_field_\w+"[^>]*>\s*([^<]+?)\s*<', page.content.decode())


@pytest.mark.parametrize("address", ["/help/shop/", "/embed/shop/"])
def test_a_form_asks_the_fields_that_were_chosen_for_it_in_its_own_words(
    client, django_client, admin, shop, mailbox, serial, address
):
    """Which, in which order, and what they are called here; other forms ask what they asked. Nothing else is taken."""
    for key in ("colour", "size"):
        CustomField.objects.create(key=key, name=key.title(), kind=FieldKind.TEXT, is_for_customers=True)
    desk, settings = django_client(), f"/settings/contact-forms/{shop.pk}/"
    sign_in(desk, admin)
    typed_in = {"name": "Shop", "slug": "shop", "heading": "Frag", "language": "de", "priority": "normal",
                "is_active": "on", "topics": "Refund", "origins": SITE}  # fmt: skip

    chosen = {**typed_in, "asks": "chosen", "fields_asked": "size\nHow many kits? > Wie viele Baukästen?\n"}
    assert desk.post(settings, chosen).status_code == 302

    page = client.get(address)
    assert labels(page) == ["Size", "Wie viele Baukästen?"]
    kept = desk.get(settings).content.decode()
    assert "Size\nHow many kits? &gt; Wie viele Baukästen?</textarea>" in kept
    answer = client.post(address, typed(shop, field_kits="30", field_size="L", field_colour="forged"))
    assert (answer.status_code, Ticket.objects.get().custom) == (302, {"kits": 30, "size": "L"})
    assert labels(client.get("/help/")) == ["How many kits?", "Colour", "Size"]

    CustomField.objects.filter(key="size").update(is_for_customers=False)
    assert labels(client.get(address)) == ["Wie viele Baukästen?"]
    assert desk.post(settings, {**typed_in, "asks": "none", "fields_asked": ""}).status_code == 302
    assert labels(client.get(address)) == []
    assert desk.post(settings, {**typed_in, "asks": "all"}).status_code == 302
    assert labels(client.get(address)) == ["How many kits?", "Colour"]


def choices(page, key: str) -> list[str]:
    found = re.search(rf'id="id_field_{key}"(.*?)(?:</select>|</fieldset>)', page.content.decode(), re.DOTALL)
    return [" ".join(one.split()) for one in re.findall(r">([^<>]*\w[^<>]*)<", found[1])] if found else []


@pytest.mark.parametrize("address", ["/help/shop/", "/embed/shop/"])
def test_options_and_yes_and_no_speak_the_language_of_the_form_and_keep_their_keys(
    client, django_client, admin, shop, mailbox, address
):
    """The desk reads its own words of them; a retired option and one without a word stay as they are."""
    named = {"m": "Monthly", "y": "Yearly", "o": "Old > new", "x": "Gone"}
    plans = [{"key": key, "label": label, "is_active": key != "x"} for key, label in named.items()]
    CustomField.objects.create(key="plan", name="Plan", kind=FieldKind.CHOICE, options=plans, is_for_customers=True)
    CustomField.objects.create(key="new", name="New here?", kind=FieldKind.TRUTH, is_for_customers=True)
    desk, settings = django_client(), f"/settings/contact-forms/{shop.pk}/"
    sign_in(desk, admin)
    typed_in = {"name": "Shop", "slug": "shop", "heading": "Frag", "language": "de", "priority": "normal",
                "is_active": "on", "topics": "Refund", "origins": SITE, "asks": "chosen"}  # fmt: skip
    said = "Plan > Tarif\n- Monthly > Monatlich\n- Old > new > Alt & <b\nNew here? > Neu hier?"
    assert desk.post(settings, {**typed_in, "fields_asked": said}).status_code == 302

    page = client.get(address)
    assert choices(page, "plan") == ["Keine Angabe", "Monatlich", "Yearly", "Alt &amp; &lt;b"]
    assert choices(page, "new") == ["Keine Angabe", "Ja", "Nein"]
    assert "- Monthly &gt; Monatlich\n- Old &gt; new &gt; Alt &amp; &lt;b\nNew here?" in (
        desk.get(settings).content.decode()
    )
    assert client.post(address, typed(shop, field_plan="Monatlich")).status_code == 422
    assert client.post(address, typed(shop, field_plan="m", field_new="no")).status_code == 302
    assert Ticket.objects.get().custom == {"plan": "m", "new": False}
    assert choices(client.get("/help/"), "plan") == ["Not said", "Monthly", "Yearly", "Old &gt; new"]


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("plan\n- Weekly > W", "Plan has no option called Weekly"),
        ("plan\n- Gone > W", "Plan has no option called Gone"),
        ("plan\n- Monthly", "Say what this form calls Monthly"),
        ("plan\n- Monthly > " + "x" * 81, "at most 80 characters"),
        ("- Monthly > W", "There is no field for customers called - Monthly"),
    ],
)
def test_options_that_are_not_there_are_said_beside_what_was_typed(client, admin, shop, named, said):
    plans = [{"key": "m", "label": "Monthly", "is_active": True}, {"key": "x", "label": "Gone", "is_active": False}]
    CustomField.objects.create(key="plan", name="Plan", kind=FieldKind.CHOICE, options=plans, is_for_customers=True)
    sign_in(client, admin)

    answer = client.post(
        f"/settings/contact-forms/{shop.pk}/",
        {"name": "X", "heading": "X", "language": "en", "priority": "normal", "asks": "chosen", "fields_asked": named},
    )

    assert (answer.status_code, said in answer.content.decode()) == (422, True)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("Nothing", "There is no field for customers called Nothing"),
        ("For staff", "There is no field for customers called For staff"),
        ("kits > " + "x" * 81, "something of at most 80 characters"),
        ("", "Name the fields that it asks, or choose to ask none"),
        (">\n> >", "There is no field for customers called"),
    ],
)
def test_fields_that_cannot_be_asked_are_said_beside_what_was_typed(client, admin, shop, serial, named, said):
    CustomField.objects.create(key="inside", name="For staff", kind=FieldKind.TEXT)
    sign_in(client, admin)

    answer = client.post(
        f"/settings/contact-forms/{shop.pk}/",
        {"name": "X", "heading": "X", "language": "en", "priority": "normal", "asks": "chosen", "fields_asked": named},
    )

    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    shop.refresh_from_db()
    assert (shop.fields, shop.name) == (None, "School shop")


@pytest.mark.parametrize("address", ["/help/shop/", "/embed/shop/", "/help/"])
def test_a_form_asks_what_the_desk_wants_to_know_of_customers(client, shop, mailbox, serial, address):
    CustomField.objects.create(key="inside", name="For staff", kind=FieldKind.TEXT)
    asked = client.get(address).content.decode()
    assert "How many kits?" in asked and "For staff" not in asked

    refused = client.post(address, typed(shop, field_kits="9000"))
    assert (refused.status_code, Ticket.objects.count()) == (422, 0)
    assert 'id="id_field_kits-error"' in refused.content.decode()

    answer = client.post(address, typed(shop, field_kits="30", field_inside="forged"))
    assert answer.status_code == 302
    assert Ticket.objects.get().custom == {"kits": 30}
