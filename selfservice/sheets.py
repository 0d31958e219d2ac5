"""Forms that open over the page that leads to them (static/js/sheets.js); without script each is a page of its own."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from accounts.requests import PersonRequest

HEADER = "X-Sheet"


def wanted(request: PersonRequest) -> bool:
    """Whether the script asks for the inside of its dialog, and not for a page."""
    return request.headers.get(HEADER) == "1"


def shown(request: PersonRequest, template: str, context: dict, *, status: int) -> HttpResponse:
    """`<template>.html`, or `<template>_sheet.html` for the dialog, marked as such: anything else is no sheet."""
    is_sheet = wanted(request)
    name = f"{template}_sheet.html" if is_sheet else f"{template}.html"
    response = render(request, name, {**context, "is_sheet": is_sheet}, status=status)
    if is_sheet:
        response[HEADER] = "1"
    return response


def done(request: PersonRequest, address: str) -> HttpResponseBase:
    """It is done: on to `address`; the dialog loads the page below it anew instead."""
    return HttpResponse(status=204, headers={HEADER: "1"}) if wanted(request) else redirect(address)
