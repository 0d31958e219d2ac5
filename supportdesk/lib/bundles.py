"""Static files that travel together, put into one file before they are served or collected.

A dozen small scripts cost half a kilobyte of headers each and pack a third worse than one file. `STATIC_BUNDLES` names
the parts of each bundle in their order; they stay separate files for whoever works on them.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.files.storage import FileSystemStorage

# A comment that has its lines to itself. What stands behind code, and so may stand inside a string, is left alone.
COMMENT = re.compile(r"^[ \t]*(?:/\*(?:[^*]|\*(?!/))*\*/|//[^\n]*)[ \t]*$", re.MULTILINE)


class MissingPart(Exception):
    """A bundle names a file that is not there."""


class BundleFinder(finders.BaseFinder):
    """Finds the bundles, and writes them anew below VAR_DIR when one of their parts has changed."""

    def check(self, **kwargs) -> list:
        """Nothing can be wrong that `find` would not say."""
        return []

    def find(self, path, find_all=False, **kwargs):
        """Where a bundle lies; an empty list for any other file."""
        if path not in settings.STATIC_BUNDLES:
            return []
        built = str(_built(path))
        return [built] if find_all else built

    def list(self, ignore_patterns) -> Iterator[tuple[str, FileSystemStorage]]:
        """Every bundle, for `collectstatic`."""
        storage = FileSystemStorage(location=_folder())
        for name in settings.STATIC_BUNDLES:
            _built(name)
            yield name, storage


def bundled(name: str) -> str:
    """What a bundle holds. Raises MissingPart.

    A script that fails takes none of its neighbours with it, as if each had come in a file of its own.
    """
    parts = [_without_comments(_source(part)) for part in settings.STATIC_BUNDLES[name]]
    if name.endswith(".js"):
        parts = [f"try {{\n{part}\n}} catch (error) {{ reportError(error); }}" for part in parts]
    return "\n".join(parts) + "\n"


def _source(part: str) -> str:
    path = finders.find(part)
    if not isinstance(path, str):
        raise MissingPart(part)
    return Path(path).read_text()


def _without_comments(source: str) -> str:
    lines = (line.strip() for line in COMMENT.sub("", source).splitlines())
    return "\n".join(line for line in lines if line)


def _folder() -> Path:
    return settings.VAR_DIR / "bundles"


def _built(name: str) -> Path:
    """The file of a bundle, written when it is not there or not up to date. It appears whole."""
    path, content = _folder() / name, bundled(name).encode()
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
        fresh.write_bytes(content)
        fresh.replace(path)
    return path
