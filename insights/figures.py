"""Every figure of the reports: its name, what it means in words, and which facts it counts.

The words stand beside the number, and the filter both counts it and opens its rows: they cannot disagree.
"""

from dataclasses import dataclass, field
from typing import Any

from insights.choices import TurnKind
from insights.models import Answer, Turn


@dataclass(frozen=True)
class Figure:
    """A number of the reports. `column` names it in `insights_figure`; `measure` is the time that its rows show."""

    key: str
    name: str
    meaning: str
    facts: type[Turn] | type[Answer]
    where: dict[str, Any] = field(default_factory=dict)
    measure: str = ""


_CLOSED = {"kind": TurnKind.CLOSED}
_PROMISED = "Counted where the service level promises it."

FIGURES = {
    figure.key: figure
    for figure in (
        Figure(
            "opened", "Opened", "Tickets that were opened. Merged tickets and spam are left out.",
            Turn, {"kind": TurnKind.OPENED},
        ),
        Figure(
            "contacts", "Contacts",
            "Tickets opened, and tickets opened again more than seven days after they were closed.",
            Turn, {"is_contact": True},
        ),
        Figure(
            "closed", "Closed",
            "Times a ticket was closed. Credited to whoever answered last, not to whoever pressed the button.",
            Turn, _CLOSED, "solved_in",
        ),
        Figure(
            "reopened", "Opened again", "Times a closed ticket was opened again.",
            Turn, {"kind": TurnKind.REOPENED},
        ),
        Figure(
            "closed_soon", "Opened again within 7 days",
            "Closings after which the ticket was opened again within seven days.",
            Turn, {**_CLOSED, "is_soon": True},
        ),
        Figure(
            "closed_unanswered", "Closed unanswered", "Closed although no person had answered.",
            Turn, {**_CLOSED, "is_unanswered": True},
        ),
        Figure(
            "solved", "Solved",
            "From the beginning of a contact to its last closing, waiting for the customer included.",
            Turn, {**_CLOSED, "solved_in__isnull": False}, "solved_in",
        ),
        Figure(
            "solved_kept", "Solved in time", f"Closed before the promised solution. {_PROMISED}",
            Turn, {**_CLOSED, "in_time": True}, "solved_in",
        ),
        Figure(
            "solved_late", "Solved late", f"Closed after the promised solution. {_PROMISED}",
            Turn, {**_CLOSED, "in_time": False}, "solved_in",
        ),
        Figure(
            "answers", "Replies", "Public replies that a person wrote. Notes and automatic replies are not counted.",
            Answer, {}, "waited",
        ),
        Figure(
            "first_answers", "First replies",
            "The first public reply of a person to a contact, on the day of the reply, from when the contact began.",
            Answer, {"is_first": True}, "waited",
        ),
        Figure(
            "first_kept", "First replies in time", f"First replies before the promised time. {_PROMISED}",
            Answer, {"is_first": True, "in_time": True}, "waited",
        ),
        Figure(
            "first_late", "First replies late", f"First replies after the promised time. {_PROMISED}",
            Answer, {"is_first": True, "in_time": False}, "waited",
        ),
        Figure(
            "next_kept", "Next replies in time", f"Later replies before the promised time. {_PROMISED}",
            Answer, {"is_first": False, "in_time": True}, "waited",
        ),
        Figure(
            "next_late", "Next replies late", f"Later replies after the promised time. {_PROMISED}",
            Answer, {"is_first": False, "in_time": False}, "waited",
        ),
        Figure(
            "backlog", "Unsolved", "Tickets that were not closed at the end of the last day.",
            Turn, {"kind": TurnKind.OPENED},
        ),
    )
}  # fmt: skip

MEDIAN = "Half took this long or less."
COUNTED = (
    "opened", "contacts", "closed", "reopened", "closed_soon", "closed_unanswered", "solved", "solved_promised",
    "solved_kept", "answers", "first_answers", "first_promised", "first_kept", "next_promised", "next_kept",
)  # fmt: skip
