"""Reading a process, and saying so."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.door import may
from accounts.requests import PersonRequest
from knowledgebase.actions.receipts import confirm
from knowledgebase.queries_receipts import readings
from knowledgebase.refusals import Refused
from knowledgebase.views.wiki import page, readable_or_404
from supportdesk.lib.audience import staff_only


@require_safe
@staff_only
def report(request: PersonRequest) -> HttpResponse:
    """Who has read which process, and who has not."""
    lines = readings(request.user)
    mine = [line for line in lines if request.user in line.missing]
    return page(request, "receipts", lines=lines, mine=mine)


@require_POST
@may("processes.work")
def read(request: PersonRequest, slug: str) -> HttpResponse:
    """I have read this version."""
    article = readable_or_404(request, slug)
    typed = request.POST.get("no", "")
    try:
        no = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0
        confirm(article=article, no=no, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Noted: you have read version {no}.")
    return redirect("wiki:article", article.slug)
