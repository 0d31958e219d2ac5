"""What can be said about a file that gave no text."""


class Unreadable(Exception):
    """The file is not what it says, or broken. The message is a sentence for people."""
