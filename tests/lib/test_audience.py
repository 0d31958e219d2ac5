"""Who may open a page, and what everybody else is told."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.test import RequestFactory

from supportdesk.lib.audience import (
    ask_to_sign_in,
    customer_only,
    is_local,
    public,
    role_required,
    safe_next,
    signed_in,
    staff_only,
)

ANONYMOUS = type("Anonymous", (), {"is_authenticated": False})()


def somebody(*roles: str):
    roles = frozenset(roles)
    return type("Somebody", (), {"is_authenticated": True, "roles": roles, "is_staff_member": bool(roles)})()


def ask(decorate, user, method="get", **headers):
    request = getattr(RequestFactory(), method)("/tickets/7/?view=mine", headers=headers)
    request.user = user
    return decorate(lambda request: HttpResponse("inside"))(request)


def test_every_decorator_names_its_audience():
    def view(request): ...

    guards = [signed_in, staff_only, customer_only, role_required("lead", "admin")]
    assert [guard(view).audience for guard in guards] == ["signed in", "staff", "customer", "role admin or lead"]
    assert public(view).audience == "public"


@pytest.mark.parametrize("guard", [signed_in, staff_only, customer_only, role_required("admin")])
def test_anonymous_visitors_sign_in_and_come_back(guard):
    response = ask(guard, ANONYMOUS)

    assert (response.status_code, response["Location"]) == (302, "/sign-in/?next=%2Ftickets%2F7%2F%3Fview%3Dmine")


@pytest.mark.parametrize("guard", [signed_in, staff_only, customer_only, role_required("admin")])
def test_an_expired_session_never_swaps_a_login_page_into_a_table(guard):
    response = ask(guard, ANONYMOUS, **{"HX-Request": "true", "HX-Current-URL": "https://desk.example/tickets/?page=2"})

    assert response.status_code == 401
    assert response["HX-Redirect"] == "/sign-in/?next=%2Ftickets%2F%3Fpage%3D2"
    assert response.content == b""


def test_a_form_sent_too_late_leads_back_to_its_page_and_is_not_sent_again():
    response = ask(staff_only, ANONYMOUS, "post", Referer="https://desk.example/tickets/7/")

    assert response["Location"] == "/sign-in/?next=%2Ftickets%2F7%2F"


@pytest.mark.parametrize("guard", [staff_only, role_required("admin")])
def test_a_customer_is_told_that_nothing_is_there(guard):
    """S22."""
    with pytest.raises(Http404):
        ask(guard, somebody())


def test_staff_are_no_customers():
    with pytest.raises(Http404):
        ask(customer_only, somebody("agent"))
    assert ask(customer_only, somebody()).content == b"inside"


def test_staff_without_the_role_are_refused():
    """S27."""
    with pytest.raises(PermissionDenied):
        ask(role_required("admin"), somebody("agent", "lead"))
    assert ask(role_required("lead", "admin"), somebody("agent", "lead")).content == b"inside"


def test_an_observer_reads_and_does_not_post():
    """Requirement 63."""
    assert ask(staff_only, somebody("observer")).content == b"inside"
    with pytest.raises(PermissionDenied):
        ask(staff_only, somebody("observer"), "post")
    assert ask(staff_only, somebody("observer", "agent"), "post").content == b"inside"


ELSEWHERE = [
    "https://evil.example", "http://evil.example/x", "//evil.example", "///evil.example", "////evil.example",
    "\\\\evil.example", "/\\evil.example", "\\/evil.example", "/\\/evil.example", "https:evil.example",
    "https:/evil.example", "https:///evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x",
    "vbscript:x", " //evil.example", "\t//evil.example", "/\t/evil.example", "/\n/evil.example", "/\r/evil.example",
    "\x00//evil.example", "/\x00/evil.example", "ftp://evil.example", "//evil.example@desk.example",
    "//desk.example@evil.example", "https://desk.example.evil.example", "evil.example", "www.evil.example/x",
    "/\\\\evil.example", "//[::1]", "//[", "http://[", "/\u2028/evil.example", "\u3000//evil.example",
    "//evil%2eexample",
    "?next=x", "#x", "", "../x", "/" + "x" * 2001, "/\u200b/evil", "http:\\\\evil.example",
]  # fmt: skip


@pytest.mark.parametrize("address", ELSEWHERE)
def test_next_leads_nowhere_else(address):
    """S42."""
    assert not is_local(address)
    assert safe_next(RequestFactory().get("/sign-in/", {"next": address}), "/me/") == "/me/"
    assert safe_next(RequestFactory().post("/sign-in/", {"next": address}), "/me/") == "/me/"


@pytest.mark.parametrize("address", ["/", "/tickets/7/?view=mine#message-3", "/a//b", "/caf\u00e9/"])
def test_next_leads_to_our_own_pages(address):
    assert safe_next(RequestFactory().get("/sign-in/", {"next": address}), "/me/") == address


def test_a_referer_from_elsewhere_gives_only_its_path():
    request = RequestFactory().post("/x/", headers={"Referer": "https://evil.example//evil.example"})
    request.user = ANONYMOUS

    assert ask_to_sign_in(request)["Location"] == "/sign-in/"
