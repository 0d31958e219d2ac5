"""Integer minor units and ISO 4217 codes: 1,284.00 US dollars is `128_400, "USD"`. Never a float (B10)."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

# Currencies whose minor unit is not a hundredth, as the card networks count them.
NO_DECIMALS = frozenset(
    {
        "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
    }
)  # fmt: skip
THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
SYMBOLS = {"USD": "$", "CAD": "CA$", "EUR": "€", "GBP": "£", "AUD": "A$", "NZD": "NZ$", "JPY": "¥"}
MOST = 99_999_999  # eight digits: what a provider takes at once
ONE_MILLION = 1_000_000
_AMOUNT = re.compile(r"\d{1,3}(,\d{3})*(\.\d+)?|\d+(\.\d+)?")


class NotAnAmount(ValueError):
    """The text is not a sum of this currency; the message says why."""


def decimals(currency: str) -> int:
    """How many digits stand after the point."""
    return 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2


def shown(amount: int, currency: str) -> str:
    """`$1,284.00`, `-CA$5.00`, `¥500`, `CHF 12.50`."""
    digits = decimals(currency)
    number = f"{Decimal(abs(amount)).scaleb(-digits):,.{digits}f}"
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return f"{'-' if amount < 0 else ''}{symbol}{number}"


def plain(amount: int, currency: str) -> str:
    """`1284.00`, for files and forms."""
    digits = decimals(currency)
    return f"{Decimal(amount).scaleb(-digits):.{digits}f}"


def parse(text: str, currency: str) -> int:
    """Minor units of what somebody typed: `$1,284`, `1284.00`. Raises NotAnAmount; at most MOST, never negative."""
    bare = text.strip().removeprefix(SYMBOLS.get(currency, currency)).removesuffix(currency).strip()
    if not _AMOUNT.fullmatch(bare) or not bare.isascii():
        raise NotAnAmount("Enter an amount such as 40 or 40.00.")
    try:
        value = Decimal(bare.replace(",", "")).scaleb(decimals(currency))
    except InvalidOperation:
        raise NotAnAmount("Enter an amount such as 40 or 40.00.") from None
    if value != value.to_integral_value():
        raise NotAnAmount(f"{currency} has {decimals(currency)} digits after the point.")
    if value > MOST:
        raise NotAnAmount(f"Enter at most {shown(MOST, currency)}.")
    return int(value)


def share(amount: int, parts_per_million: int) -> int:
    """That share of `amount`, half a unit rounded up and away from zero."""
    exact = Decimal(amount) * parts_per_million / ONE_MILLION
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` in parts by weight that sum to it exactly: what is left over goes to the largest remainders.

    `split(100, [1, 1, 1])` is `[34, 33, 33]`. All weights zero: everything to the first. No weights: nothing.
    """
    if not weights:
        return []
    whole = sum(weights)
    if min(weights) < 0:
        raise ValueError("A weight is negative.")
    if whole == 0:
        return [amount, *[0] * (len(weights) - 1)]
    sign, rest = (-1, -amount) if amount < 0 else (1, amount)
    parts = [rest * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: (-(rest * weights[index] % whole), index))
    for index in order[: rest - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]
