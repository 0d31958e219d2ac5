"""What a slice of an import holds, and what becomes of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from tickets.import_choices import Sort
from tickets.import_formats.records import Human, Organisation, Record, shown
from tickets.models import Imported, ImportRefusal, TicketImport

R = TypeVar("R", bound=Record)


class Taken(NamedTuple, Generic[R]):
    """A record, and where it stood."""

    file: str
    row: int
    record: R
    content: object = ""

    @property
    def external_id(self) -> str:
        """Its number there."""
        record: Record = self.record
        return (
            record.external_id
            if isinstance(record, (Organisation, Human))
            else getattr(record, "external_id", "") or getattr(record, "case", "")
        )


@dataclass
class Outcome:
    """Counts of a slice, and the rows that were not taken."""

    made: int = 0
    changed: int = 0
    same: int = 0
    files_left: int = 0
    refused: list[ImportRefusal] = field(default_factory=list)

    def refuse(self, run: TicketImport, taken: Taken, why: str) -> None:
        """List a row with its reason."""
        self.refused.append(refusal(run, taken.file, taken.row, why, taken.content, taken.external_id))

    def add(self, other: "Outcome") -> None:
        """Count another part in."""
        self.made += other.made
        self.changed += other.changed
        self.same += other.same
        self.files_left += other.files_left
        self.refused += other.refused


def refusal(run: TicketImport, file: str, row: int, why: str, content: object, external_id: str = "") -> ImportRefusal:
    """A row of the list of what was not taken."""
    return ImportRefusal(
        run=run, file=file[:255], row=row, external_id=external_id[:250], why=why[:500], content=shown(content)
    )


def known(source: str, sort: Sort, keys: Iterable[str]) -> dict[str, Imported]:
    """What records with these numbers became here."""
    found = Imported.objects.filter(source=source, sort=sort, external_id__in=list(keys))
    return {row.external_id: row for row in found}
