"""The steps of a saved process, as rows that runs are made of."""

from knowledgebase.choices import ArticleKind
from knowledgebase.models import Revision, Step
from knowledgebase.process_text import read
from knowledgebase.queries_process import known_roles, process_of
from knowledgebase.refusals import Refused


class NoProcess(Refused):
    """The text cannot be run as it is. `problems` are the sentences that say why."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def keep_steps(revision: Revision) -> list[Step]:
    """Keep what a new revision of a process says as its steps; of a page nothing. Called in the transaction of saving.

    Called again, it answers the steps that there are: a revision's never change. What is not understood is left out
    here and refused by `check_runnable` before it is published. Two queries.
    """
    if revision.article.kind != ArticleKind.PROCESS:
        return []
    kept = list(revision.steps.order_by("no"))
    if kept:
        return kept
    roles = known_roles()
    return Step.objects.bulk_create(
        Step(
            revision=revision, no=step.no, key=step.key, title=step.title, how=step.how, say=step.say,
            role=roles.get(step.who.lower()), due_minutes=step.due_minutes, due_from=step.due_from,
            due_step=step.due_step, evidence=step.evidence, evidence_label=step.evidence_label,
            customer_label=step.customer_label,
        )
        for step in read(revision.markdown).steps
    )  # fmt: skip


def check_runnable(revision: Revision) -> None:
    """Before a process is published: raises NoProcess with everything that is wrong. Pages pass. One query."""
    if revision.article.kind == ArticleKind.PROCESS:
        problems = process_of(revision.markdown).problems
        if problems:
            raise NoProcess(problems)
