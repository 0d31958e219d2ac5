"""The form in which `ingest_mail --parsed` shows a mail."""

from dataclasses import asdict
from typing import Any

from mail.parsing.types import Address, ParsedMail


def to_json(parsed: ParsedMail) -> dict[str, Any]:
    """Plain dicts, lists and strings, ready for `json.dumps`."""
    return {
        "from": _address(parsed.from_) if parsed.from_ else None,
        "sender_problem": parsed.sender_problem,
        "to": [_address(address) for address in parsed.to],
        "cc": [_address(address) for address in parsed.cc],
        "reply_to": [_address(address) for address in parsed.reply_to],
        "subject": parsed.subject,
        "date": parsed.date.isoformat() if parsed.date else None,
        "message_id": parsed.message_id,
        "in_reply_to": parsed.in_reply_to,
        "references": parsed.references,
        "text": parsed.text,
        "html": parsed.html,
        "reply_text": parsed.reply_text,
        "quoted_text": parsed.quoted_text,
        "attachments": [
            {
                "name": file.name,
                "type": file.content_type,
                "size": file.size,
                "sha256": file.sha256,
                "inline": file.inline,
            }
            for file in parsed.attachments
        ],
        "auto_reply": parsed.auto_reply,
        "bounce": asdict(parsed.bounce) if parsed.bounce else None,
        "forwarded": _forwarded(parsed),
        "authentication": asdict(parsed.authentication),
        "remote_images": parsed.remote_images,
        "notes": parsed.notes,
    }


def _address(address: Address) -> dict[str, str]:
    return {"email": address.email, "name": address.name}


def _forwarded(parsed: ParsedMail) -> dict[str, Any] | None:
    if parsed.forwarded is None:
        return None
    original = parsed.forwarded
    return {
        "from": _address(original.sender),
        "subject": original.subject,
        "date": original.date.isoformat() if original.date else None,
        "text": original.text,
        "comment": original.comment,
    }
