"""What people set for themselves."""

from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import entering, limits, queries
from accounts.actions import codes, people
from accounts.forms import AnyCodeForm, CodeForm, CustomerForm, NewPasswordForm, PasswordForm, PlainForm, StaffForm
from accounts.proof import proven_recently
from accounts.requests import PersonRequest
from accounts.second_factor import check_second_code, has_passkey, has_second_factor
from supportdesk.lib.audience import safe_next, signed_in
from supportdesk.lib.throttle import forgive, hit

PROOF_CODE = "accounts.proof_code"


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def profile(request: PersonRequest) -> HttpResponse:
    """Name, time zone and how the desk behaves."""
    person = request.user
    form_class = StaffForm if person.is_staff_member else CustomerForm
    if request.method != "POST":
        form = form_class(initial={name: getattr(person, name) for name in form_class.base_fields})
        return _page(request, "me", form)
    form = form_class(request.POST)
    if not form.is_valid():
        return _page(request, "me", form)
    now, wishes = timezone.now(), dict(form.cleaned_data)
    name = wishes.pop("name")
    if name != person.name:
        people.rename_person(person=person, name=name, by=person, now=now)
    people.set_preferences(person=person, by=person, now=now, **wishes)
    messages.success(request, "Saved.")
    return redirect("accounts:me")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@proven_recently
def password(request: PersonRequest) -> HttpResponse:
    """A new password. Every other session ends."""
    if request.method != "POST":
        return _page(request, "password", NewPasswordForm(person=request.user))
    form = NewPasswordForm(request.POST, person=request.user)
    if not form.is_valid():
        return _page(request, "password", form)
    now = timezone.now()
    people.set_password(person=request.user, password=form.cleaned_data["password"], by=request.user, now=now)
    entering.renew_session(request, request.user)
    messages.success(request, "You have a new password. You are signed out everywhere else.")
    return redirect("accounts:me")


@require_safe
@signed_in
def sessions(request: PersonRequest) -> HttpResponse:
    """Where this person is signed in."""
    listed = queries.live_sessions(request.user, now=timezone.now())
    context = {"sessions": listed, "current": request.session.session_key}
    return render(request, "accounts/sessions.html", context)


@require_POST
@signed_in
def end_session(request: PersonRequest, pk: int) -> HttpResponse:
    """Sign out one browser."""
    session = get_object_or_404(queries.sessions_of(request.user), pk=pk)
    is_this = session.session_key == request.session.session_key
    people.end_session(person=request.user, session=session, by=request.user, now=timezone.now())
    if is_this:
        entering.leave(request)
        return redirect("accounts:sign_in")
    messages.success(request, "That browser is signed out.")
    return redirect("accounts:sessions")


@require_POST
@signed_in
def end_other_sessions(request: PersonRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    person = people.end_sessions(person=request.user, by=request.user, now=timezone.now())
    entering.renew_session(request, person)
    messages.success(request, "You are signed out everywhere else.")
    return redirect("accounts:sessions")


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def prove_again(request: PersonRequest) -> HttpResponse:
    """Is it still you? Asked by the second factor, else the password, else a mailed code."""
    way = _way_to_prove(request)
    form_class = {"app": AnyCodeForm, "password": PasswordForm, "mail": CodeForm}[way]
    if request.method != "POST":
        return _ask_for_proof(request, form_class(), way)
    if "send" in request.POST:
        return _mail_proof_code(request)
    form = form_class(request.POST)
    if form.is_valid():
        now = timezone.now()
        if wait := hit(limits.PROOFS, str(request.user.pk), now=now):
            return limits.too_many(request, wait)
        if error := _disproof(request, way, form, now):
            form.add_error(None, error)
        else:
            forgive(limits.PROOFS, str(request.user.pk))
            entering.note_proof(request, method=way)
            return HttpResponseRedirect(safe_next(request, "/"))
    return _ask_for_proof(request, form, way)


def _ask_for_proof(request: PersonRequest, form: PlainForm, way: str) -> HttpResponse:
    asked = PROOF_CODE in request.session
    return _page(request, "prove_again", form, way=way, asked=asked, has_passkey=has_passkey(request.user))


def _way_to_prove(request: PersonRequest) -> str:
    if has_second_factor(request.user):
        return "app"
    wants_mail = (request.POST.get("way") or request.GET.get("way")) == "mail"
    return "password" if request.user.has_usable_password() and not wants_mail else "mail"


def _disproof(request: PersonRequest, way: str, form: PlainForm, now) -> str:
    """Why this does not prove the person; empty when it does."""
    data = form.cleaned_data
    if way == "app":
        return "" if check_second_code(request.user, data["code"]) else "That is not the code. Try the next one."
    if way == "password":
        right = authenticate(request, email=request.user.email, password=data["password"])
        return "" if right == request.user else "That is not your password."
    try:
        person = codes.redeem_code(code_id=request.session.get(PROOF_CODE), text=data["code"], now=now)
    except codes.CodeRefused as refusal:
        return str(refusal)
    request.session.pop(PROOF_CODE, None)
    return "" if person == request.user else "That is not the code."


def _mail_proof_code(request: PersonRequest) -> HttpResponse:
    now = timezone.now()
    if wait := limits.wait_for_code(request, request.user.email, now):
        return limits.too_many(request, wait)
    request.session[PROOF_CODE] = codes.request_code(email=request.user.email, now=now).pk
    return HttpResponseRedirect(request.get_full_path())


def _page(request: PersonRequest, name: str, form: PlainForm, **context) -> HttpResponse:
    context |= {"form": form, "next": safe_next(request, "")}
    return render(request, f"accounts/{name}.html", context, status=422 if form.errors else 200)
