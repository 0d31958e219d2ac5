"""What strangers send, opened in a real browser: nothing runs, nothing is fetched, nothing leaves (S1, S2, S4, S5)."""

import pytest
from django.utils import timezone

from mail.parsing.html import sanitise_html
from tests.e2e.conftest import Visit
from tests.factories.mail import make_file
from tickets.actions.note import add_note
from tickets.models import Attachment, Message

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAYLOADS = [
    "<script>window.top.ran = 1</script>",
    "<img src=x onerror='top.ran=1'>",
    "<svg onload='top.ran=1'><script>top.ran=1</script></svg>",
    "<a href='javascript:top.ran=1' id=trap>click</a>",
    "<iframe srcdoc='<script>top.ran=1</script>'></iframe>",
    "<math><mtext><table><mglyph><style><img src=x onerror='top.ran=1'></style></mglyph></table></mtext></math>",
    "<form action='https://evil.example/'><button formaction='javascript:top.ran=1'>x</button></form>",
    "<base href='https://evil.example/'><link rel=stylesheet href='https://evil.example/x.css'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<object data='https://evil.example/x.swf'></object><embed src='https://evil.example/x'>",
    "<div style='background:url(https://evil.example/p.png)'>x</div><style>@import 'https://evil.example/x.css'</style>",
    "<img src='https://evil.example/pixel.png'><img srcset='https://evil.example/2x.png 2x'>",
    "<video src='https://evil.example/v' poster='https://evil.example/p'><source src='https://evil.example/s'></video>",
    "<body background='https://evil.example/bg.png'><table background='https://evil.example/t.png'><td>x</table>",
    "<textarea></textarea><script>top.ran=1</script>",
    "<noscript><p title=\"</noscript><img src=x onerror='top.ran=1'>\">",
]


@pytest.mark.parametrize("is_cleaned", [True, False], ids=["as it is stored", "as if it had never been cleaned"])
def test_a_hostile_mail_runs_nothing_and_fetches_nothing_from_elsewhere(visit: Visit, company, is_cleaned):
    """S1, S5."""
    ticket = company.declined
    html = "<p>Shown</p>" + "".join(PAYLOADS)
    Message.objects.filter(ticket=ticket).update(html=sanitise_html(html)[0] if is_cleaned else html, text=html)
    screen = visit(company.maya)
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.url))
    screen.page.on("dialog", lambda dialog: asked.append("a dialog opened"))

    screen.open(f"/inbox/mine/{ticket.pk}/")
    screen.page.locator("summary", has_text="Show as it was formatted").first.click()
    frame = screen.page.frame_locator("iframe").first
    frame.get_by_text("Shown", exact=True).wait_for()
    for link in frame.locator("a[href]").all():
        assert (link.get_attribute("href") or "").startswith(("http://", "https://", "mailto:"))

    assert [url for url in asked if not url.startswith((screen.address, "data:"))] == []
    assert screen.page.evaluate("window.ran") is None
    forbidden = "script, iframe, object, embed, form, base[href], link[rel=stylesheet][href*=evil]"
    assert frame.locator(forbidden).count() == 0


def test_payloads_in_every_field_run_nothing_on_any_screen(visit: Visit, company):
    """S4."""
    ticket, customer = company.declined, company.dana
    payload = "\"'><img src=x onerror='window.ran=1'><script>window.ran=1</script>"
    type(customer).objects.filter(pk=customer.pk).update(name=payload)
    type(ticket).objects.update(subject=payload, snippet=payload, tags=[payload[:60]], came_back=payload[:60])
    Message.objects.update(text=payload, quoted_text=payload, from_name=payload, answers_to=payload, html="")
    message = ticket.messages.first()
    Attachment.objects.create(message=message, file=make_file(), name=payload, content_type=payload, size=1)
    add_note(ticket=ticket, by=company.priya, text=payload, now=timezone.now())
    raw = company.set_aside()
    screen = visit(company.maya)

    for path in (
        f"/inbox/mine/{ticket.pk}/", f"/inbox/search/?q={payload}", f"/desk/tickets/{ticket.pk}/details/",
        f"/desk/tickets/{ticket.pk}/close/", f"/quarantine/{raw.pk}/", "/quarantine/", "/failed-mail/",
    ):  # fmt: skip
        screen.open(path)
        assert screen.page.evaluate("window.ran") is None, path
        assert screen.page.locator("img").count() == 0, path


@pytest.mark.parametrize("name", ["x.svg", "x.html", "x.xhtml", "x.xml", "x.mhtml", "x.pdf"])
def test_a_hostile_file_is_downloaded_and_never_opened(visit: Visit, company, name):
    """S2."""
    content = b"<svg xmlns='http://www.w3.org/2000/svg'><script>top.ran=1</script></svg><script>top.ran=1</script>"
    file = Attachment.objects.create(
        message=company.declined.messages.first(), file=make_file(content=content), name=name,
        content_type="image/svg+xml", size=len(content),
    )  # fmt: skip
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{company.declined.pk}/")

    with screen.page.expect_download() as download:
        screen.page.locator(f"a[href='/attachments/{file.pk}/']").click()

    assert download.value.suggested_filename == name
    assert screen.page.evaluate("window.ran") is None
