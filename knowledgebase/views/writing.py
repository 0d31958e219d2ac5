"""Staff write: the editor, its preview and draft, and what happens when somebody else saved meanwhile."""

from collections.abc import Mapping

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.door import key_of
from accounts.requests import PersonRequest
from knowledgebase.access import article_for, may_verify, may_write, newest_of, spaces_for
from knowledgebase.actions import drafting, writing
from knowledgebase.actions.keeping import BadTemplate, CannotKeep
from knowledgebase.actions.steps import NoProcess
from knowledgebase.choices import ArticleKind, RevisionState, Significance
from knowledgebase.differing import lines_of, places_of
from knowledgebase.forms.writing import EditForm, MergeForm, NewForm
from knowledgebase.markdown import render as as_html
from knowledgebase.merging import Part, text_of
from knowledgebase.models import Article, ArticleDraft, Revision
from knowledgebase.models.articles import LONGEST_TEXT
from knowledgebase.pages import page_of
from knowledgebase.queries_writing import beginnings, compared, draft_of, problems_of, version, ways_in
from knowledgebase.refusals import Refused
from knowledgebase.serving import WIKI, led
from knowledgebase.template_text import offered
from knowledgebase.views.wiki import moved, readable_or_404
from supportdesk.lib.audience import is_local, staff_only

# Where one is led after saving.
AFTER = {
    RevisionState.SAVED: "wiki:history", RevisionState.SUBMITTED: "wiki:change", RevisionState.APPROVED: "wiki:article",
}  # fmt: skip
SAVE, KEEP, VERIFY, PREVIEW, GO_ON, MERGE = "save", "keep", "verify", "preview", "go_on", "merge"


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def edit(request: PersonRequest, slug: str) -> HttpResponseBase:
    """The editor of a page, with what its person began. Everybody on the staff opens it: who may not write suggests."""
    article = article_for(request.user, slug)
    if article is None:
        return moved(request, "wiki:edit", slug)
    if article.archived_at:
        messages.error(request, "This page is archived. Bring it back first.")
        return redirect("wiki:article", article.slug)
    if request.method != "POST":
        return _editor(request, article, EditForm(initial=_beginning(request, article)))
    do = request.POST.get("do", SAVE)
    if do == MERGE:
        return _merge(request, article)
    form = EditForm(request.POST)
    if do in (PREVIEW, GO_ON) or not form.is_valid():
        return _editor(request, article, form)
    return _save(request, article, form, form.cleaned_data, do)


def _save(
    request: PersonRequest, article: Article, form: EditForm, entered: dict, do: str, head: Revision | None = None
) -> HttpResponse:
    """Save what was entered; a conflict is shown, with nothing lost."""
    try:
        revision = writing.save(
            article=article, title=entered["title"], markdown=entered["markdown"], base_no=entered["base_no"],
            comment=entered["comment"], significance=entered["significance"], submit=do != KEEP, verify=do == VERIFY,
            known=entered["known"] if head is None else None, by=request.user, now=timezone.now(),
        )  # fmt: skip
    except writing.Conflict as conflict:
        return _conflict(request, article, conflict, entered, do)
    except CannotKeep as refusal:
        form.add_error(refusal.field, str(refusal))
    except (NoProcess, BadTemplate) as refusal:
        for problem in refusal.problems:
            form.add_error("markdown", problem)
    except Refused as refusal:
        form.add_error(None, str(refusal))
    else:
        messages.success(request, _said(revision))
        return redirect(_back(request) or reverse(AFTER[RevisionState(revision.state)], args=[article.slug]))
    return _editor(request, article, form)


def _back(request: PersonRequest) -> str:
    """Where somebody came from to correct something, as the address names it; "" else."""
    address = request.GET.get("back", "")
    return address if is_local(address) else ""


def _said(revision: Revision) -> str:
    if revision.state == RevisionState.SUBMITTED:
        return f"Version {revision.no} waits. Somebody else approves it before readers see it."
    if revision.state == RevisionState.SAVED:
        return f"Version {revision.no} is saved. Readers still see what they saw."
    return f"Version {revision.no} is what readers see now."


def _beginning(request: PersonRequest, article: Article) -> dict:
    """One's own draft, or else the newest text."""
    draft = draft_of(request.user, article=article)
    head = newest_of(article)
    if draft:
        return {
            "title": draft.title or article.title, "markdown": draft.markdown, "comment": draft.comment,
            "base_no": draft.base_no, "known": draft.version, "significance": Significance.MEDIUM,
        }  # fmt: skip
    return {
        "title": head.title if head else article.title, "markdown": head.markdown if head else "",
        "base_no": head.no if head else 0, "known": 0, "significance": Significance.MEDIUM,
    }  # fmt: skip


def _editor(request: PersonRequest, article: Article, form: EditForm) -> HttpResponse:
    head = newest_of(article)
    base_no = form["base_no"].value() or 0
    draft = draft_of(request.user, article=article)
    found = {
        "section": "wiki", "gaps": offered(),
        "article": article, "space": article.space, "kind": article.kind, "form": form, "head": head,
        "back": _back(request),
        "draft": draft, "is_behind": bool(head and (key_of(str(base_no)) or 0) < head.no),
        "publishes": may_write(request.user, article.space) and not article.space.needs_approval,
        "writes": may_write(request.user, article.space), "now": timezone.now(),
        "verifies": not article.space.needs_approval and may_verify(request.user, article),
        **_previewed(request, form["markdown"].value() or "", article.kind),
    }  # fmt: skip
    return render(request, "knowledgebase/wiki/edit.html", found, status=422 if form.errors else 200)


def _conflict(
    request: PersonRequest, article: Article, conflict: writing.Conflict, entered: dict, do: str, form=None
) -> HttpResponse:
    """409: both texts, and what has to be chosen."""
    known = form.choices() if form else {}
    mine = Revision(no=conflict.head.no + 1, title=conflict.title, markdown=conflict.markdown)
    both = Revision(no=mine.no, title=conflict.merged_title or "", markdown=conflict.merged or "")
    found = {
        "section": "wiki", "article": article, "conflict": conflict, "entered": entered, "form": form, "do": do,
        "parts": _to_choose(conflict, known),
        "theirs": compared(conflict.base, conflict.head), "mine": compared(conflict.base, mine),
        "both": compared(conflict.head, both) if conflict.merged is not None and conflict.merged_title else None,
    }  # fmt: skip
    return render(request, "knowledgebase/wiki/conflict.html", found, status=409)


def _to_choose(conflict: writing.Conflict, known: Mapping[int, str]) -> list[dict]:
    """Each place where both changed the same lines: where it stands, and the ways to go on from there."""
    places, at, found = places_of(lines_of(conflict.head.markdown)), 0, []
    for number, part in enumerate(conflict.parts):
        if part.is_conflict:
            place = places[min(at, len(places) - 1)]
            found.append({"number": number, "place": place, "choice": known.get(number, ""), "shown": _pieces(part)})
        at += len(part.theirs)
    return found


def _pieces(part: Part) -> list[dict]:
    """The ways to go on from there, each as the lines that would stand."""
    named = [
        ("theirs", part.theirs), ("mine", part.mine), ("both", part.theirs + part.mine), ("before", part.base),
    ]  # fmt: skip
    return [{"value": value, "lines": lines} for value, lines in named if value != "both" or part.theirs != part.mine]


def _merge(request: PersonRequest, article: Article) -> HttpResponse:
    """What was chosen on the page of a conflict, saved on top of what stands."""
    form = MergeForm(request.POST)
    head = version(article, form.cleaned_data["head_no"]) if form.is_valid() or "head_no" not in form.errors else None
    if head is None:
        raise Http404
    if form.errors:
        return _editor(request, article, EditForm(request.POST))
    entered = form.cleaned_data
    base = version(article, entered["base_no"])
    conflict = writing.Conflict(head=head, base=base, title=entered["title"], markdown=_lines(entered["markdown"]))
    markdown = text_of(conflict.parts, form.choices())
    title = conflict.merged_title or {"mine": entered["title"], "theirs": head.title}.get(
        request.POST.get("title-is", "")
    )
    if markdown is None or title is None:
        form.add_error(None, "Choose what shall stand at each place where both of you changed the same lines.")
        return _conflict(request, article, conflict, entered, request.POST.get("then", SAVE), form)
    decided = {**entered, "title": title, "markdown": markdown, "base_no": head.no}
    if request.POST.get("next") == GO_ON:
        return _editor(request, article, EditForm(initial={**decided, "known": _version_of(request, article)}))
    then = request.POST.get("then", SAVE)
    return _save(request, article, EditForm(decided), decided, then if then in (SAVE, KEEP) else SAVE, head)


def _version_of(request: PersonRequest, article: Article) -> int:
    draft = draft_of(request.user, article=article)
    return draft.version if draft else 0


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def new(request: PersonRequest, pk: int = 0) -> HttpResponse:
    """The editor of a page that is not there yet; with a key that of its draft."""
    draft = draft_of(request.user, pk=pk) if 0 < pk < 2**63 else None
    if pk and draft is None and request.method != "POST":  # a form that is sent twice comes after its draft has ended
        raise Http404
    if not any(may_write(request.user, space) for space in spaces_for(request.user)):
        raise PermissionDenied("You may not write in any space. On a page that you read you can suggest a change.")
    if request.method != "POST":
        return _new(request, NewForm(person=request.user, initial=_start_of(request, draft)), draft)
    form = NewForm(request.POST, person=request.user)
    do = request.POST.get("do", SAVE)
    if do == PREVIEW or not form.is_valid():
        return _new(request, form, draft)
    entered = form.cleaned_data
    above = article_for(request.user, entered["below"]) if entered["below"] else None
    try:
        article = writing.create(
            space=entered["space"], kind=entered["kind"], title=entered["title"], markdown=entered["markdown"],
            comment=entered["comment"], parent=above if above and above.space_id == entered["space"].pk else None,
            submit=do != KEEP, verify=do == VERIFY and not entered["space"].needs_approval, draft=entered["draft"],
            by=request.user, now=timezone.now(),
        )  # fmt: skip
    except CannotKeep as refusal:
        form.add_error(refusal.field, str(refusal))
    except (NoProcess, BadTemplate) as refusal:
        for problem in refusal.problems:
            form.add_error("markdown", problem)
    except Refused as refusal:
        form.add_error(None, str(refusal))
    else:
        messages.success(request, _said(article.revisions.order_by("-no")[0]))
        return redirect("wiki:article", article.slug)
    return _new(request, form, draft)


def _start_of(request: PersonRequest, draft: ArticleDraft | None) -> dict:
    """A draft, or what the address names: `space`, `kind`, `below` and the page to begin from."""
    if draft:
        return {
            "space": draft.space_id, "kind": draft.kind, "title": draft.title, "markdown": draft.markdown,
            "comment": draft.comment, "draft": draft.pk, "known": draft.version,
        }  # fmt: skip
    wanted = request.GET
    source = article_for(request.user, wanted.get("from", "")) if wanted.get("from") else None
    above = article_for(request.user, wanted.get("below", "")) if wanted.get("below") else None
    spaces = {space.key: space.pk for space in spaces_for(request.user) if may_write(request.user, space)}
    return {
        "space": above.space_id if above else spaces.get(wanted.get("space", ""), next(iter(spaces.values()), None)),
        "kind": wanted.get("kind") if wanted.get("kind") in ArticleKind.values else (source.kind if source else "page"),
        "title": wanted.get("title", "").replace("\0", "")[:200], "below": above.slug if above else "",
        "markdown": source.published.markdown if source and source.published else "", "known": 0,
    }  # fmt: skip


def _new(request: PersonRequest, form: NewForm, draft: ArticleDraft | None) -> HttpResponse:
    kind = form["kind"].value() or ArticleKind.PAGE
    found = {
        "section": "wiki", "gaps": offered(),
        "form": form, "kind": kind, "draft": draft, "is_new": True, "writes": True,
        "beginnings": list(beginnings(request.user)), "now": timezone.now(),
        "verifies": _publishes_alone(request, form),
        **_previewed(request, form["markdown"].value() or "", kind),
    }  # fmt: skip
    return render(request, "knowledgebase/wiki/edit.html", found, status=422 if form.errors else 200)


def _publishes_alone(request: PersonRequest, form: NewForm) -> bool:
    """Whether nobody else approves what is written in the space that the form names now."""
    chosen = str(form["space"].value() or "")
    return any(str(space.pk) == chosen and not space.needs_approval for space in spaces_for(request.user))


@require_POST
@staff_only
def preview(request: PersonRequest) -> HttpResponse:
    """The text as readers will see it, with what is in the way of publishing it."""
    slug = request.POST.get("slug", "")
    article = article_for(request.user, slug) if slug else None
    kind = article.kind if article else request.POST.get("kind", "")
    found = _previewed(request, request.POST.get("markdown", "")[:LONGEST_TEXT], kind)
    return render(request, "knowledgebase/wiki/_preview.html", found)


def _previewed(request: PersonRequest, markdown: str, kind: str) -> dict:
    text = as_html(markdown)
    headings = [{"level": one.level, "id": one.id, "words": one.words} for one in text.headings]
    laid = page_of(Revision(markdown=markdown, html=text.html, headings=headings), kind)
    ways, missing = ways_in(request.user, text.links)
    return {
        "page": led(laid, ways, WIKI), "words": text.words, "problems": problems_of(kind, markdown),
        "missing": missing,
    }  # fmt: skip


@require_POST
@staff_only
def keep(request: PersonRequest, slug: str) -> JsonResponse:
    """Keep what is being typed on a page."""
    article = readable_or_404(request, slug)
    entered = _typed(EditForm(request.POST))
    return _kept(
        request,
        lambda: drafting.keep_draft(
            article=article, title=entered["title"], markdown=entered["markdown"], base_no=entered["base_no"],
            comment=entered["comment"], known=entered["known"], by=request.user, now=timezone.now(),
        ),
    )  # fmt: skip


@require_POST
@staff_only
def keep_new(request: PersonRequest) -> JsonResponse:
    """Keep what is being typed as a new page."""
    form = NewForm(request.POST, person=request.user)
    entered = _typed(form)
    if not entered.get("space") or not entered.get("kind"):
        return JsonResponse({"words": "Choose a space, so that this can be kept."}, status=422)
    return _kept(
        request,
        lambda: drafting.keep_new_draft(
            pk=entered["draft"] or None, space=entered["space"], kind=entered["kind"], title=entered["title"],
            markdown=entered["markdown"], comment=entered["comment"], known=entered["known"], by=request.user,
            now=timezone.now(),
        ),
    )  # fmt: skip


def _typed(form: forms.Form) -> dict:
    """What can be kept of what was typed, however unfinished."""
    form.is_valid()
    words = {"title": "", "markdown": "", "comment": "", "base_no": 0, "known": 0, "draft": 0}
    raw = {name: form.data.get(name, "") for name in ("title", "markdown", "comment")}
    return words | raw | {name: value for name, value in form.cleaned_data.items() if value or name not in words}


def _kept(request: HttpRequest, keeping) -> JsonResponse:
    try:
        draft = keeping()
    except drafting.DraftChanged as clash:
        other = clash.other
        said = {"version": other.version, "title": other.title, "markdown": other.markdown} if other else None
        return JsonResponse({"words": str(clash), "other": said}, status=409)
    except Refused as refusal:
        return JsonResponse({"words": str(refusal)}, status=422)
    if draft is None:
        return JsonResponse({"version": 0})
    address = "" if draft.article_id else reverse("wiki:draft", args=[draft.pk])
    return JsonResponse({"version": draft.version, "draft": draft.pk, "address": address})


@require_POST
@staff_only
def drop(request: PersonRequest, slug: str) -> HttpResponse:
    """Throw one's draft of a page away."""
    article = readable_or_404(request, slug)
    drafting.drop_draft(article=article, by=request.user)
    messages.success(request, "The draft is thrown away. The page is as it was.")
    return redirect("wiki:article", article.slug)


@require_POST
@staff_only
def drop_new(request: PersonRequest, pk: int) -> HttpResponse:
    """Throw the draft of a new page away."""
    drafting.drop_draft(pk=pk if pk < 2**63 else 0, by=request.user)
    messages.success(request, "The draft is thrown away.")
    return redirect("wiki:waiting")


def _lines(text: str) -> str:
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").rstrip()
