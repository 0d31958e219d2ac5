"""Whoever opens the address of a form by hand, or comes back to it, reads a sentence instead of an empty page."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template

Handler = Callable[[HttpRequest], HttpResponse]
NOT_ALLOWED = 405


def wrong_method_in_words(get_response: Handler) -> Handler:
    """Give a browser's 405 a page. Programs, and answers that say something already, are left alone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == NOT_ALLOWED and request.method == "GET" and _is_mute(request, response):
            response.content = get_template("405.html").render()
            response["Content-Type"] = "text/html; charset=utf-8"
        return response

    return middleware


def _is_mute(request: HttpRequest, response: HttpResponse) -> bool:
    return not response.streaming and not response.content and "text/html" in request.headers.get("Accept", "")
