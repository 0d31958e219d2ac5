"""A form that the server failed on stands in the page of the failure and can be sent again (U48)."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from supportdesk.lib.audience import public

handler500 = "supportdesk.views.server_error"
LETTER = 'Dear desk,\n\nthe <script>alert(1)</script> arm & the "gripper" hum, as they did last week already.'


@public
def fail(request):
    if "gone" in request.GET:
        raise OperationalError("server closed the connection")
    if "works" in request.GET:
        return HttpResponse("done")
    raise RuntimeError("ours")


urlpatterns = [path("fail/", fail, name="fail")]
pytestmark = pytest.mark.urls(__name__)


def sent(address: str, data: dict, **token) -> str:
    client = Client(raise_request_exception=False)
    data = {"csrfmiddlewaretoken": "t" * 64, **data, **token}
    answer = client.post(address, {name: value for name, value in data.items() if value is not None})
    assert answer.status_code == (503 if "gone" in address else 500)
    return answer.content.decode()


@pytest.mark.parametrize("address", ["/fail/", "/fail/?gone=1&amp"])
def test_everything_that_was_typed_stands_in_the_page_with_a_button_that_sends_it(address):
    page = sent(address, {"text": LETTER, "to": "a@x.example", "tag": ["one", 'two"><b>'], "key": "k1"})

    assert "Try again</button>" in page
    assert f'method="post" action="{address.replace("&", "&amp;")}"' in page
    assert "Dear desk,\n\nthe &lt;script&gt;alert(1)&lt;/script&gt; arm &amp;" in page
    assert [f'name="{name}"' in page for name in ("csrfmiddlewaretoken", "text", "to", "tag", "key")] == [True] * 5
    assert page.count('name="tag"') == 2
    assert "<script" not in page and "<b>" not in page


@pytest.mark.parametrize(
    "data",
    [
        {"password": "hunter2"},
        {"code": "ABCD"},
        {"papers": SimpleUploadedFile("w8.pdf", b"%PDF")},
        {"x": "y" * 300_001},
    ],
    ids=["password", "code", "file", "too much"],
)
def test_secrets_and_files_are_not_written_into_a_page(data):
    page = sent("/fail/", {"text": LETTER, **data})

    assert "Go back to what you typed" in page
    assert "hunter2" not in page and "ABCD" not in page and "Dear desk" not in page


def test_what_no_page_of_ours_sent_is_not_repeated():
    page = sent("/fail/", {"text": LETTER}, csrfmiddlewaretoken=None)
    read = Client(raise_request_exception=False).get("/fail/", {"text": LETTER}).content.decode()

    for one in (page, read):
        assert "Something broke on our side" in one
        assert "Dear desk" not in one and "<form" not in one
