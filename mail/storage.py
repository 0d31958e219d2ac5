"""Files that survive a power cut: content and folder entry are synced before a name is handed out."""

import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.core.files.storage import FileSystemStorage


class DurableFileStorage(FileSystemStorage):
    """Writes to a temporary name, syncs, renames, syncs the folder. A reader never sees half a file."""

    def _save(self, name, content):
        path = self.path(name)
        folder = os.path.dirname(path)
        is_new_folder = not os.path.isdir(folder)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        partial = f"{path}.{uuid.uuid4().hex}.partial"
        try:
            with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            os.rename(partial, path)
        except BaseException:
            if os.path.exists(partial):
                os.unlink(partial)
            raise
        _sync_folder(folder)
        if is_new_folder:
            _sync_folder(os.path.dirname(folder))
        return name

    def keys_older_than(self, moment: datetime) -> Iterator[str]:
        """The names of all files last written before `moment`, half-written ones among them."""
        root = Path(self.location)
        for path in root.glob("??/*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < moment.timestamp():
                    yield path.relative_to(root).as_posix()


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
