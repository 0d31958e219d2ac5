"""An invoice by its private link: read, pay, print, keep. No login, no session, no effect but “opened” (S36 to S38)."""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import access
from billing.actions import fresh_links, links, opt_outs, papers
from billing.models import Invoice, InvoiceLink
from billing.pdf_answers import pdf
from billing.refusals import Refused
from billing.views import pay_panel
from selfservice import invoice_pages, refund_pages
from selfservice.forms.invoice import FreshInvoiceLinkForm, StopForm
from selfservice.review_time import Times
from supportdesk.lib.audience import public
from supportdesk.lib.client_address import client_ip, network_of
from supportdesk.lib.private_pages import is_a_look, private
from supportdesk.lib.throttle import Limit, hit

MADE_UP = Limit("made-up invoice links from a network", times=60, seconds=3600)
FRESH_FROM_NETWORK = Limit("fresh invoice links asked from a network", times=20, seconds=3600)
CHANGES = Limit("changes through an invoice link", times=30, seconds=3600)


def linked(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Give the view the link behind the token, or answer that there is none: 404, and 410 for one that is over."""

    @wraps(view)
    def opened(request: HttpRequest, token: str, *args, **kwargs) -> HttpResponseBase:
        now = timezone.now()
        try:
            link = access.link_for(token, now)
        except Refused as refusal:
            return _gone(request, refusal)
        if request.method == "POST" and hit(CHANGES, str(link.pk), now=now):
            return render(request, "selfservice/invoice_wait.html", _of(link, token), status=429)
        with timezone.override(invoice_pages.zone_of(link.invoice.customer)):
            return view(request, link, token, *args, **kwargs)

    return opened


@public
@private
@pay_panel.takes_cards
@require_safe
@linked
def invoice(request: HttpRequest, link: InvoiceLink, token: str) -> HttpResponseBase:
    """The page. All that opening it changes is when it was last opened."""
    now = timezone.now()
    if is_a_look(request):
        links.note_opened(link=link, now=now)
    return show(request, link.invoice, link=link, token=token)


def show(request: HttpRequest, invoice: Invoice, *, link: InvoiceLink | None, token: str = "") -> HttpResponse:
    """The page of one invoice for whoever may see it; 304 where nothing on it changed."""
    today = timezone.localdate(timezone.now(), invoice_pages.zone_of(invoice.customer))
    movements = invoice_pages.movements_of(invoice)
    cookie = request.META.get("CSRF_COOKIE", "") or ""
    ways = refund_pages.ways_of_invoice(invoice, Times(timezone.now())) if link is None else []
    seen = request.META.get("QUERY_STRING", "") + refund_pages.stamp(ways)
    etag = invoice_pages.etag_of(invoice, movements, link=link, today=today, cookie=cookie, seen=seen)
    unchanged = get_conditional_response(request, etag=etag, response=HttpResponse())
    if unchanged is not None and unchanged.status_code == 304:
        return unchanged
    paths = paths_of(invoice, token)
    context = invoice_pages.context_of(invoice, movements, paths=paths, today=today)
    panel = pay_panel.panel_for(request, invoice, token=token, link=link) if invoice.due else None
    context |= {"link": link, "token": token, "panel": panel, "decline": panel.decline if panel else None}
    context |= {"ways": ways, "can_ask": link is None and refund_pages.may_ask(invoice, movements.payments, ways)}
    response = render(request, "selfservice/invoice.html", context)
    response["ETag"] = etag
    return response


def paths_of(invoice: Invoice, token: str) -> dict[str, str]:
    """Where the parts of the page lie: below the link, or on the account."""
    if token:
        page = reverse("selfservice:invoice_link", args=[token])
    else:
        page = reverse("selfservice:own_invoice", args=[invoice.number])
    return {"page": page, "pdf": f"{page}pdf/", "paper": f"{page}papers/", "copy": f"{page}copy/"}


@public
@private
@require_safe
@linked
def invoice_pdf(request: HttpRequest, link: InvoiceLink, token: str) -> HttpResponseBase:
    """The invoice to keep, made once when it was issued."""
    file = papers.pdf_of(kind="invoice", paper=link.invoice, now=timezone.now())
    return pdf(request, file, f"{link.invoice.number}.pdf")


@public
@private
@require_safe
@linked
def paper(request: HttpRequest, link: InvoiceLink, token: str, number: str) -> HttpResponseBase:
    """A receipt or a credit note of this invoice, and of no other."""
    return paper_of(request, link.invoice, number)


def paper_of(request: HttpRequest, invoice: Invoice, number: str) -> HttpResponseBase:
    """The PDF of a receipt or a credit note of `invoice`; 404 for any other."""
    found = access.paper_for(invoice, number)
    if found is None:
        raise Http404
    kind, document = found
    return pdf(request, papers.pdf_of(kind=kind, paper=document, now=timezone.now()), f"{number}.pdf")


@public
@private
@require_POST
@linked
def copy(request: HttpRequest, link: InvoiceLink, token: str) -> HttpResponseBase:
    """A link for a colleague. It is shown once; we keep only its hash."""
    context = _of(link, token)
    try:
        address = links.copy_for_colleague(invoice=link.invoice, by=None, via=link, now=timezone.now())
    except links.TooManyCopies as refusal:
        return render(request, "selfservice/invoice_copy.html", context | {"refusal": str(refusal)}, status=409)
    return render(request, "selfservice/invoice_copy.html", context | {"address": address})


@public
@private
@require_http_methods(["GET", "HEAD", "POST"])
@linked
def end(request: HttpRequest, link: InvoiceLink, token: str) -> HttpResponseBase:
    """End this recipient's links, and mail a fresh one to them."""
    if request.method != "POST":
        return render(request, "selfservice/invoice_end.html", _of(link, token))
    is_mailed = links.rotate_link(link=link, by=None, now=timezone.now())
    return render(request, "selfservice/invoice_ended.html", _of(link, token) | {"is_mailed": is_mailed})


@public
@private
@require_http_methods(["GET", "HEAD", "POST"])
@linked
def emails(request: HttpRequest, link: InvoiceLink, token: str) -> HttpResponseBase:
    """Which mails this recipient gets. Opening the page changes nothing; the last recipient is warned first (R37)."""
    if not link.email:
        raise Http404
    context, status, asked = _of(link, token) | {"said": "", "warned": ""}, 200, None
    if request.method == "POST":
        form = StopForm(request.POST)
        if form.is_valid():
            asked = form.cleaned_data
            context |= _chosen(link, asked)
        else:
            status = 422
            context["refusal"] = "Choose one of the mails below."
    context["notices"] = opt_outs.notices_for(address=link.email)
    return render(request, "selfservice/invoice_emails.html", context, status=409 if context["warned"] else status)


def _chosen(link: InvoiceLink, asked: dict) -> dict[str, str]:
    notice, now = asked["notice"], timezone.now()
    if asked["undo"]:
        opt_outs.resume(address=link.email, notice=notice, now=now)
        return {"said": "Undone. These mails come again from the next one on."}
    try:
        opt_outs.stop(address=link.email, notice=notice, is_sure=asked["sure"], now=now)
    except opt_outs.LastOne as warning:
        return {"warned": str(warning), "warned_notice": notice}
    return {"said": "Stopped. The invoices themselves stay here and on the account."}


@public
@private
@require_http_methods(["GET", "HEAD", "POST"])
def fresh(request: HttpRequest) -> HttpResponseBase:
    """One field; a fresh link goes to the addresses on file. Answer and time say nothing about what exists (S45)."""
    if request.method != "POST":
        return render(request, "selfservice/invoice_gone.html", {"form": FreshInvoiceLinkForm(), "is_asked": True})
    form, now = FreshInvoiceLinkForm(request.POST), timezone.now()
    if not form.is_valid():
        return render(request, "selfservice/invoice_gone.html", {"form": form}, status=422)
    wait = hit(FRESH_FROM_NETWORK, network_of(client_ip(request)), now=now)
    if wait:
        return _wait(
            render(request, "selfservice/invoice_gone.html", {"form": form, "refusal": True}, status=429), wait
        )
    fresh_links.ask(which=form.cleaned_data["which"], now=now)
    return redirect("selfservice:invoice_sent")


@public
@private
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """“Look into your mail.”"""
    return render(request, "selfservice/invoice_sent.html")


def _of(link: InvoiceLink, token: str) -> dict:
    return {
        "invoice": link.invoice,
        "seller": link.invoice.snapshot["seller"],
        "link": link,
        "token": token,
        "page": reverse("selfservice:invoice_link", args=[token]),
    }


def _gone(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """One page for links that are over and links that never were; whoever tries many made-up ones has to wait (S46)."""
    status = 410 if isinstance(refusal, access.SpentLink) else 404
    context = {"form": FreshInvoiceLinkForm()}
    if status == 404 and (wait := hit(MADE_UP, network_of(client_ip(request)), now=timezone.now())):
        return _wait(render(request, "selfservice/invoice_gone.html", context, status=429), wait)
    return render(request, "selfservice/invoice_gone.html", context, status=status)


def _wait(response: HttpResponse, seconds: int) -> HttpResponse:
    response["Retry-After"] = str(seconds)
    return response
