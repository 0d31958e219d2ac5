"""Forms that decide something: what they did not ask for, and what was sent twice, is refused by its name (S26)."""

from collections.abc import Iterable, Mapping

from django import forms

LONGEST_NAME = 40
TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - the name of Django's field, no secret


class StrictForm(forms.Form):
    """A form whose page sends these fields and `also`, each once; anything else was put there by somebody's hand."""

    also: frozenset[str] = frozenset()

    def full_clean(self) -> None:
        """As ever, and then the names."""
        super().full_clean()
        if self.is_bound and (words := self._too_much()):
            self.add_error(None, words)

    def _too_much(self) -> str:
        known = {self.add_prefix(name) for name in self.fields} | self.also | {TOKEN}
        several = {
            self.add_prefix(name)
            for name, field in self.fields.items()
            if getattr(field.widget, "allow_multiple_selected", False)
        }
        return too_much(self.data, known=known, several=several)


def too_much(data: Mapping[str, object], *, known: Iterable[str], several: Iterable[str] = ()) -> str:
    """A sentence about the first name in `data` that is not `known`, or that stands twice and is not one of `several`.

    "" where there is none.
    """
    for name in data:
        if name not in known:
            return f"This page has no field “{_shown(name)}”. Nothing was done. Load the page again."
        if name not in several and len(_all(data, name)) > 1:
            return f"The field “{_shown(name)}” was sent twice. Nothing was done. Load the page again."
    return ""


def _all(data: Mapping[str, object], name: str) -> list:
    return data.getlist(name) if hasattr(data, "getlist") else [data[name]]


def _shown(name: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in name[:LONGEST_NAME])
