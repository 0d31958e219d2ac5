"""The check in front of an action: who may, and one transaction."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from django.db import transaction

from accounts import access

P = ParamSpec("P")
R = TypeVar("R")


def permitted(right: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Run an action in one transaction if its `by` holds `right`; else journal the attempt and raise NotAllowed.

    The check stands outside the transaction, so that the entry outlives the refusal (S27).
    """

    def decorate(action: Callable[P, R]) -> Callable[P, R]:
        @wraps(action)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            access.require(kwargs["by"], right, now=cast("datetime", kwargs["now"]))
            with transaction.atomic():
                return action(*args, **kwargs)

        return checked

    return decorate
