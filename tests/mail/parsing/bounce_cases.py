"""The bounce fixtures, read."""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "bounces"


@dataclass(frozen=True)
class BounceCase:
    name: str
    action: str
    status: str
    recipient: str
    message_id: str
    mail: bytes


def bounce_cases() -> list[BounceCase]:
    cases = []
    for path in sorted(FOLDER.glob("*.txt")):
        for block in ("\n" + path.read_text(encoding="utf-8")).split("\n@@@@ ")[1:]:
            head, _, raw = block.partition("\n")
            name, *expected = (piece.strip() for piece in head.split("|"))
            action, status, recipient, message_id = ("" if piece == "-" else piece for piece in expected)
            cases.append(BounceCase(name, action, status, recipient, message_id, raw.encode()))
    return cases
