"""What every screen of the desk shares: its audience, its answer, and where in the inbox an agent stands."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from accounts.choices import Role
from supportdesk.lib.audience import role_required
from tickets.queries_desk.inbox import Numbers

# Who may change a ticket. Everybody else on the staff may only look.
worker_only = role_required(Role.AGENT, Role.LEAD, Role.ADMIN)

DEFAULT_VIEW = "mine"
VIEW_NAME = re.compile(r"[a-z]{1,20}(:[0-9]{1,18})?")
LONGEST_PARAMETER = 600

# What a script says about the screen: the address of the list that stands there, and that it only looks for changes.
SHOWS_LIST = "X-List"
REGIONS = "X-Regions"


@lru_cache(maxsize=1024)
def list_path(view: str) -> str:
    """`/inbox/mine/`. A ticket beside that list stands one step below it, by its number."""
    return reverse("desk:view", args=[view])


@dataclass(frozen=True)
class Place:
    """The view that an agent looks at, with its search and its page. It travels through every link and form.

    `following` is the ticket that comes after the one that is open, 0 at the end.
    """

    view: str = DEFAULT_VIEW
    q: str = ""
    after: str = ""
    following: int = 0

    @classmethod
    def of(cls, request: HttpRequest, view: str = "") -> "Place":
        """Read off a page's address or a form's hidden fields."""
        given = request.POST if request.method == "POST" else request.GET
        following, named = given.get("following", ""), given.get("in", "")
        return cls(
            view=view or (named if VIEW_NAME.fullmatch(named) else DEFAULT_VIEW),
            q=given.get("q", "").replace("\x00", "")[:LONGEST_PARAMETER],
            after=given.get("after", "").replace("\x00", "")[:LONGEST_PARAMETER],
            following=int(following) if following.isascii() and following.isdigit() and len(following) < 19 else 0,
        )

    @cached_property
    def query(self) -> str:
        """What follows the `?` of a page in this place, "" when nothing has to."""
        return urlencode({name: value for name, value in (("q", self.q), ("after", self.after)) if value})

    @cached_property
    def as_parameters(self) -> str:
        """For links to a ticket's forms, which stand outside the inbox's address."""
        given = {"in": self.view, "q": self.q, "after": self.after, "following": self.following or ""}
        return urlencode({name: value for name, value in given.items() if value})

    @cached_property
    def as_fields(self) -> list[tuple[str, str]]:
        """For hidden fields."""
        given = (("in", self.view), ("q", self.q), ("after", self.after), ("following", str(self.following or "")))
        return [(name, value) for name, value in given if value]

    def list_address(self) -> str:
        """The list itself."""
        return self._with_query(list_path(self.view))

    def ticket_address(self, pk: int) -> str:
        """A ticket beside this list."""
        return self._with_query(f"{list_path(self.view)}{pk}/")

    def _with_query(self, address: str) -> str:
        return f"{address}?{self.query}" if self.query else address


@dataclass(frozen=True)
class Wanted:
    """Which parts of a ticket's page a script asks for. A browser that loads the page gets all of it.

    `keeps_list`: the screen shows this list, and `/live` keeps it true there. `is_refresh`: only what may have changed
    by itself is put in, so the composer stays out.
    """

    keeps_list: bool = False
    is_refresh: bool = False

    @classmethod
    def of(cls, request: HttpRequest, place: Place, *, is_answer: bool) -> "Wanted":
        """Read off the request's headers. What was refused is shown whole."""
        if not (is_answer and _is_part(request)):
            return cls()
        return cls(
            keeps_list=request.headers.get(SHOWS_LIST) == place.list_address(),
            is_refresh=request.headers.get(REGIONS) == "live",
        )


def _is_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers


def keep_for_rail(request: HttpRequest, numbers: Numbers) -> None:
    """The inbox has counted what the rail shows as well."""
    request.desk_numbers = numbers  # type: ignore[attr-defined]  # for the length of this request


def kept_for_rail(request: HttpRequest) -> Numbers | None:
    """What `keep_for_rail` was given, None on other pages."""
    return getattr(request, "desk_numbers", None)


def page(request: HttpRequest, template: str, context: dict, *, status: int = 200) -> HttpResponse:
    """A screen; for htmx only the part that changes. An answer that refuses leaves the address as it was."""
    layout = "layouts/bare.html" if _is_part(request) else "layouts/agent.html"
    response = render(request, template, {"layout": layout, **context}, status=status)
    patch_vary_headers(response, ["HX-Request", SHOWS_LIST, REGIONS])
    if status >= 400:
        response["HX-Push-Url"] = "false"
    return response


def form_page(request: HttpRequest, template: str, context: dict) -> HttpResponse:
    """A page with one form. It opens in a dialog too, so its errors go back to where it was sent from."""
    form = context.get("form")
    response = page(request, template, context, status=422 if form is not None and form.errors else 200)
    is_own_page = request.headers.get("HX-Current-URL", "").partition("?")[0].endswith(request.path)
    if response.status_code == 422 and request.POST.get("in_dialog") and not is_own_page:
        response["HX-Retarget"], response["HX-Reselect"] = "#dialog-body", "#card"
        response["HX-Reswap"] = "innerHTML"
    return response


def go(address: str) -> HttpResponse:
    """See Other."""
    return HttpResponseRedirect(address, status=303)


def say(request: HttpRequest, text: str) -> None:
    """Words at the top of the next page."""
    messages.success(request, text)


def complain(request: HttpRequest, text: object) -> None:
    """Words at the top of the next page about something that did not happen."""
    messages.error(request, str(text))
