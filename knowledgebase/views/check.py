"""One page of the month's reading, and nothing else on the screen."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import PersonRequest
from knowledgebase.actions import checking
from knowledgebase.choices import CampaignState, CheckOutcome
from knowledgebase.models import CampaignItem
from knowledgebase.queries_campaign import item_for, progress, rules
from knowledgebase.refusals import Refused
from knowledgebase.sections import KEY, sections
from knowledgebase.serving import WIKI, for_reader, ways_of
from supportdesk.lib.audience import staff_only


@require_safe
@staff_only
def item(request: PersonRequest, pk: int) -> HttpResponseBase:
    """The page to read."""
    found = _item(request, pk)
    if request.method == "GET":
        checking.open_item(item=found, by=request.user, now=timezone.now())
    return _screen(request, found)


@require_POST
@staff_only
def tick(request: PersonRequest, pk: int) -> HttpResponseBase:
    """A section was read, or was not after all."""
    found = _item(request, pk)
    key, is_read = request.POST.get("key", "")[:KEY].replace("\0", ""), bool(request.POST.get("is_read"))
    try:
        checking.tick(item=found, key=key, is_read=is_read, by=request.user, now=timezone.now())
    except Refused as refusal:
        return _screen(request, _item(request, pk), said=str(refusal))
    if request.htmx:  # type: ignore[attr-defined]  # the middleware puts it there
        return _screen(request, _item(request, pk))
    return redirect("wiki:check", pk)


@require_POST
@staff_only
def settle(request: PersonRequest, pk: int) -> HttpResponseBase:
    """The whole page was read and is right."""
    found = _item(request, pk)
    try:
        done = checking.settle(item=found, by=request.user, now=timezone.now())
    except Refused as refusal:
        return _screen(request, _item(request, pk), said=str(refusal))
    words = f"{done.article.title}: read, and right."
    if done.outcome == CheckOutcome.FIXED:
        words = f"{done.article.title}: read, and corrected in version {done.fix.no if done.fix else ''}."
    messages.success(request, words)
    return redirect(_onward(pk))


@require_POST
@staff_only
def flag(request: PersonRequest, pk: int) -> HttpResponseBase:
    """The page is wrong, and its owner has to mend it."""
    found = _item(request, pk)
    remark = request.POST.get("remark", "")
    try:
        checking.flag(item=found, remark=remark, by=request.user, now=timezone.now())
    except checking.SayWhat as refusal:
        return _screen(request, found, remark=remark[:2000], wrong=str(refusal))
    except Refused as refusal:
        return _screen(request, _item(request, pk), said=str(refusal), remark=remark[:2000])
    messages.success(request, f"{found.article.title}: flagged. {found.article.owner.shown_name} sees it.")
    return redirect(_onward(pk))


def _item(request: PersonRequest, pk: int) -> CampaignItem:
    found = item_for(request.user, pk) if 0 < pk < 2**63 else None
    if found is None or found.article.published is None:
        raise Http404
    return found


def _onward(pk: int) -> str:
    return f"/wiki/checks/next/?after={pk}"


def _screen(
    request: PersonRequest, found: CampaignItem, *, said: str = "", remark: str = "", wrong: str = ""
) -> HttpResponse:
    text = found.article.published
    if text is None:
        raise Http404
    how = rules()
    ways, _ = ways_of(request.user, found.article, text.html)
    parts = sections(text.title, text.html)
    shown = [
        {"key": part.key, "html": for_reader(part.html, ways, WIKI), "words": part.words, "is_read": read}
        for part, read in ((part, part.key in found.ticked) for part in parts)
    ]
    unread = next((number for number, part in enumerate(shown, 1) if not part["is_read"]), 0)
    is_open = CampaignItem.objects.filter(pk=found.pk).open().exists()
    context = {
        "section": "wiki", "item": found, "article": found.article, "text": text, "parts": shown, "unread": unread,
        "left": sum(not part["is_read"] for part in shown), "stands": progress(found.campaign, how),
        "fix": checking.correction_of(found) if is_open else None, "is_open": is_open,
        "reads": is_open and found.campaign.reviewer_id == request.user.pk
        and found.campaign.state == CampaignState.RUNNING,
        "said": said, "remark": remark, "wrong": wrong, "how": how,
    }  # fmt: skip
    return render(request, "knowledgebase/checks/item.html", context, status=422 if said or wrong else 200)
