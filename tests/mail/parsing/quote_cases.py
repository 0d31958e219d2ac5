"""The quote fixtures, read."""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "quotes"


@dataclass(frozen=True)
class QuoteCase:
    name: str
    body: str
    reply: str

    @property
    def subtype(self) -> str:
        return "html" if self.name.startswith("html-") else "plain"

    @property
    def mail(self) -> bytes:
        head = f"From: a@example.com\nSubject: Re: Order\nContent-Type: text/{self.subtype}; charset=utf-8\n\n"
        return (head + self.body).encode()


def quote_cases() -> list[QuoteCase]:
    cases = []
    for path in sorted(FOLDER.glob("*.txt")):
        for block in ("\n" + path.read_text(encoding="utf-8")).split("\n@@ ")[1:]:
            name, _, rest = block.partition("\n")
            body, _, reply = rest.partition("\n%%\n")
            cases.append(QuoteCase(name, body, reply.strip("\n")))
    return cases
