"""Coming in and going out."""

from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts import entering, limits
from accounts.actions import codes, invites
from accounts.choices import EventKind
from accounts.forms import CodeForm, PlainForm, SignInForm, SignUpForm
from accounts.models import Person
from supportdesk.lib.audience import public, safe_next

CODE_ASKED = "accounts.code"
NOT_RIGHT = "The address and the password do not belong together. Leave the password empty to get a code by mail."


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@public
def sign_in(request: HttpRequest) -> HttpResponse:
    """One form: with a password it is checked, without one a code is mailed."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(safe_next(request, "/"))
    if request.method != "POST":
        return _page(request, "sign_in", SignInForm())
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _page(request, "sign_in", form)
    if form.cleaned_data["password"]:
        return _by_password(request, form)
    return _mail_code(request, email=form.cleaned_data["email"])


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public
def sign_up(request: HttpRequest) -> HttpResponse:
    """A name and an address. The rest is the way of the code, so nobody learns who is known already."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(safe_next(request, "/"))
    if request.method != "POST":
        return _page(request, "sign_up", SignUpForm())
    form = SignUpForm(request.POST)
    if not form.is_valid():
        return _page(request, "sign_up", form)
    return _mail_code(request, email=form.cleaned_data["email"], name=form.cleaned_data["name"])


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public
def code(request: HttpRequest) -> HttpResponse:
    """Where the mailed code is typed. It works in the browser that asked for it."""
    asked = request.session.get(CODE_ASKED)
    if request.user.is_authenticated or not asked:
        return redirect("accounts:sign_in")
    if request.method != "POST":
        return _page(request, "code", CodeForm(), email=asked["email"])
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _page(request, "code", form, email=asked["email"])
    now = timezone.now()
    if wait := limits.wait_for_guess(request, now):
        return limits.too_many(request, wait)
    try:
        person = codes.redeem_code(code_id=asked["id"], text=form.cleaned_data["code"], now=now)
    except codes.CodeRefused as refusal:
        _note_refused(request, asked["email"], EventKind.CODE_REFUSED)
        form.add_error("code", str(refusal))
        return _page(request, "code", form, email=asked["email"], is_over=refusal.is_over)
    del request.session[CODE_ASKED]
    return entering.enter(request, person, method="code", next_address=asked["next"])


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session by a post. Opening the address only asks."""
    if request.method == "POST":
        entering.leave(request)
        return _page(request, "signed_out", PlainForm())
    return _page(request, "sign_out", PlainForm())


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """A mailed link: opening it shows who invited, a post accepts."""
    now = timezone.now()
    if wait := limits.wait_for_invitation(request, now):
        return limits.too_many(request, wait)
    try:
        if request.method == "POST":
            person = invites.accept_invite(token=token, now=now)
            entering.leave(request)
            return entering.enter(request, person, method="invitation", next_address="/me/second-factor/")
        invite = invites.find_invite(token=token, now=now)
    except invites.InviteOver as over:
        return render(request, "accounts/invitation_over.html", {"text": str(over)}, status=410)
    return render(request, "accounts/invitation.html", {"invite": invite})


@require_safe
@public
def closed(request: HttpRequest) -> HttpResponse:
    """Where somebody deactivated ends."""
    return render(request, "accounts/closed.html")


@sensitive_variables("form")
def _by_password(request: HttpRequest, form: SignInForm) -> HttpResponse:
    email, now = form.cleaned_data["email"], timezone.now()
    if wait := limits.wait_for_password(request, email, now):
        return limits.too_many(request, wait)
    person = authenticate(request, email=email, password=form.cleaned_data["password"])
    if person is None:
        _note_refused(request, email, EventKind.PASSWORD_REFUSED)
        form.add_error(None, NOT_RIGHT)
        return _page(request, "sign_in", form)
    limits.password_was_right(request, email)
    return entering.enter(request, person, method="password", next_address=safe_next(request, "/"))


def _note_refused(request: HttpRequest, email: str, kind: EventKind) -> None:
    """For the log of whoever has this address; strangers leave no trace."""
    if person := Person.objects.filter(email=email).first():
        entering.note_event(request, person, kind)


def _mail_code(request: HttpRequest, *, email: str, name: str = "") -> HttpResponse:
    now = timezone.now()
    if wait := limits.wait_for_code(request, email, now):
        return limits.too_many(request, wait)
    kept = codes.request_code(email=email, name=name, now=now)
    request.session[CODE_ASKED] = {"id": kept.pk, "email": email, "next": safe_next(request, "/")}
    return redirect("accounts:code")


def _page(request: HttpRequest, name: str, form: PlainForm, **context) -> HttpResponse:
    """One of our pages; 422 when its form has errors. `next` travels along in the form."""
    context |= {"form": form, "next": safe_next(request, "")}
    return render(request, f"accounts/{name}.html", context, status=422 if form.errors else 200)
