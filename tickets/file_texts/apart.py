"""Reading a file in a process of its own, which may be killed."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tickets.file_texts.types import Unreadable

SECONDS = 20
MEGABYTES = 512
PROJECT = Path(__file__).resolve().parents[2]


def text_apart(name: str, content_type: str, content: bytes, *, seconds: int = SECONDS) -> str:
    """The text of a file. Raises Unreadable with a sentence when it has none that can be read in time and memory."""
    command = [sys.executable, "-P", "-s", "-m", "tickets.file_texts.child", str(MEGABYTES), str(seconds),
               _argument(name), _argument(content_type)]  # fmt: skip
    environment = {"PYTHONPATH": str(PROJECT), "PATH": os.defpath, "LANG": "C.UTF-8"}  # no secrets
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, timeout=seconds + 5, env=environment, cwd="/", check=False
        )
    except subprocess.TimeoutExpired:
        raise Unreadable("The file took too long to be read.") from None
    try:
        answer = dict(json.loads(done.stdout))
    except (ValueError, TypeError):  # killed by a limit, or broken down
        answer = {}
    if "text" not in answer:
        raise Unreadable(str(answer.get("unreadable") or "The file could not be read."))
    return str(answer["text"])


def _argument(text: str) -> str:
    return text.replace("\x00", "")[:255] or "-"
