"""What a wiki keeps, by noun."""

from knowledgebase.models.articles import Article, ArticleDraft, Redirect, Revision, Step
from knowledgebase.models.campaigns import (
    Campaign,
    CampaignItem,
    CampaignRules,
    CheckGap,
    OwnerReminder,
    Verification,
)
from knowledgebase.models.files import ArticleFile
from knowledgebase.models.imports import ImportedFile, ImportedPage, ImportLine, ImportRun
from knowledgebase.models.links import Link
from knowledgebase.models.receipts import Receipt
from knowledgebase.models.search import ArticleViews, SearchEntry, SearchLog, SearchWord, SuggestSession, Synonyms
from knowledgebase.models.spaces import Space
from knowledgebase.models.votes import Vote

__all__ = [
    "Article",
    "ArticleDraft",
    "ArticleFile",
    "ArticleViews",
    "Campaign",
    "CampaignItem",
    "CampaignRules",
    "CheckGap",
    "ImportLine",
    "ImportRun",
    "ImportedFile",
    "ImportedPage",
    "Link",
    "OwnerReminder",
    "Receipt",
    "Redirect",
    "Revision",
    "SearchEntry",
    "SearchLog",
    "SearchWord",
    "Space",
    "Step",
    "SuggestSession",
    "Synonyms",
    "Verification",
    "Vote",
]
