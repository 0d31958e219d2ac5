"""The process that reads one file: `python -m tickets.file_texts.child MEGABYTES SECONDS NAME TYPE < file`.

It answers one line of JSON, `{"text": …}` or `{"unreadable": …}`, and has no secrets, no database and no network in it.
"""

import json
import resource
import sys

from tickets.file_texts.readers import text_of
from tickets.file_texts.types import Unreadable


def main() -> None:
    megabytes, seconds, name, content_type = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1024 * 1024,) * 2)
    try:
        answer = {"text": text_of(name, content_type, sys.stdin.buffer.read())}
    except Unreadable as error:
        answer = {"unreadable": str(error)}
    except (MemoryError, RecursionError):
        answer = {"unreadable": "The file needed too much memory to be read."}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
