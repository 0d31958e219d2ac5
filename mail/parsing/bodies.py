"""Which parts are the text, which are files, in the order of the mail."""

import hashlib
import html as entities
import re
from dataclasses import dataclass, field

from mail.parsing import charsets
from mail.parsing.filenames import name_for
from mail.parsing.flowed import unflow
from mail.parsing.html import MOST_CHARACTERS, TooComplex, clean_html
from mail.parsing.markup import flatten_tags, to_text
from mail.parsing.structure import Part
from mail.parsing.text import clean_text
from mail.parsing.tnef import unpack_tnef
from mail.parsing.transfer import uuencoded_files
from mail.parsing.types import Attachment

MOST_TEXT = 1_000_000  # characters; PostgreSQL's text search takes no more
_MOST_BYTES = 8 * MOST_TEXT  # of a text that are read at all; the whole of a longer one is attached
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_LOOKS_HTML = re.compile(r"\s*(?:<!doctype html|<html[\s>])", re.IGNORECASE)
_WORD = re.compile(r"\w")
_WORDS = re.compile(r"\w+")
_SHOWN_INLINE = {  # none of these can run
    "image/png",
    "image/jpeg",
    "image/jpg",
    "image/pjpeg",
    "image/gif",
    "image/webp",
    "image/bmp",
}
_CID = re.compile(r'src="cid:([^"]+)"')


@dataclass
class Bodies:
    """The texts so far. `pieces` are (text, html or None, lines below which that text is quoted)."""

    pieces: list[tuple[str, str | None, list[int]]] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    remote_images: int = 0
    only_letter: Part | None = None

    @property
    def text(self) -> str:
        return "\n\n".join(text.strip("\n") for text, _, _ in self.pieces if text.strip())

    @property
    def html(self) -> str | None:
        if all(html is None for _, html, _ in self.pieces):
            return None
        return "\n".join(html if html is not None else text_as_html(text) for text, html, _ in self.pieces)

    @property
    def quote_below(self) -> list[int]:
        if len(self.pieces) != 1:
            return []
        return self.pieces[0][2]


def text_as_html(text: str) -> str:
    return "<div>" + entities.escape(text).replace("\n", "<br>") + "</div>"


def read_bodies(root: Part) -> Bodies:
    """Every text and every file of the mail."""
    bodies = Bodies(only_letter=_only_letter(root))
    _read(root, bodies)
    _mark_inline(bodies)
    return bodies


def _only_letter(root: Part) -> Part | None:
    """The named text that must be the letter, in a mail with no other text to read."""
    leaves = [part for part in root.walk() if part.is_text and not part.disposition.startswith("attachment")]
    return None if not leaves or any(is_body(part) for part in leaves) else leaves[0]


def _read(part: Part, bodies: Bodies) -> None:
    bodies.notes += part.headers.notes
    if part.is_multipart:
        if part.content_type == "multipart/alternative":
            _read_alternatives(part, bodies)
        else:
            for child in part.children:
                _read(child, bodies)
    elif is_body(part) or part is bodies.only_letter:
        _add_text(part, bodies)
    else:
        _add_file(part, bodies)


def is_body(part: Part) -> bool:
    """A text that the sender wrote to be read, and not a file that happens to be text."""
    if not part.is_text or part.disposition.startswith("attachment"):
        return False
    named = part.disposition_parameters.get("filename") or part.parameters.get("name")
    return not named or part.parent is None


def _read_alternatives(part: Part, bodies: Bodies) -> None:
    """One text in several dresses: the plain one for reading, the HTML one for showing, anything else is a file."""
    plain, html = Bodies(only_letter=bodies.only_letter), Bodies(only_letter=bodies.only_letter)
    for child in part.children:
        leaves = child.walk()
        if any(leaf.content_type == "text/html" and is_body(leaf) for leaf in leaves):
            _read(child, html)
        elif any(leaf.content_type == "text/plain" and is_body(leaf) for leaf in leaves):
            _read(child, plain)
        elif child.content_type in ("text/x-amp-html", "text/watch-html", "text/enriched", "text/richtext", "text/rtf"):
            bodies.notes.append(f"The same text was also there as {child.content_type}; it was not needed.")
        else:
            _read(child, html if html.pieces else plain)
    bodies.files += plain.files + html.files
    bodies.notes += plain.notes + html.notes
    bodies.remote_images += html.remote_images
    bodies.pieces += _merged(plain, html)


def _merged(plain: Bodies, html: Bodies) -> list[tuple[str, str | None, list[int]]]:
    if not html.pieces or not plain.pieces:
        return html.pieces or plain.pieces
    if not _WORD.search(plain.text) or _says_nothing(plain.text, html.text):
        return html.pieces
    return [(plain.text, html.html, _same_places(html.quote_below, html.text, plain.text))]


def _same_places(below: list[int], html_text: str, plain: str) -> list[int]:
    """The lines of the plain text at which the same words begin as at those lines of the HTML's text."""
    html_lines, plain_lines = html_text.split("\n"), plain.split("\n")
    places = []
    for number in below[:3]:
        before = _WORDS.findall(" ".join(html_lines[max(0, number - 20) : number]))[-2:]
        after = _WORDS.findall(" ".join(html_lines[number : number + 5]))[:3]
        if before and after:
            places += _line_between(plain_lines, before, after)
    return places


def _line_between(lines: list[str], before: list[str], after: list[str]) -> list[int]:
    """The first line that opens with the words `after`, below a line that closes with the words `before`."""
    above: list[str] = []
    for number, line in enumerate(lines[:5_000]):
        words = _WORDS.findall(line[:500])
        if words and words[: len(after)] == after[: len(words)] and above[-len(before) :] == before:
            return [number]
        above = (above + words)[-2:]
    return []


def _says_nothing(plain: str, html: str) -> bool:
    """`Your program cannot show HTML`, where the HTML says much more."""
    return len(plain) < 300 and len(html) > 3 * len(plain) and "html" in plain.lower()


def _add_text(part: Part, bodies: Bodies) -> None:
    data, note = part.body_bytes()
    text, charset_note = _decoded(part, data)
    bodies.notes += [sentence for sentence in (note, charset_note) if sentence]
    if part.content_type == "text/html" or (part.defaulted and _LOOKS_HTML.match(text)):
        _add_html(text, data, bodies)
        return
    if "\nbegin " in "\n" + text[:MOST_TEXT]:
        text = _without_uuencoded(text, bodies)
    if len(text) > MOST_TEXT:
        bodies.notes.append("The text is longer than a million characters; the whole of it is attached.")
        bodies.files.append(make_file("whole-text.txt", "text/plain", data))
        text = text[:MOST_TEXT]
    if text.strip() or part.parent is None:
        bodies.pieces.append((text, None, []))


def _decoded(part: Part, data: bytes) -> tuple[str, str]:
    declared = part.parameters.get("charset", "")
    if not declared and part.content_type == "text/html":
        match = _META_CHARSET.search(data[:4096])
        declared = match[1].decode("ascii") if match else ""
    text, note = charsets.decode(data[:_MOST_BYTES], declared)
    text = clean_text(text)
    if part.content_type == "text/plain" and part.parameters.get("format", "").lower() == "flowed":
        text = unflow(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
    return text, note


def _add_html(text: str, source: bytes, bodies: Bodies) -> None:
    try:
        clean = clean_html(text)
    except TooComplex:
        bodies.notes.append(
            "The HTML is too large or too deeply nested to be shown; its words and the original are here."
        )
        bodies.files.append(make_file("message.html", "text/html", source))
        bodies.pieces.append((flatten_tags(text[: MOST_CHARACTERS * 2])[:MOST_TEXT], None, []))
        return
    text, below = to_text(clean.marked)
    bodies.remote_images += clean.remote_images
    for number, (content_type, data, content_id) in enumerate(clean.data_images, 1):
        bodies.files.append(make_file(name_for("", content_type, number), content_type, data, content_id=content_id))
    bodies.pieces.append((text[:MOST_TEXT], clean.html, below))


def _without_uuencoded(text: str, bodies: Bodies) -> str:
    data = text.encode()
    files = uuencoded_files(data)
    for name, content, start, end in reversed(files):
        data = data[:start] + data[end:]
        bodies.files.insert(
            0, make_file(name_for(name, "application/octet-stream", 1), "application/octet-stream", content)
        )
    if files:
        bodies.notes.append("Files were written into the text in uuencode; they are attached instead.")
    return data.decode()


def _add_file(part: Part, bodies: Bodies) -> None:
    data, note = _message_bytes(part) if part.is_message else part.body_bytes()
    if note:
        bodies.notes.append(note)
    written = part.disposition_parameters.get("filename") or part.parameters.get("name") or ""
    if part.content_type in ("application/ms-tnef", "application/vnd.ms-tnef") or written.lower() == "winmail.dat":
        unpacked = unpack_tnef(data)
        if unpacked is not None:
            bodies.files += [make_file(name, kind, content) for name, kind, content in unpacked.files]
            bodies.notes.append("Outlook had packed the contents into winmail.dat; they were unpacked.")
            used = _add_tnef_body(unpacked.text, unpacked.html, bodies)
            if unpacked.files or used:
                return
        bodies.notes.append("winmail.dat could not be unpacked; it is attached as it came.")
    number = len(bodies.files) + 1
    name = name_for(written or _message_name(part), part.content_type, number)
    content_id = part.headers.undecoded("content-id").strip(" <>")[:200]
    bodies.files.append(make_file(name, part.content_type, data, content_id=content_id))


def _add_tnef_body(text: str, html: str, bodies: Bodies) -> bool:
    """Use the letter inside the box when the mail has no other; answers whether it was used."""
    if any(_WORD.search(piece) for piece, _, _ in bodies.pieces):
        return False
    if html.strip():
        _add_html(html, html.encode("utf-8", "replace"), bodies)
    elif text.strip():
        bodies.pieces.append((clean_text(text).strip("\n")[:MOST_TEXT], None, []))
    return bool(html.strip() or text.strip())


def _message_bytes(part: Part) -> tuple[bytes, str]:
    if part.children:
        return part.raw[part.body : part.end], ""
    return part.body_bytes()


def _message_name(part: Part) -> str:
    subject = part.children[0].headers.text("subject") if part.children else ""
    return re.sub(r"[/\\]", "_", subject[:80]) + ".eml" if subject else ""


def make_file(name: str, content_type: str, data: bytes, *, content_id: str = "") -> Attachment:
    return Attachment(name, content_type, data, len(data), hashlib.sha256(data).hexdigest(), content_id)


def _mark_inline(bodies: Bodies) -> None:
    """A picture is inline when the HTML shows it; a Content-ID that nobody refers to is just an attachment."""
    shown = set()
    for _, html, _ in bodies.pieces:
        shown |= {entities.unescape(reference) for reference in _CID.findall(html or "")}
    bodies.files = [
        Attachment(file.name, file.content_type, file.data, file.size, file.sha256, file.content_id, True)
        if file.content_id and file.content_id in shown and file.content_type in _SHOWN_INLINE
        else file
        for file in bodies.files
    ]
