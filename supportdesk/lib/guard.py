"""Cleans up after a parent that was killed with -9 and could not do it itself.

Run as a file, so that it stays small: `python guard.py HOME LITTER`. Its standard input is a pipe from the parent. Each
line names the process group of a child: `+123` when it starts, `-123` when it has ended. At the end of the pipe the
parent is gone; what it left is ended, first politely, the PostgreSQL server below HOME is stopped and the folder
LITTER removed (either may be empty). The parent also shares its lock with us: while we clean up, nobody else starts.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

GRACE_SECONDS = 5.0


def watch(lines: Iterable[str]) -> set[int]:
    """The groups that are left when the lines end."""
    groups: set[int] = set()
    for line in lines:
        change, group = line[:1], line[1:].strip()
        if group.isdigit():
            (groups.add if change == "+" else groups.discard)(int(group))
    return groups


def end(groups: set[int]) -> None:
    """Ask the groups to end and make them."""
    deadline = time.monotonic() + GRACE_SECONDS
    left = {group for group in groups if _signal(group, signal.SIGTERM)}
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {group for group in left if _signal(group, 0)}
    for group in groups:
        _signal(group, signal.SIGKILL)


def _signal(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def main(home: str, litter: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups = watch(sys.stdin)
    end(groups)
    if home:
        sys.path[0] = str(Path(__file__).resolve().parents[2])
        from supportdesk.lib.cluster import Cluster  # noqa: PLC0415 - not loaded while all is well

        Cluster(Path(home)).stop()
    if litter:
        shutil.rmtree(litter, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:3])
