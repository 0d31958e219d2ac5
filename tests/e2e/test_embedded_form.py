"""The contact form inside a page of another site, under that site's own strict policy."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.servers import free_port
from tickets.models import ContactForm, ContactTopic, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def school(address: str) -> Iterator[str]:
    """A site under another host name, whose policy allows the desk's script and frame and nothing else."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = (
                "<!doctype html><html lang='en'><title>Our school</title><main><h1>Our school</h1>"
                f"<div id='ask'></div><script src='{address}/embed/contact.js' data-form='school' data-place='#ask'"
                f"{' data-theme=dark' if 'dark' in self.path else ''} async></script></main></html>"
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            policy = f"default-src 'none'; script-src {address}; frame-src {address}; base-uri 'none'"
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def form(school: str, company) -> ContactForm:
    form = ContactForm.objects.create(
        name="School", slug="school", heading="Ask us", intro="We answer on working days.", origins=[school]
    )
    for place, name in enumerate(("Licences", "Delivery")):
        ContactTopic.objects.create(form=form, name=name, position=place)
    return form


def test_a_visitor_of_another_site_asks_with_a_file_by_keyboard_and_gets_a_number(visit: Visit, school, form):
    """Item 7, U27, U28, U49: no report of either policy, errors beside their fields, files, confirmation."""
    screen = visit()
    page = screen.page
    page.goto(school)
    inside = page.frame_locator("iframe[title='Contact form']")

    inside.get_by_role("button", name="Send").click()
    expect(inside.locator(".errsum")).to_be_focused()
    expect(inside.locator(".errsum a")).to_have_count(5)
    expect(inside.locator("#id_name")).to_have_attribute("aria-invalid", "true")
    inside.get_by_label("Your name").focus()
    for words in ("Nora New", "nora@school.example"):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    inside.get_by_label("What is it about?").select_option("Licences")
    inside.get_by_label("In a few words").fill("How many?")
    inside.get_by_label("Your question").fill("We have thirty pupils.\n" * 3)
    inside.get_by_label("Add files").set_input_files({"name": "list.txt", "mimeType": "text/plain", "buffer": b"30"})
    expect(inside.locator(".chosen li")).to_have_text("list.txt, 1 kB")
    inside.get_by_role("button", name="Send").click()

    expect(inside.get_by_role("heading", level=1)).to_have_text("We have your question")
    ticket = Ticket.objects.latest("pk")
    expect(inside.locator(".number b")).to_have_text(str(ticket.pk))
    expect(inside.get_by_role("heading", level=1)).to_be_focused()
    assert ticket.messages.get().attachments.get().name == "list.txt"
    height = page.locator("iframe").evaluate("frame => frame.clientHeight")
    content = inside.locator("#main").evaluate("main => main.getBoundingClientRect().bottom")
    assert 0 <= height - content < 40, "the frame is as tall as what it shows"


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "light"), (1440, "dark"), (390, "dark")])
def test_the_frame_has_no_fault_at_any_width_in_any_light(visit: Visit, school, form, width, scheme):
    """U44, U46: form, errors and confirmation; axe looks into the frame."""
    screen = visit(width=width, scheme=scheme)
    page = screen.page
    page.goto(f"{school}/{scheme}")
    inside = page.frame_locator("iframe")
    expect(inside.get_by_role("button", name="Send")).to_be_visible()
    frame = page.frames[1]
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screen.open(f"/embed/school/{'?theme=dark' if scheme == 'dark' else ''}")
    assert (screen.axe(), screen.sideways()) == ([], [])
    page.get_by_role("button", name="Send").click()
    assert (screen.axe(), screen.sideways()) == ([], [])


def test_a_site_that_nobody_named_shows_nothing_of_it(visit: Visit, school, form):
    """S50."""
    ContactForm.objects.update(origins=["https://elsewhere.example"])
    screen = visit()
    screen.page.goto(school)
    screen.page.wait_for_function("document.querySelector('iframe')")
    screen.page.wait_for_timeout(500)

    assert not any(
        frame.url.endswith("/embed/school/") and frame.locator("form").count() for frame in screen.page.frames
    )
    assert any("frame-ancestors" in line for line in screen.violations)
    screen.violations.clear()
    screen.failures.clear()


def test_the_form_works_with_scripts_off_inside_the_frame_and_on_its_page(visit: Visit, form):
    """U53."""
    screen = visit(script=False)
    for path in ("/help/school/", "/embed/school/"):
        screen.open(path)
        page = screen.page
        page.get_by_label("Your name").fill("Nora New")
        page.get_by_label("Your email address").fill("nora@school.example")
        page.get_by_label("What is it about?").select_option("Delivery")
        page.get_by_label("In a few words").fill("When?")
        page.get_by_label("Your question").fill("When does it come?")
        page.get_by_role("button", name="Send").click()
        expect(page.locator(".number b")).to_have_text(str(Ticket.objects.latest("pk").pk))
