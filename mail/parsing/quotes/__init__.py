"""Which lines of a mail are the sender's own and which repeat an older mail."""

from mail.parsing.quotes.splitting import split_reply

__all__ = ["split_reply"]
