"""Articles for programs: read, search, write, through the one gate (A4) and by the same verbs as at the desk."""

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from accounts.rest.call import Call
from accounts.rest.once import once
from knowledgebase.access import articles_for, newest_of, spaces_for
from knowledgebase.actions import searching, writing
from knowledgebase.api.shown import ArticleShown, ArticleWhole, ConflictAnswer, FoundAnswer, RevisionShown
from knowledgebase.choices import ArticleKind, Significance, Surface
from knowledgebase.models import Article, Space
from knowledgebase.models.articles import LONGEST_TEXT, LONGEST_TITLE
from knowledgebase.queries_search import LONGEST
from knowledgebase.refusals import Refused
from supportdesk.lib.rest.errors import ApiError
from supportdesk.lib.rest.fields import LARGEST_ID, Body, Choice, Number, Text, Truth
from supportdesk.lib.rest.filters import FilterSet, SeveralFilter, TextFilter
from supportdesk.lib.rest.paging import limit_of
from supportdesk.lib.rest.schema import operation
from supportdesk.lib.rest.views import ApiView, ListView

READ = ("articles:read", "")
WRITE = ("articles:write", "articles.write")


class NewArticleBody(Body):
    """A new page. In a space that wants approval it waits for it."""

    space = Text(max_length=40, help_text="The space's key.")
    kind = Choice(choices=ArticleKind.choices, required=False)
    title = Text(max_length=LONGEST_TITLE)
    markdown = Text(max_length=LONGEST_TEXT, trim_whitespace=False)
    comment = Text(max_length=500, required=False, allow_blank=True)
    submit = Truth(required=False, help_text="Hand it in, or publish where nobody has to approve; true unless said.")


class ChangeArticleBody(Body):
    """Another text. `base_no` is the version that you began from."""

    title = Text(max_length=LONGEST_TITLE, required=False)
    markdown = Text(max_length=LONGEST_TEXT, trim_whitespace=False)
    base_no = Number(max_value=2**31 - 1, help_text="`head_no` of the article as you read it.")
    comment = Text(max_length=500, required=False, allow_blank=True)
    significance = Choice(choices=Significance.choices, required=False)
    submit = Truth(required=False, help_text="Hand it in, or publish where nobody has to approve; true unless said.")


class ArticleFilters(FilterSet):
    space = TextFilter("space__key")
    kind = SeveralFilter("kind", choices=ArticleKind.choices)
    slug = TextFilter("slug")


class SaysWhy(ApiView):
    """For views that call the wiki's verbs. A conflict is 409 with the newest text, a refusal 422."""

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, writing.Conflict):
            head = RevisionShown(error.head).data
            error = ApiError(409, "conflict", str(error), head=head, merged=error.merged)
        elif isinstance(error, Refused):
            error = ApiError(422, "refused", str(error))
        return super().handle_exception(error)


class Articles(SaysWhy, ListView):
    tag = "Articles"
    needs = {"GET": READ, "POST": WRITE}
    serializer_class = ArticleShown
    filterset_class = ArticleFilters
    queryset = Article.objects.none()

    @operation(
        "articles_list", "List articles", answer=ArticleShown(many=True),
        description="Every page that this person reads, archived ones too.",
    )  # fmt: skip
    def get(self, request: Call) -> Response:
        return self.page(articles_for(request.user).select_related(*ArticleShown.Meta.related))

    @operation(
        "articles_create", "Write a new article", body=NewArticleBody, answer=ArticleWhole, status=201, once=True,
        description="Nobody publishes their own words in a space that wants approval, here neither.",
    )  # fmt: skip
    def post(self, request: Call) -> Response:
        said = self.read(NewArticleBody)
        said["space"] = _space(request, said["space"])
        said.setdefault("kind", ArticleKind.PAGE)

        def act() -> tuple[int, dict]:
            made = writing.create(**said, by=request.user, now=timezone.now())
            return 201, ArticleWhole(_article(request, made.pk)).data

        return once(request, act)


class OneArticle(SaysWhy):
    tag = "Articles"
    needs = {"GET": READ, "PATCH": WRITE}
    queryset = Article.objects.none()

    @operation("articles_read", "Read an article", answer=ArticleWhole)
    def get(self, request: Call, pk: int) -> Response:
        return Response(ArticleWhole(_article(request, pk)).data)

    @operation(
        "articles_change", "Change an article", body=ChangeArticleBody, answer=ArticleWhole, conflict=ConflictAnswer,
        refuses=True,
        description="A new version, never an overwritten one. Where somebody saved after `base_no` nothing changes, "
        "and the words are kept as a draft: the answer holds the newest text, "
        "and both changes together where they touch different lines.",
    )  # fmt: skip
    def patch(self, request: Call, pk: int) -> Response:
        article, said = _article(request, pk), self.read(ChangeArticleBody)
        newest = newest_of(article)
        said.setdefault("title", newest.title if newest else article.title)
        writing.save(article=article, **said, by=request.user, now=timezone.now())
        return Response(ArticleWhole(_article(request, pk)).data)


class Finding(ApiView):
    tag = "Articles"
    needs = {"GET": READ}
    parameters = ("q", "limit")
    queryset = Article.objects.none()

    @operation(
        "articles_search", "Search articles", answer=FoundAnswer,
        parameters=[
            OpenApiParameter("q", {"type": "string", "minLength": 1, "maxLength": LONGEST}, required=True,
                             description="Words, beginnings of words, codes with or without their punctuation."),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}),
        ],
        description="What people find in the wiki's search box, the best first. What is looked for here in vain stands "
        "on the report of what is missing.",
    )  # fmt: skip
    def get(self, request: Call) -> Response:
        q = request.query_params.get("q", "")
        if not 0 < len(q) <= LONGEST:
            raise ValidationError({"q": [f"Write 1 to {LONGEST} characters to look for."]})
        done = searching.search(
            person=request.user, words=q, surface=Surface.API, visitor="", now=timezone.now(),
            limit=limit_of(request.query_params), gate=articles_for(request.user),
        )  # fmt: skip
        rows = [{"article": hit.article, "snippet": hit.plain} for hit in done.found.rows]
        found = {"results": rows, "total": done.found.total, "did_you_mean": done.found.did_you_mean}
        return Response(FoundAnswer(found).data)


def _article(request: Call, pk: int) -> Article:
    rows = articles_for(request.user).select_related(*ArticleShown.Meta.related)
    found = rows.filter(pk=pk).first() if 0 < pk <= LARGEST_ID else None
    if found is None:
        raise Http404
    return found


def _space(request: Call, key: str) -> Space:
    found = next((space for space in spaces_for(request.user) if space.key == key), None)
    if found is None:
        raise ValidationError({"space": ["There is no space with this key."]})
    return found
