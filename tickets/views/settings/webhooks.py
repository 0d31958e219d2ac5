"""Endpoints of other programs: set up, tried, switched off and on, and what was sent to them."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from tickets import webhook_queries as queries
from tickets.actions.setup import webhooks as actions
from tickets.forms.settings.webhooks import EndpointForm, SinceForm
from tickets.views.settings.door import done, key_of, may, page, saved
from webhooks.models import Delivery, Endpoint

REFUSALS = (actions.CannotSetUp, actions.CannotReplay, actions.CannotSwitch)


@may("desk.set_up")
@require_safe
def webhook_list(request: PersonRequest) -> HttpResponse:
    """Where events are sent, and whether they arrive."""
    return page(request, "webhook_list", "webhooks", endpoints=queries.endpoints(now=timezone.now()))


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def new_webhook(request: PersonRequest) -> HttpResponse:
    """A new endpoint. Its secret is on the page that answers, once."""
    form = EndpointForm(request.POST if request.method == "POST" else None)
    made: list[tuple[Endpoint, str]] = []

    def make(entered: dict) -> None:
        made.append(actions.make_endpoint(**entered, by=request.user, now=timezone.now()))

    if saved(request, form, make, refusals=REFUSALS, field="url", words="The endpoint is ready."):
        endpoint, secret = made[0]
        response = _endpoint(request, endpoint, secret=secret)
        response.status_code = 201
        return response
    return page(request, "webhook_form", "webhooks", form=form, endpoint=None)


@may("desk.set_up")
@require_safe
def webhook(request: PersonRequest, pk: int) -> HttpResponse:
    """An endpoint and what was sent to it, newest first."""
    return _endpoint(request, get_object_or_404(Endpoint, pk=pk))


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def change_webhook(request: PersonRequest, pk: int) -> HttpResponse:
    """Another address, other events."""
    endpoint = get_object_or_404(Endpoint, pk=pk)
    form = EndpointForm(request.POST if request.method == "POST" else None, endpoint=endpoint)

    def change(entered: dict) -> None:
        actions.change_endpoint(endpoint=endpoint, **entered, by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=REFUSALS, field="url", words="The endpoint is changed."):
        return redirect("settings:webhook", pk)
    return page(request, "webhook_form", "webhooks", form=form, endpoint=endpoint)


@may("desk.set_up")
@require_POST
def rotate_webhook(request: PersonRequest, pk: int) -> HttpResponse:
    """A new secret, on the page that answers, once."""
    endpoint = get_object_or_404(Endpoint, pk=pk)
    secret = actions.rotate_secret(endpoint=endpoint, by=request.user, now=timezone.now())
    endpoint.refresh_from_db()
    return _endpoint(request, endpoint, secret=secret)


@may("desk.set_up")
@require_POST
def switch_webhook(request: PersonRequest, pk: int) -> HttpResponse:
    """Off, or on again."""
    endpoint, now = get_object_or_404(Endpoint, pk=pk), timezone.now()
    if request.POST.get("on"):
        act, words = actions.switch_on, "Events are sent again from now on. What was missed you can send below."
    else:
        act, words = actions.switch_off, "Nothing more is sent to it."
    done(request, lambda: act(endpoint=endpoint, by=request.user, now=now), refusals=REFUSALS, words=words)
    return redirect("settings:webhook", pk)


@may("desk.set_up")
@require_POST
def remove_webhook(request: PersonRequest, pk: int) -> HttpResponse:
    """Forget it with everything that was sent there."""
    endpoint = get_object_or_404(Endpoint, pk=pk)

    def remove() -> None:
        actions.remove(endpoint=endpoint, by=request.user, now=timezone.now())

    done(request, remove, refusals=REFUSALS, words="The endpoint is removed.")
    return redirect("settings:webhooks")


@may("desk.set_up")
@require_POST
def try_webhook(request: PersonRequest, pk: int) -> HttpResponse:
    """Send a test on the way of all events."""
    endpoint = get_object_or_404(Endpoint, pk=pk)

    def send() -> None:
        actions.send_test(endpoint=endpoint, by=request.user, now=timezone.now())

    words = "A test is on its way. Load this page again in a moment to see what came back."
    done(request, send, refusals=REFUSALS, words=words)
    return redirect("settings:webhook", pk)


@may("desk.set_up")
@require_POST
def replay_webhooks(request: PersonRequest, pk: int) -> HttpResponse:
    """Send again everything since a time that did not arrive."""
    endpoint = get_object_or_404(Endpoint, pk=pk)
    form = SinceForm(request.POST)
    if not form.is_valid():
        return _endpoint(request, endpoint, since=form)
    since = form.cleaned_data["since"]
    try:
        count = actions.replay_failed(endpoint=endpoint, since=since, by=request.user, now=timezone.now())
    except actions.CannotReplay as refusal:
        messages.error(request, str(refusal))
    else:
        words = "Nothing failed since then." if not count else f"On their way again: {count}."
        messages.success(request, words)
    return redirect("settings:webhook", pk)


@may("desk.set_up")
@require_safe
def delivery(request: PersonRequest, pk: int) -> HttpResponse:
    """One event: what was sent, each attempt, and what came back."""
    row = get_object_or_404(Delivery.objects.select_related("event", "endpoint"), pk=pk)
    tries, body = queries.tries(row), queries.readable(row)
    return page(request, "webhook_delivery", "webhooks", delivery=row, tries=tries, body=body)


@may("desk.set_up")
@require_POST
def replay_delivery(request: PersonRequest, pk: int) -> HttpResponse:
    """Send one event again, as the same event."""
    row = get_object_or_404(Delivery.objects.select_related("endpoint"), pk=pk)

    def again() -> None:
        actions.replay(delivery=row, by=request.user, now=timezone.now())

    done(request, again, refusals=REFUSALS, words="It is on its way again.")
    return redirect("settings:webhook_delivery", pk)


def _endpoint(
    request: PersonRequest, endpoint: Endpoint, *, secret: str = "", since: SinceForm | None = None
) -> HttpResponse:
    only = request.GET.get("only", "")
    before = key_of(request.GET.get("before"))
    shown, more = queries.deliveries(endpoint, only=only, before=before)
    since = since or SinceForm(initial={"since": timezone.now() - timedelta(days=1)})
    return page(
        request, "webhook", "webhooks", form=since if since.errors else None, endpoint=endpoint, secret=secret,
        since=since, deliveries=shown, more=more, only=only, labels=queries.labels(endpoint),
        standing=queries.standing(endpoint, now=timezone.now()),
    )  # fmt: skip
