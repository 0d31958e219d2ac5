"""What is wrong with a process text, with the desk's roles in mind."""

from accounts.models import WorkRole
from knowledgebase.process_text import ProcessText, read


def known_roles() -> dict[str, WorkRole]:
    """Each role by its lower-case key and its lower-case name. One query."""
    return {word.lower(): role for role in WorkRole.objects.order_by("pk") for word in (role.name, role.key)}


def process_of(markdown: str) -> ProcessText:
    """The process as `read` understands it; a role that nobody added is a problem too. One query."""
    return read(markdown, roles=known_roles())
