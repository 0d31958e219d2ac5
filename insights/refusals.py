"""What every refusal of insights has in common: its message is a sentence for the person who asked."""


class Refused(Exception):
    """An action was not done, and nothing changed."""
