"""What docker-compose.yml asks of each container. Exit code 0 means well; the words go to `docker inspect`.

healthcheck.py page PORT PATH         the page answers 200, asked for under the site's own name
healthcheck.py answers PORT           something takes a connection
healthcheck.py touched PATTERN AGE    a file was written in the last AGE seconds
"""

import glob
import os
import socket
import sys
import time
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

HOST = "127.0.0.1"


def page(port: str, path: str) -> str:
    site = urlsplit(os.environ.get("SITE_URL", "http://localhost"))
    hops = int(os.environ.get("TRUSTED_PROXIES", "1"))
    headers = {"Host": site.netloc, "X-Forwarded-Proto": site.scheme, "X-Forwarded-For": ", ".join([HOST] * hops)}
    request = urllib.request.Request(f"http://{HOST}:{port}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=4) as answer:  # noqa: S310
        return "" if answer.status == 200 else f"{path} answered {answer.status}"


def answers(port: str) -> str:
    socket.create_connection((HOST, int(port)), timeout=4).close()
    return ""


def touched(pattern: str, age: str) -> str:
    newest = max((os.stat(path).st_mtime for path in glob.glob(pattern)), default=0.0)
    return "" if time.time() - newest <= float(age) else f"nothing was written to {pattern} for {age} seconds"


def main(kind: str, *arguments: str) -> str:
    checks: dict[str, Callable[..., str]] = {"page": page, "answers": answers, "touched": touched}
    try:
        return checks[kind](*arguments)
    except OSError as error:
        return str(error)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) or 0)
