"""Tickets by the numbers that they had at another desk: old mails and minutes name no others."""

from collections.abc import Iterable

from tickets.import_choices import Sort
from tickets.models import Imported, TicketImport
from tickets.queries_desk.search_grammar import And, Not, Number, Or, Tree, leaves

MOST = 50


def numbered_elsewhere(numbers: Iterable[str]) -> dict[str, list[int]]:
    """By each number, the tickets that had it at some desk whose history came here. One query, none without numbers."""
    wanted = [number for number in dict.fromkeys(numbers) if number]
    if not wanted:
        return {}
    rows = Imported.objects.filter(
        source__in=TicketImport.objects.order_by().values("source").distinct(),  # the few by which rows are found
        sort=Sort.TICKET,
        external_id__in=wanted,
        object_id__isnull=False,  # what was refused after all
    )
    found: dict[str, list[int]] = {}
    for number, pk in rows.order_by("-object_id").values_list("external_id", "object_id")[:MOST]:
        if pk is not None:
            found.setdefault(number, []).append(pk)
    return found


def with_old_numbers(tree: Tree | None) -> Tree | None:
    """A number means the tickets, too, that had it at another desk. One query where a number was typed."""
    numbers = [str(leaf.value) for leaf in leaves(tree) if isinstance(leaf, Number)]
    found = numbered_elsewhere(numbers)
    return _replaced(tree, found) if tree and found else tree


def _replaced(tree: Tree, found: dict[str, list[int]]) -> Tree:
    match tree:
        case Number(value, typed):
            others = [Number(pk, typed) for pk in found.get(str(value), ()) if pk != value]
            return Or((tree, *others)) if others else tree
        case Not(part):
            return Not(_replaced(part, found))
        case And(parts):
            return And(tuple(_replaced(part, found) for part in parts))
        case Or(parts):
            each = [_replaced(part, found) for part in parts]
            return Or(tuple(one for part in each for one in (part.parts if isinstance(part, Or) else (part,))))
        case _:
            return tree
