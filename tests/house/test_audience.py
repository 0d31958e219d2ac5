"""Every address says for whom it is and which methods it takes, and keeps to it (S22, S49)."""

from collections.abc import Callable, Iterable, Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.access import ACTIONS
from accounts.choices import Role
from tests.factories.accounts import make_staff, sign_in

# Not ours to decorate. Keep this short and say why.
ALLOWED: set[str] = set()

STAFF = ("staff", "role ")
VALUES = {"int": "999999", "uuid": "00000000-0000-4000-8000-000000000000"}
READING = {"GET", "HEAD", "OPTIONS"}


def every_pattern(resolver: URLResolver | None = None, prefix: str = "/") -> Iterator[tuple[str, URLPattern]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            yield from every_pattern(pattern, route)
        else:
            yield route, pattern


PATTERNS = [(route, pattern) for route, pattern in every_pattern() if route not in ALLOWED]


def audience_of(callback) -> str:
    """What a view says of itself; a class says it for its views."""
    for holder in (callback, getattr(callback, "view_class", None), getattr(callback, "cls", None)):
        if audience := getattr(holder, "audience", ""):
            return audience
    return ""


def methods_of(callback) -> list[str]:
    """The methods that require_http_methods and its like let through, read from the decorator itself."""
    for holder in (getattr(callback, "view_class", None), getattr(callback, "cls", None)):
        if holder is not None:
            return [name.upper() for name in holder.http_method_names if hasattr(holder, name)]
    while callback is not None:
        code = getattr(callback, "__code__", None)
        if code and "request_method_list" in code.co_freevars:
            return callback.__closure__[code.co_freevars.index("request_method_list")].cell_contents
        callback = getattr(callback, "__wrapped__", None)
    return []


def address_of(route: str, pattern: URLPattern) -> str:
    """The route with something that does not exist in each gap."""
    for name, converter in pattern.pattern.converters.items():
        kind = type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
        for written in (f"<{kind}:{name}>", f"<{name}>"):
            route = route.replace(written, VALUES.get(kind, "nothing"))
    return route


def by_place(patterns: Iterable[tuple[str, URLPattern]]) -> Callable:
    """The addresses by what they begin with: one test for each place, which names every address that fails."""
    places: dict[str, list[tuple[str, URLPattern]]] = {}
    for route, pattern in patterns:
        places.setdefault("/".join(route.split("/")[1:3]).partition("<")[0].rstrip("/"), []).append((route, pattern))
    return pytest.mark.parametrize("addresses", places.values(), ids=[place or "home" for place in places])


@by_place(PATTERNS)
def test_an_address_names_its_audience_and_methods(addresses):
    silent = [route for route, pattern in addresses if not audience_of(pattern.callback)]
    anyhow = [route for route, pattern in addresses if not methods_of(pattern.callback)]

    assert silent == [], "These do not say for whom they are; see supportdesk.lib.audience"
    assert anyhow == [], "These do not say which methods they take"


FOR_STAFF = [(route, pattern) for route, pattern in PATTERNS if audience_of(pattern.callback).startswith(STAFF)]
FOR_SOMEBODY = [
    (route, pattern) for route, pattern in PATTERNS if audience_of(pattern.callback) not in ("public", "token")
]


def tries(client, route, pattern):
    for method in set(methods_of(pattern.callback)) & {"GET", "POST", "PUT", "PATCH", "DELETE"}:
        yield method, client.generic(method, address_of(route, pattern))


def others(client, addresses, status: int) -> list[tuple[str, str, int]]:
    """The method, the address and the status of each answer that is another one. There are answers."""
    answers = [
        (method, route, response.status_code)
        for route, pattern in addresses
        for method, response in tries(client, route, pattern)
    ]
    assert {route for _, route, _ in answers} == {route for route, _ in addresses}
    return [answer for answer in answers if answer[2] != status]


@by_place(FOR_STAFF)
def test_a_customer_gets_404_from_every_page_of_the_staff(client, stranger, addresses):
    client.force_login(stranger)

    assert others(client, addresses, 404) == []


@pytest.mark.django_db
@by_place(FOR_SOMEBODY)
def test_an_anonymous_visitor_is_sent_to_sign_in(client, addresses):
    let_in = [
        (method, route, response.status_code)
        for route, pattern in addresses
        for method, response in tries(client, route, pattern)
        if response.status_code not in (302, 401)
        or not response.headers.get("Location", "/sign-in/").startswith("/sign-in/")
    ]

    assert let_in == []


WRITES_FOR_STAFF = [(route, pattern) for route, pattern in FOR_STAFF if "POST" in methods_of(pattern.callback)]


@by_place(WRITES_FOR_STAFF)
def test_an_observer_posts_nowhere(client, observer, addresses):
    """Requirement 63."""
    client.force_login(observer)
    answers = {route: client.post(address_of(route, pattern)).status_code for route, pattern in addresses}

    assert answers == dict.fromkeys(answers, 403)


# Those that take posts from elsewhere are csrf_exempt and prove themselves otherwise.
UNSAFE = [
    (route, pattern)
    for route, pattern in PATTERNS
    if set(methods_of(pattern.callback)) - READING and not getattr(pattern.callback, "csrf_exempt", False)
]


@by_place(UNSAFE)
def test_a_form_without_its_token_or_from_another_site_is_refused(django_client, admin, addresses):
    """S49."""
    strict, lax = django_client(enforce_csrf_checks=True), django_client()
    strict.force_login(admin)
    lax.force_login(admin)
    for route, pattern in addresses:
        address = address_of(route, pattern)
        answers = [
            strict.post(address),
            lax.post(address, headers={"Sec-Fetch-Site": "cross-site"}),
            lax.post(address, headers={"Sec-Fetch-Site": "same-site"}),
        ]

        assert [answer.status_code for answer in answers] == [403, 403, 403], route


def roles_of(audience: str) -> set[str]:
    """The roles that an audience names, by themselves or by a right."""
    words = audience.removeprefix("role ")
    if words.startswith("that may "):
        return set(ACTIONS[words.removeprefix("that may ")])
    return set(words.split(" or "))


FOR_ROLES = [(route, pattern) for route, pattern in PATTERNS if audience_of(pattern.callback).startswith("role ")]


@by_place(FOR_ROLES)
def test_staff_without_the_role_are_refused_by_every_method(db, django_client, addresses):
    """S22, S27: every page of a role, tried by each other role."""
    for role in Role.values:
        client = django_client()
        sign_in(client, make_staff(role))
        closed = [
            (route, pattern) for route, pattern in addresses if role not in roles_of(audience_of(pattern.callback))
        ]

        assert others(client, closed, 403) == [], role


def test_every_right_that_an_address_names_is_of_known_roles():
    for _, pattern in FOR_ROLES:
        assert roles_of(audience_of(pattern.callback)) <= set(Role.values)
