"""Names of attachments: what the sender wrote, made flat and harmless."""

import mimetypes
import re
import unicodedata

LONGEST_NAME = 150
_INVISIBLE = re.compile(r"[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2028\u2029\u2060-\u206f\ufeff\ufff9-\ufffb]")
_MARKUP = re.compile(r"[<>\"]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
_BASES = {"image": "image", "audio": "audio", "video": "video", "message": "message"}
_KNOWN_ENDINGS = {
    "message/rfc822": ".eml", "message/global": ".eml", "text/calendar": ".ics",
    "application/pgp-signature": ".asc",
                  "application/pgp-encrypted": ".asc", "application/pkcs7-signature": ".p7s",
                  "application/x-pkcs7-signature": ".p7s",
                  "application/pkcs7-mime": ".p7m", "application/x-pkcs7-mime": ".p7m",
                  "message/delivery-status": ".txt",
                  "text/rfc822-headers": ".txt", "text/plain": ".txt", "image/jpeg": ".jpg",
                  "application/ms-tnef": ".dat",
                  "message/disposition-notification": ".txt"}  # fmt: skip


def flat_name(written: str) -> str:
    """`written` without folders, controls, direction marks, zero-width letters or leading dots; may be ""."""
    name = unicodedata.normalize("NFC", _CONTROLS.sub(" ", _INVISIBLE.sub("", written)))
    name = re.split(r"[/\\\u2044\u2215\uff0f\uff3c]", name)[-1]
    name = _MARKUP.sub("_", " ".join(name.split()).strip(" .\"'"))
    return _shortened(name)


def name_for(written: str, content_type: str, number: int) -> str:
    """The flat name, or one made from the type and the place in the mail: `image-2.png`."""
    return (
        flat_name(written)
        or f"{_BASES.get(content_type.partition('/')[0], 'attachment')}-{number}{_ending(content_type)}"
    )


def _ending(content_type: str) -> str:
    return _KNOWN_ENDINGS.get(content_type) or mimetypes.guess_extension(content_type) or ".bin"


def _shortened(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        return name[:LONGEST_NAME]
    return stem[: LONGEST_NAME - len(ending) - 1].rstrip() + "." + ending
