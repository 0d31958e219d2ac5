"""HTTP calls to addresses that a person typed in: to public hosts only, unless the operator named the host (S41).

The name is looked up once, every address it leads to is checked against our own list (`ipaddress` calls NAT64, 6to4 and
multicast global on Python 3.11), and the connection goes to the very address that was checked, so a name that changes
its mind between the two gains nothing. Redirects are answers like any other; nothing follows them. No proxy of the
environment is asked.
"""

import contextlib
import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECT_SECONDS = 5.0
DEADLINE_SECONDS = 15.0
KEPT_BYTES = 2048
URL_LENGTH = 1000
PORTS = frozenset({443, 8443})
PLAIN_PORTS = frozenset({80, 8080})
LOOKS_AS = "Mozilla/5.0 (compatible; supportdesk link check)"

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# RFC 6890 and its successors: everything that is not a host on the open internet.
CLOSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# Of IPv6 only global unicast is open at all; NAT64, IPv4-mapped, unique local and link-local addresses lie outside it.
OPEN_V6 = ipaddress.IPv6Network("2000::/3")
CLOSED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)  # fmt: skip

_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?\.?|[0-9a-f:.]{2,45}", re.ASCII | re.IGNORECASE)


class CannotCall(Exception):
    """The address may not be called. The message is a sentence for whoever typed it."""


class NoAnswer(Exception):
    """The host could not be reached, or said nothing in time. The message is a sentence."""


@dataclass(frozen=True)
class Target:
    """A checked address in its parts."""

    scheme: str
    host: str
    port: int
    path: str
    is_internal: bool = False

    @property
    def host_header(self) -> str:
        """The Host that the other side expects."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"https": 443, "http": 80}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"


@dataclass(frozen=True)
class Answer:
    """What the other side said. `body` is its first KEPT_BYTES as text."""

    status: int
    body: str
    seconds: float
    retry_after: int | None = None


def read_address(url: str, *, internal_hosts: Sequence[str] = (), plain: bool = False) -> Target:
    """The parts of an address that may be called as far as its spelling tells; looks nothing up. Raises CannotCall.

    `internal_hosts` are "host" or "host:port" in lower case, named by the operator: these may be private and http.
    `plain`: nothing is going to be sent there, so http will do.
    """
    if len(url) > URL_LENGTH or not url.isprintable() or any(sign.isspace() for sign in url) or "\\" in url:
        raise CannotCall("Write one address without spaces, such as https://example.com/hooks.")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise CannotCall("Write an address such as https://example.com/hooks.") from None
    if parts.scheme not in ("https", "http") or not host:
        raise CannotCall("Write an address that starts with https://.")
    if parts.username is not None or parts.password is not None:
        raise CannotCall("Leave the user name and password out of the address. Every call is signed instead.")
    host = _plain_host(host)
    port = port if port is not None else (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise CannotCall("Write letters beyond a to z in the path in their percent form, such as %C3%A9.")
    internal = host in internal_hosts or f"{host}:{port}" in internal_hosts
    target = Target(parts.scheme, host, port, path, internal)
    if not internal:
        _check_public(target, plain=plain)
    return target


def post(
    url: str, *, body: bytes, headers: Mapping[str, str], internal_hosts: Sequence[str] = (), deadline: float = 0
) -> Answer:
    """POST `body` and read the answer's start, all within `deadline` seconds. Raises CannotCall and NoAnswer."""
    target = read_address(url, internal_hosts=internal_hosts)
    began = time.monotonic()
    connection = _Connection(target, addresses_of(target), ends_at=began + (deadline or DEADLINE_SECONDS))
    try:
        with connection.watched():
            connection.request("POST", target.path, body=body, headers={**headers, "Host": target.host_header})
            response = connection.getresponse()
            start = response.read(KEPT_BYTES)
        if connection.is_late:  # what we shut looks like a short answer
            raise TimeoutError
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(connection.why(error)) from error
    finally:
        connection.close()
    text = start.decode("utf-8", "replace").replace("\x00", "")
    return Answer(response.status, text, time.monotonic() - began, _seconds(response.headers.get("Retry-After", "")))


def look(url: str, *, method: str = "HEAD", internal_hosts: Sequence[str] = (), deadline: float = 0) -> Answer:
    """Ask for a page of the open internet, to learn whether it is there: http too, as links may be.

    Nothing is sent but the address. Raises CannotCall and NoAnswer.
    """
    target = read_address(url, internal_hosts=internal_hosts, plain=True)
    began = time.monotonic()
    connection = _Connection(target, addresses_of(target), ends_at=began + (deadline or DEADLINE_SECONDS))
    try:
        with connection.watched():
            connection.request(method, target.path, headers={"Host": target.host_header, "User-Agent": LOOKS_AS})
            status = connection.getresponse().status
        if connection.is_late:
            raise TimeoutError
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(connection.why(error)) from error
    finally:
        connection.close()
    return Answer(status, "", time.monotonic() - began)


def addresses_of(target: Target) -> list[str]:
    """The addresses that a host stands for, each of them allowed. Raises CannotCall, and NoAnswer for unknown names."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAnswer(f"There is no host called {target.host}.") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not target.is_internal:
        for address in addresses:
            _check_open(address, target.host)
    if not addresses:
        raise NoAnswer(f"There is no host called {target.host}.")
    return addresses


def is_open(address: str) -> bool:
    """Whether `address` is a host on the open internet. Anything with a zone, and anything unreadable, is not."""
    try:
        parsed: IPAddress = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return not any(parsed in network for network in CLOSED_V4)
    return parsed.scope_id is None and parsed in OPEN_V6 and not any(parsed in network for network in CLOSED_V6)


def _plain_host(host: str) -> str:
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            raise CannotCall("This host name cannot be written in the internet's alphabet.") from None
    if not _HOST.fullmatch(host):
        raise CannotCall("Write a host name such as example.com.")
    return host


def _check_public(target: Target, *, plain: bool) -> None:
    if target.scheme != "https" and not plain:
        raise CannotCall("Write an address that starts with https://. What we send is about people.")
    if target.port not in (PORTS | PLAIN_PORTS if plain else PORTS):
        raise CannotCall("Use port 443 or 8443.")
    try:  # numbers in any spelling: 2130706433, 0x7f.1, 127.1
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return
    for entry in found:
        _check_open(str(entry[4][0]), target.host)


def _check_open(address: str, host: str) -> None:
    if not is_open(address):
        raise CannotCall(f"{host} leads into a private network ({address}), and nothing is sent there.")


def _seconds(retry_after: str) -> int | None:
    return int(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 8 else None


class _Connection(http.client.HTTPConnection):
    """Connects to the checked addresses in turn, and ends at a moment, however slowly the other side drips."""

    def __init__(self, target: Target, addresses: list[str], *, ends_at: float) -> None:
        super().__init__(target.host, target.port)
        self.target, self.addresses, self.ends_at = target, addresses, ends_at
        self.is_late = False

    def connect(self) -> None:
        error: OSError | None = None
        for address in self.addresses:
            try:
                self.sock = socket.create_connection((address, self.target.port), timeout=self._left(CONNECT_SECONDS))
                break
            except OSError as problem:
                error = problem
        else:
            raise error or OSError("no address")
        self.sock.settimeout(self._left(DEADLINE_SECONDS))
        if self.target.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.target.host)

    def watched(self) -> "_Watch":
        """A block that ends in time: the socket is shut when it is late."""
        return _Watch(self)

    def shut(self) -> None:
        """Called by the watch, from its own thread."""
        self.is_late = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)

    def why(self, error: Exception) -> str:
        """A sentence for whoever set up the address."""
        name = self.target.host
        if self.is_late or isinstance(error, TimeoutError):
            return f"{name} did not answer in time."
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"The certificate of {name} cannot be trusted: {error.verify_message}."
        if isinstance(error, ssl.SSLError):
            return f"{name} does not speak TLS as it should."
        if isinstance(error, ConnectionRefusedError):
            return f"{name} refuses connections at port {self.target.port}."
        if isinstance(error, http.client.HTTPException | ValueError):
            return f"{name} did not answer in HTTP."
        return f"{name} could not be reached."

    def _left(self, most: float) -> float:
        return max(0.05, min(most, self.ends_at - time.monotonic()))


class _Watch:
    def __init__(self, connection: _Connection) -> None:
        self.timer = threading.Timer(max(0.05, connection.ends_at - time.monotonic()), connection.shut)
        self.timer.daemon = True

    def __enter__(self) -> None:
        self.timer.start()

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()
