"""Pages that other pages name."""

from django import template

from accounts.models import Person
from knowledgebase.access import named_to
from knowledgebase.models import Article

register = template.Library()


@register.filter
def read_by(article: Article | None, person: Person) -> Article | None:
    """The article where `person`, of the staff, reads it; else nothing, and its title stays unsaid (A4)."""
    return named_to(person, article)
