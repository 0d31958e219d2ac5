"""What the API says of articles."""

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from knowledgebase.choices import RevisionState
from knowledgebase.models import Article, Revision
from supportdesk.lib.rest.fields import Choice, Shown


class ArticleShown(Shown):
    """A page. `head_no` is the number of its newest version, which a change has to name as its `base_no`."""

    url = serializers.SerializerMethodField()
    space = serializers.CharField(source="space.key")
    visibility = serializers.CharField(source="space.visibility")
    published_no = serializers.IntegerField(source="published.no", default=None, allow_null=True)
    owner = serializers.IntegerField(source="owner_id")
    is_archived = serializers.SerializerMethodField()

    class Meta:
        model = Article
        related = ("space", "published")
        fields: tuple[str, ...] = (
            "id", "url", "slug", "title", "summary", "kind", "space", "visibility", "tags", "owner", "head_no",
            "published_no", "published_at", "verified_at", "verify_due_at", "needs_change", "waiting", "is_archived",
            "created_at", "updated_at",
        )  # fmt: skip

    def get_url(self, row: Article) -> str:
        """Where it can be read again."""
        return f"{settings.SITE_URL}{reverse('api:article', args=[row.pk])}"

    def get_is_archived(self, row: Article) -> bool:
        """Whether it was put away."""
        return row.archived_at is not None


class RevisionShown(Shown):
    """One version of a text. It never changes; only `state` does."""

    state = Choice(choices=RevisionState.choices)
    author = serializers.IntegerField(source="author_id")

    class Meta:
        model = Revision
        fields = (
            "no", "base_no", "title", "markdown", "html", "words", "state", "author", "comment", "significance",
            "answer", "created_at",
        )  # fmt: skip


class ArticleWhole(ArticleShown):
    """A page with what readers see of it, and its newest text."""

    published = RevisionShown(allow_null=True)
    head = serializers.SerializerMethodField()

    class Meta(ArticleShown.Meta):
        fields = (*ArticleShown.Meta.fields, "published", "head")

    @extend_schema_field(RevisionShown(allow_null=True))
    def get_head(self, row: Article) -> dict | None:
        """The newest version, which may wait for approval; null where nothing is written yet."""
        head = row.published if row.published and row.published.no == row.head_no else None
        head = head or Revision.objects.filter(article=row, no=row.head_no).first()
        return RevisionShown(head).data if head else None


class FoundShown(serializers.Serializer):
    """An article that a search found. `snippet` is plain text in which the words stand."""

    article = ArticleShown()
    snippet = serializers.CharField(help_text="Plain text.")


class FoundAnswer(serializers.Serializer):
    results = FoundShown(many=True)
    total = serializers.IntegerField(help_text="How many there are; it stops at 1,000.")
    did_you_mean = serializers.CharField(help_text="The spelling that these results are for, empty for the one sent.")


class ConflictWords(serializers.Serializer):
    code = serializers.CharField(help_text="Fixed, for programs: conflict.")
    message = serializers.CharField(help_text="A sentence, for people.")
    fields = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))  # type: ignore[assignment]  # the name is part of the API
    head = RevisionShown(help_text="What stands there now.")
    merged = serializers.CharField(
        allow_null=True, help_text="Both changes together, null where both changed the same lines."
    )


class ConflictAnswer(serializers.Serializer):
    """Somebody saved after `base_no`. Nothing was changed."""

    error = ConflictWords()
