"""What lies in a folder of pages: read only, links never followed, nothing unpacked (S17, S18)."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from knowledgebase.choices import ImportKind
from knowledgebase.dokuwiki import clean_id

MOST_PAGES = 20_000
MOST_FILES = 200_000
LARGEST_PAGE = 800_000  # bytes; a text has 200,000 characters at most, of four bytes each
LARGEST_FILE = 10 * 1024 * 1024
_MARKDOWN = (".md", ".markdown")


class NotAFolder(Exception):
    """The folder cannot be read as what it was said to be. The message may be shown."""


class Unreadable(Exception):
    """One file cannot be read. The message says why."""


@dataclass
class Folder:
    """Pages and other files by their ids, in order, and what is in the way of some: (name, sentence)."""

    pages: dict[str, Path] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def scan(root: Path, kind: str) -> Folder:
    """Every page and file below `root`. Raises NotAFolder."""
    if not root.is_dir():
        raise NotAFolder("There is no such folder.")
    found = Folder()
    if kind == ImportKind.DOKUWIKI:
        data = next((one for one in (root / "data", root) if (one / "pages").is_dir()), None)
        if data is None:
            raise NotAFolder("A DokuWiki has a folder “pages”. This one has none.")
        _walk(data / "pages", found, lambda path: _doku_id(path) if path.endswith(".txt") else None, found.pages)
        if (data / "media").is_dir():
            _walk(data / "media", found, lambda path: clean_id(unquote(path)), found.files)
    else:
        _walk(root, found, lambda path: path if path.lower().endswith(_MARKDOWN) else None, found.pages)
        _walk(root, found, lambda path: None if path.lower().endswith(_MARKDOWN) else path, found.files, quiet=True)
    if not found.pages and not found.problems:
        raise NotAFolder("There are no pages in this folder.")
    if len(found.pages) > MOST_PAGES:
        raise NotAFolder(f"There are more than {MOST_PAGES:,} pages in this folder. Take it in parts.")
    return found


def text_of(path: Path) -> str:
    """The words of a page. Raises Unreadable."""
    content = bytes_of(path, LARGEST_PAGE)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Unreadable(f"Line {line} is not UTF-8. Save the page as UTF-8 and import it again.") from None


def bytes_of(path: Path, most: int = LARGEST_FILE) -> bytes:
    """What is in a file: a plain one, no link, not more than `most` bytes. Raises Unreadable."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise Unreadable(f"It cannot be read: {error.strerror}.") from None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise Unreadable("It is no plain file.")
        if about.st_size > most:
            raise Unreadable(f"It has {about.st_size:,} bytes; at most {most:,} are taken.")
        return file.read(most + 1)[:most]


def _walk(top: Path, found: Folder, id_of, into: dict[str, Path], *, quiet: bool = False) -> None:
    for folder, below, names in os.walk(top, followlinks=False):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            shown = _shown(path.relative_to(top))
            wanted = id_of(shown)
            if name.startswith(".") or not wanted:
                continue
            if path.is_symlink():
                if not quiet:
                    found.problems[shown] = "It is a link to another place, and those are not followed."
            elif len(wanted) > 500 or "\ufffd" in wanted:
                found.problems[shown[:400]] = "Its name is too long, or not UTF-8. Give it another."
            elif wanted in into:
                found.problems[shown] = (
                    f"Another file has the same name for a wiki: {_shown(into[wanted].relative_to(top))}."
                )
            else:
                into[wanted] = path
            if len(into) > MOST_FILES:
                raise NotAFolder(f"There are more than {MOST_FILES:,} files in this folder.")


def _doku_id(path: str) -> str:
    return clean_id(unquote(path.removesuffix(".txt")))


def _shown(path: Path) -> str:
    return os.fsencode(path.as_posix()).decode("utf-8", "replace").replace("\0", "")
