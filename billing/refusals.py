"""What every refusal of billing has in common: its message is a sentence for the person who asked."""


class Refused(Exception):
    """An action was not done, and nothing changed. Each verb defines its own kind."""


class CannotDecide(Refused):
    """A request is not open any more, or not for this person to decide. Nothing changed."""
