"""Figures as people read them."""

MINUTE, HOUR, DAY = 60, 3600, 86_400


def duration(seconds: float | None) -> str:
    """“45 s”, “12 min”, “3 h 5 min”, “2 d 4 h”; a dash where nothing was measured."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    minutes = round(whole / MINUTE)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 2 * 24 * 60:
        return _two(minutes, 60, "h", "min")
    return _two(round(minutes / 60), 24, "d", "h")


def share(part_of_whole: tuple[int, int] | None) -> str:
    """“80%” of (part, whole); a dash of nothing."""
    if not part_of_whole or not part_of_whole[1]:
        return "–"
    part, whole = part_of_whole
    return f"{percent(part, whole)}%"


def percent(part: int, whole: int) -> int:
    """Rounded half up; all but one of many is never 100, and one of many never 0."""
    if not whole:
        return 0
    rounded = (200 * part + whole) // (2 * whole)
    if part and not rounded:
        return 1
    return 99 if part < whole and rounded == 100 else rounded


def _two(amount: int, size: int, big: str, small: str) -> str:
    whole, rest = divmod(amount, size)
    return f"{whole} {big} {rest} {small}" if rest else f"{whole} {big}"
