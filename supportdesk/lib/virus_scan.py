"""Asking clamd whether a file carries something known to be harmful, where `CLAMD_ADDRESS` names one (S19).

No answer is no: whoever asks keeps nothing then. Without an address nothing is asked, and nothing is promised.
"""

import socket
import struct

from django.conf import settings

PATIENCE = 10  # seconds for each step; a whole file of 10 MB takes clamd about one
PIECE = 64 * 1024
LONGEST_ANSWER = 4096


class CannotScan(Exception):
    """Nobody answered, or not with yes or no."""


def is_on() -> bool:
    """Whether files are looked at here."""
    return bool(settings.CLAMD_ADDRESS)


def harm_in(content: bytes) -> str:
    """The name of what was found in `content`; "" where it is clean, and where no scanner is set. Raises CannotScan."""
    if not is_on():
        return ""
    try:
        with _connection(settings.CLAMD_ADDRESS) as connection:
            answer = _asked(connection, content)
    except (OSError, ValueError) as error:
        raise CannotScan(str(error)) from error
    verdict = answer.partition(": ")[2]
    if verdict == "OK":
        return ""
    if verdict.endswith(" FOUND"):
        return verdict.removesuffix(" FOUND")
    raise CannotScan(answer or "An empty answer.")


def _connection(address: str) -> socket.socket:
    """`address` is a path or `unix:` and one, or a host and a port."""
    path = address.removeprefix("unix:")
    if path.startswith("/"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(PATIENCE)
        connection.connect(path)
        return connection
    host, _, port = address.removeprefix("tcp://").rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE)


def _asked(connection: socket.socket, content: bytes) -> str:
    """The whole answer to INSTREAM: the file in pieces, each behind its length, and an empty one as its end."""
    try:
        connection.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), PIECE):
            piece = content[start : start + PIECE]
            connection.sendall(struct.pack(">L", len(piece)) + piece)
        connection.sendall(struct.pack(">L", 0))
    except (BrokenPipeError, ConnectionResetError):
        pass  # it says why before it hangs up, such as a size above its limit
    answer = b""
    while b"\0" not in answer and len(answer) < LONGEST_ANSWER:
        piece = connection.recv(LONGEST_ANSWER)
        if not piece:
            break
        answer += piece
    if b"\0" not in answer:
        raise ValueError("The answer broke off.")
    return answer.partition(b"\0")[0].decode("utf-8", "replace").strip()
