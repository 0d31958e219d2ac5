"""Reading mail: `parse` for bytes at hand, `ParserProcess` for mail from outside, `to_json` for operators."""

from mail.parsing.json_form import to_json
from mail.parsing.reading import parse
from mail.parsing.sandbox import ParserProcess
from mail.parsing.types import (
    Address,
    Attachment,
    Authentication,
    Bounce,
    Forwarded,
    ParsedMail,
    Unparsable,
)  # fmt: skip

__all__ = [
    "Address", "Attachment", "Authentication", "Bounce", "Forwarded", "ParsedMail", "ParserProcess", "Unparsable",
    "parse", "to_json",
]  # fmt: skip
