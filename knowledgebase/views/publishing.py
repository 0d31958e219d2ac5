"""Staff decide: what waits for approval, what a page said before, and what changed in between."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.door import key_of
from accounts.requests import PersonRequest
from knowledgebase.access import article_for, may_answer, may_publish, may_write
from knowledgebase.actions import publishing
from knowledgebase.choices import RevisionState
from knowledgebase.forms.writing import AnswerForm, CompareForm
from knowledgebase.models import Article, Revision
from knowledgebase.queries_writing import compared, drafts_of, history, suggestions, version, waiting_for
from knowledgebase.refusals import Refused
from knowledgebase.views.wiki import about, laid_out, moved, page, readable_or_404
from supportdesk.lib.audience import staff_only


@require_safe
@staff_only
def waiting(request: PersonRequest) -> HttpResponse:
    """Everything that waits for somebody's yes, and what one has begun oneself."""
    rows = waiting_for(request.user)
    return page(request, "waiting", here="waiting", rows=rows, drafts=drafts_of(request.user))


@require_safe
@staff_only
def change(request: PersonRequest, slug: str) -> HttpResponseBase:
    """What is suggested for a page: word by word, with yes and no."""
    article = article_for(request.user, slug)
    if article is None:
        return moved(request, "wiki:change", slug)
    rows = suggestions(article)
    wanted = key_of(request.GET.get("no"))
    shown = next((row for row in rows if row.no == wanted), rows[0] if rows else None)
    return _change(request, article, rows, shown, AnswerForm())


def _change(
    request: PersonRequest, article: Article, rows: list[Revision], shown: Revision | None, form: AnswerForm
) -> HttpResponse:
    context = about(request, article) | {"tab": "change", "rows": rows, "shown": shown, "answer": form}
    if shown:
        context |= {
            "compared": compared(article.published, shown), "revision": article.published or shown,
            "publishes": may_publish(request.user, shown), "answers": may_answer(request.user, article.space),
            "is_own": shown.author_id == request.user.pk,
        }  # fmt: skip
    return page(request, "change", status=422 if form.errors else 200, **context)


@require_safe
@staff_only
def versions(request: PersonRequest, slug: str) -> HttpResponseBase:
    """Every version of a page, the newest first."""
    article = article_for(request.user, slug)
    if article is None:
        return moved(request, "wiki:history", slug)
    rows, older = history(article, key_of(request.GET.get("before")))
    return page(request, "history", **about(request, article) | {"tab": "history", "rows": rows, "older": older})


@require_safe
@staff_only
def read_version(request: PersonRequest, slug: str, no: int) -> HttpResponse:
    """One version as it was, with everything that can be done with it."""
    article = readable_or_404(request, slug)
    shown = _version(article, no)
    context = about(request, article) | {"tab": "history", "shown": shown, "page": laid_out(request, article, shown)}
    is_newest = shown.no == article.head_no
    return page(
        request, "version", **context, revision=shown, is_newest=is_newest,
        submits=is_newest and shown.state == RevisionState.SAVED,
        restores=may_write(request.user, article.space) and not is_newest and not article.archived_at,
        withdraws=shown.state == RevisionState.SUBMITTED and shown.author_id == request.user.pk,
    )  # fmt: skip


@require_safe
@staff_only
def compare(request: PersonRequest, slug: str) -> HttpResponse:
    """Two versions, word by word. Asked for the wrong way round, the older one is still the old one."""
    article = readable_or_404(request, slug)
    form = CompareForm(request.GET)
    if not form.is_valid():
        messages.error(request, "Give the numbers of two versions.")
        return redirect("wiki:history", article.slug)
    old, new = sorted(form.cleaned_data.values())
    context = about(request, article) | {"tab": "history"}
    return page(request, "compare", **context, compared=compared(_version(article, old), _version(article, new)))


@require_POST
@staff_only
def approve(request: PersonRequest, slug: str, no: int) -> HttpResponse:
    """Yes. With `verify`: the whole page was read, word for word."""

    def act(shown: Revision) -> str:
        verify = bool(request.POST.get("verify"))
        publishing.approve(shown, by=request.user, now=timezone.now(), verify=verify)
        return f"Version {shown.no} is what readers see now."

    return _act(request, slug, no, act, "wiki:article")


@require_POST
@staff_only
def decline(request: PersonRequest, slug: str, no: int) -> HttpResponse:
    """No, and why."""
    article = readable_or_404(request, slug)
    shown, form = _version(article, no), AnswerForm(request.POST)
    if not form.is_valid():
        return _change(request, article, suggestions(article), shown, form)

    def act(shown: Revision) -> str:
        publishing.reject(shown, answer=form.cleaned_data["answer"], by=request.user, now=timezone.now())
        return f"Declined. {shown.author.shown_name} gets your words by mail."

    return _act(request, slug, no, act, "wiki:article")


@require_POST
@staff_only
def withdraw(request: PersonRequest, slug: str, no: int) -> HttpResponse:
    """Take one's own suggestion back."""

    def act(shown: Revision) -> str:
        publishing.withdraw(shown, by=request.user, now=timezone.now())
        return f"Version {shown.no} waits no more. It is saved, and you can go on with it."

    return _act(request, slug, no, act, "wiki:history")


@require_POST
@staff_only
def submit(request: PersonRequest, slug: str, no: int) -> HttpResponse:
    """Hand in what was only saved, or publish it where one may do so alone."""

    def act(shown: Revision) -> str:
        done = publishing.submit(shown, by=request.user, now=timezone.now())
        waits = done.state == RevisionState.SUBMITTED
        return f"Version {shown.no} waits for approval." if waits else f"Version {shown.no} is what readers see now."

    return _act(request, slug, no, act, "wiki:article")


@require_POST
@staff_only
def restore(request: PersonRequest, slug: str, no: int) -> HttpResponse:
    """Bring an old version back as the newest one."""
    article = readable_or_404(request, slug)
    base_no = key_of(request.POST.get("base_no")) or 0

    def act(shown: Revision) -> str:
        done = publishing.restore(article, no=shown.no, base_no=base_no, by=request.user, now=timezone.now())
        waits = done.state == RevisionState.SUBMITTED
        return f"Version {shown.no} is back as version {done.no}{', and waits for approval' if waits else ''}."

    return _act(request, slug, no, act, "wiki:history")


def _act(request: PersonRequest, slug: str, no: int, act: Callable[[Revision], str], then: str) -> HttpResponse:
    """Do it to that version and say what came of it on the next page. Who may not gets 403."""
    article = readable_or_404(request, slug)
    shown = _version(article, no)
    try:
        messages.success(request, act(shown))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(then, article.slug)


def _version(article: Article, no: int) -> Revision:
    found = version(article, no)
    if found is None:
        raise Http404
    return found
