"""What every template may ask about the person who is looking."""

from django.conf import settings
from django.http import HttpRequest

from accounts.models import Person
from accounts.second_factor import has_second_factor

OWN_PAGES = "/me/"


def about_person(request: HttpRequest) -> dict:
    """`site_name`; `wants_second_factor`: staff who sign in with one factor only; `own_layout`: in which layout pages
    about oneself stand, and their `section` of the rail.
    """

    def staff() -> Person | None:
        person = getattr(request, "user", None)
        return person if person and person.is_authenticated and person.is_staff_member else None

    def wants() -> bool:
        person = staff()
        return bool(person and settings.STAFF_SECOND_FACTOR == "offered" and not has_second_factor(person))

    def own_layout() -> str:
        """Staff keep their rail, unless they still have to add the second factor without which they see nothing."""
        person = staff()
        is_let_in = person and (settings.STAFF_SECOND_FACTOR != "required" or has_second_factor(person))
        return "layouts/own.html" if is_let_in else "layouts/entrance.html"

    about = {"wants_second_factor": wants, "site_name": settings.SITE_NAME, "own_layout": own_layout}
    return about | {"section": "you"} if request.path.startswith(OWN_PAGES) else about
