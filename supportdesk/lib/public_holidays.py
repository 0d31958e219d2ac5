"""Public holidays by country, from the `holidays` library."""

import warnings
from datetime import date
from functools import lru_cache

import holidays

# What a clock may have to count over: tickets of the past, promises of years ahead.
YEARS = range(2015, 2051)


def countries() -> dict[str, list[str]]:
    """Two-letter codes of countries, each with the short forms of its provinces or states."""
    return holidays.list_supported_countries(include_aliases=False)


@lru_cache(maxsize=4096)
def public_days(country: str, subdivision: str, year: int) -> tuple[tuple[date, str], ...]:
    """(day, name) of one year in order; none for an unknown country. An unknown subdivision is left out."""
    known = countries()
    if country not in known:
        return ()
    part = subdivision if subdivision in known[country] else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a country whose rules are not known so far ahead says so
        days = holidays.country_holidays(country, subdiv=part, years=year)
    return tuple(sorted((day, name) for day, name in days.items() if day.year == year))


@lru_cache(maxsize=256)
def closed_days(country: str, subdivision: str) -> frozenset[date]:
    """Every public holiday of YEARS, computed once a process in about 20 ms."""
    return frozenset(day for year in YEARS for day, _ in public_days(country, subdivision, year))
