"""How sums of time are said."""

import pytest

from billing.templatetags.store import minutes_words


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(360, "6 hours"), (285, "4 hours 45 minutes"), (60, "1 hour"), (75, "75 minutes"), (1, "1 minute"),
     (-1, "-1 minute"), (-75, "-75 minutes"), (-285, "-4 hours 45 minutes"), (-120, "-2 hours")],
)  # fmt: skip
def test_minutes_are_said_in_hours_as_soon_as_that_is_shorter_to_read(minutes, words):
    assert minutes_words(minutes) == words
