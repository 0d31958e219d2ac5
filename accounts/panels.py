"""Panels that an app above shows beside something of an app below: known by the address's name, never imported.

The owner registers its panel from `AppConfig.ready()`; the page below loads it from that address when somebody opens
it, with a plain link for those without script.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Panel:
    """What stands beside a thing, behind a heading. `url_name` takes the thing's number."""

    key: str
    heading: str
    icon: str
    url_name: str


_panels: dict[str, list[Panel]] = {}


def register(place: str, panel: Panel) -> None:
    """Show `panel` at `place` ("ticket"), after those that were registered before. Registered twice, it stands once."""
    known = _panels.setdefault(place, [])
    if panel not in known:
        known.append(panel)


def panels(place: str) -> list[Panel]:
    """What stands at `place`, in order."""
    return list(_panels.get(place, ()))
