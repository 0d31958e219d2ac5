"""Why something was not done, in words that its reader may read."""


class Refused(Exception):
    """Nothing was changed; the message says why and what would help."""
