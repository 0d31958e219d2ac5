"""One running instance a folder. The lock is on the folder itself, so that it leaves no file behind."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TAKE_OVER_SECONDS = 15.0


class AlreadyOwned(RuntimeError):
    """Somebody else runs there; the message says who."""


@contextmanager
def sole_owner(folder: Path, note: Path, **facts: str | int) -> Iterator[int]:
    """Own `folder` for the block; yields the lock's descriptor. `note` tells others who owns it and `facts` about them.

    Waits for the guard of an owner that was killed, which still cleans up. Raises AlreadyOwned.
    """
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _take(lock, note)
        note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        note.write_text(json.dumps({"process": os.getpid(), **facts}))
        yield lock
        note.unlink(missing_ok=True)
    finally:
        os.close(lock)


def _take(lock: int, note: Path) -> None:
    deadline = time.monotonic() + TAKE_OVER_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _owner(note)
            if owner.get("process") and Path(f"/proc/{owner['process']}").exists():
                raise AlreadyOwned(", ".join(f"{name} {value}" for name, value in owner.items())) from None
            if time.monotonic() > deadline:
                raise AlreadyOwned("a run that was killed is still being cleaned up") from None
            time.sleep(0.1)
        else:
            return


def _owner(note: Path) -> dict[str, str | int]:
    try:
        return json.loads(note.read_text())
    except (OSError, ValueError):
        return {}
