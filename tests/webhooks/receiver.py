"""A real HTTP server on loopback that takes webhooks and answers as a test tells it to."""

import base64
import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Call:
    """What arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict:
        """The event."""
        return json.loads(self.body)

    def is_signed_by(self, secret: str) -> bool:
        """Whether one of the signatures is right, as the example in docs/api.md checks it."""
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        given = [one.partition(",")[2] for one in self.headers["webhook-signature"].split()]
        return any(hmac.compare_digest(right, one) for one in given)


@dataclass
class Receiver:
    """Start with `with`. `script` holds what the next calls are answered; then everything is 200."""

    calls: list[Call] = field(default_factory=list)
    script: list = field(default_factory=list)

    def __enter__(self) -> "Receiver":
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.calls.append(Call(self.path, headers, body))
                step = receiver.script.pop(0) if receiver.script else 200
                receiver.answer(self, step)

            def do_GET(self) -> None:
                receiver.calls.append(Call(self.path, {}, b"GET"))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def host(self) -> str:
        """As WEBHOOK_INTERNAL_HOSTS names it."""
        return f"127.0.0.1:{self.server.server_port}"

    @property
    def url(self) -> str:
        """Where to send."""
        return f"http://{self.host}/hooks"

    @property
    def types(self) -> list[str]:
        """The events that arrived, in order."""
        return [call.json["type"] for call in self.calls]

    def answer(self, handler: BaseHTTPRequestHandler, step) -> None:
        """A status, (status, headers, body), "cut" or "drip"."""
        if step == "cut":
            handler.connection.close()
            return
        if step == "drip":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for _ in range(100):
                try:
                    handler.wfile.write(b"X")
                    handler.wfile.flush()
                except OSError:
                    return
                time.sleep(0.05)
            return
        status, headers, body = step if isinstance(step, tuple) else (step, {}, b"")
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
