"""Settings: words that mean the same, for the search."""

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.door import may, saved
from accounts.requests import PersonRequest
from knowledgebase.actions import synonyms
from knowledgebase.actions.synonyms import CannotKeepWords
from knowledgebase.forms.synonyms import SynonymsForm
from knowledgebase.models import Synonyms


@require_http_methods(["GET", "HEAD", "POST"])
@may("articles.publish")
def every(request: PersonRequest) -> HttpResponseBase:
    """All lines, and a new one."""
    form = SynonymsForm(request.POST or None)

    def act(values: dict) -> object:
        return synonyms.add(words=values["words"], by=request.user, now=timezone.now())

    if saved(request, form, act, refusals=(CannotKeepWords,), words="The search knows these words.", field="words"):
        return redirect("wiki:synonyms")
    rows = Synonyms.objects.order_by("words", "pk")[: synonyms.MOST]
    return _page(request, form, rows=rows)


@require_http_methods(["GET", "HEAD", "POST"])
@may("articles.publish")
def one(request: PersonRequest, pk: int) -> HttpResponseBase:
    """One line."""
    row = _row(pk)
    form = SynonymsForm(request.POST or None, initial={"words": ", ".join(row.words)})

    def act(values: dict) -> object:
        return synonyms.change(row=row, words=values["words"], by=request.user, now=timezone.now())

    if saved(request, form, act, refusals=(CannotKeepWords,), words="Saved.", field="words"):
        return redirect("wiki:synonyms")
    return _page(request, form, row=row)


@require_POST
@may("articles.publish")
def remove(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Without that line."""
    synonyms.remove(row=_row(pk), by=request.user, now=timezone.now())
    return redirect("wiki:synonyms")


def _row(pk: int) -> Synonyms:
    row = Synonyms.objects.filter(pk=pk).first() if 0 < pk < 2**63 else None
    if row is None:
        raise Http404
    return row


def _page(request: PersonRequest, form: SynonymsForm, **more) -> HttpResponse:
    context = {"section": "settings", "here": "synonyms", "form": form, **more}
    return render(request, "knowledgebase/settings/synonyms.html", context, status=422 if form.errors else 200)
