"""What every refusal of the back office has in common: its message is a sentence for the person who asked."""


class Refused(Exception):
    """An action was not done, and nothing changed. The message says why, and what would help."""
