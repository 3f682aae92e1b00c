"""The one way to addresses that customers have typed: looked up once, private ones refused.

Whoever may name a server that the portal connects to could otherwise reach what only the portal
reaches: services of this machine, of its network, of the cloud it runs in. So a name is looked up
once, what it leads to is judged, and the connection goes to that very address: a name that leads
elsewhere a moment later changes nothing. Redirects are not followed.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.encoding import iri_to_uri

from softswitch.core.errors import DomainError
from softswitch.core.reasons import Reason

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# What Python of some versions calls public: of IANA's special networks those that lead nowhere or
# into a tunnel, and an address that servers of one cloud ask for their keys.
SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        "168.63.129.16/32",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
)
PORTS = {"http": 80, "https": 443}
MOST_SECONDS = 10  # for all of a request: connecting, sending, the answer
LOOK_UP_SECONDS = 5  # before that, for the name
MOST_READ = 2000  # bytes of an answer; the rest is not waited for


class NoAnswerError(Exception):
    """There was no answer to a request; ``reason`` says why, in words for who typed its URL."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: the HTTP status, and how the body begins."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of a URL that a request needs; ``host`` in ASCII, without brackets."""

    scheme: str
    host: str
    port: int
    path: str


def reachable(host: str, port: int) -> str:
    """The one address to connect to for ``host``: look nothing up again, connect to it.

    The first that is neither private, loopback, link-local, multicast, reserved nor a cloud's own,
    or that lies in OUTBOUND_ALLOWED_NETWORKS. Raises ``unreachable`` where all are, and where there
    is none.
    """
    for address in addresses_of(host, port):
        if is_allowed(address) or _is_public(ip_of(address)):
            return address
    raise unreachable(host)


def unreachable(host: str) -> DomainError:
    """The one refusal: it does not say whether a network of the portal's own knows the name."""
    text = Reason(
        "%(host)s cannot be found, or leads to an address that the portal does not connect to.",
        host=host,
    )
    return DomainError("unreachable", text)


def addresses_of(host: str, port: int) -> list[str]:
    """What a name leads to; none if that is not known within LOOK_UP_SECONDS.

    A name server that keeps silent would hold whoever asks for a minute: a thread of its own waits.
    """
    found: list[str] = []

    def look_up() -> None:
        with suppress(OSError, UnicodeError):
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(str(one[4][0]) for one in answers)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(LOOK_UP_SECONDS)
    return list(found)


def target_of(url: str) -> Target:
    """The parts of an address on the web. Raises DomainError ``invalid_url``.

    It has no user name, which would stand in logs, and no fragment, which is never sent.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
        host = (parts.hostname or "").encode("idna").decode()
    except (KeyError, ValueError) as error:  # UnicodeError is one
        raise _invalid_url() from error
    if not host or "@" in parts.netloc or parts.fragment or not url.isprintable() or " " in url:
        raise _invalid_url()
    path = parts.path or "/"
    path = iri_to_uri(f"{path}?{parts.query}" if parts.query else path) or "/"
    return Target(parts.scheme, host, port, path)


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    seconds: float = MOST_SECONDS,
) -> Answer:
    """POST ``body`` and return what was answered within ``seconds``, whatever its status.

    Of HTTPS the certificate is checked against the host's name. Raises NoAnswerError, after which
    the server may have got the request all the same; DomainError as ``reachable`` and
    ``target_of``, after which it has not. The name is looked up before ``seconds`` begin.
    """
    target = target_of(url)
    address = reachable(target.host, target.port)
    try:
        with (
            line_to(address, target.port, seconds) as (line, is_over),
            closing(_connection(target, line)) as connection,
        ):
            connection.request("POST", target.path, body, dict(headers))
            with connection.getresponse() as response:
                if is_over.is_set():  # a head that was cut off would pass for a whole one
                    raise TimeoutError
                return Answer(response.status, _beginning(response))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswerError(reason_of(error)) from error


@contextmanager
def line_to(
    address: str, port: int, seconds: float, *, connect_seconds: float | None = None
) -> Iterator[tuple[socket.socket, threading.Event]]:
    """A connection that ends after ``seconds``, whoever reads from it then, and whether it has.

    It is made within ``connect_seconds``, where that is less.
    A timeout alone would start anew with each byte that drips in. The twin is for the timer: the
    socket itself may be TLS's by then, which is nothing for another thread.
    """
    line = socket.create_connection((address, port), connect_seconds or seconds)
    is_over = threading.Event()
    with line, line.dup() as twin:
        timer = threading.Timer(seconds, _hang_up, [twin, is_over])
        timer.daemon = True
        timer.start()
        try:
            yield line, is_over
        except (OSError, http.client.HTTPException, ValueError) as error:
            if is_over.is_set():
                raise TimeoutError from error
            raise
        finally:
            timer.cancel()


def _hang_up(line: socket.socket, is_over: threading.Event) -> None:
    is_over.set()
    with suppress(OSError):  # it ended by itself
        line.shutdown(socket.SHUT_RDWR)


def _connection(target: Target, line: socket.socket) -> http.client.HTTPConnection:
    """A connection of http.client over ``line``, of which it looks nothing up and opens none."""
    if target.scheme == "http":
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = line
    else:
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(target.host, target.port, context=context)
        connection.sock = context.wrap_socket(line, server_hostname=target.host)
    connection.auto_open = 0
    return connection


def _beginning(response: http.client.HTTPResponse) -> str:
    """How the body begins; the status is the answer, however the body ends."""
    read = b""
    with suppress(OSError, http.client.HTTPException, ValueError):
        read = response.read(MOST_READ)
    return read.decode("utf-8", "replace").replace("\0", "�").strip()


def is_allowed(address: str) -> bool:
    """Whether an address lies in a network that the operator has allowed."""
    networks = settings.OUTBOUND_ALLOWED_NETWORKS
    return any(ip_of(address) in ipaddress.ip_network(network) for network in networks)


def ip_of(address: str) -> Address:
    """An address to compare by: the IPv4 one that an IPv6 one is only another writing of."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip


def _is_public(address: Address) -> bool:
    is_special = address.is_multicast or address.is_reserved or address.is_unspecified
    is_listed = any(address in network for network in SPECIAL)
    return address.is_global and not (is_special or is_listed)


def reason_of(error: Exception) -> Reason:
    """Why there was no answer, in words for who typed the server's name."""
    if isinstance(error, TimeoutError):
        return Reason("There was no answer in time.")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Reason("The certificate is not valid: %(why)s.", why=error.verify_message)
    if isinstance(error, ConnectionRefusedError):
        return Reason("The connection was refused.")
    return Reason("The connection broke, or the answer made no sense.")


def _invalid_url() -> DomainError:
    return DomainError(
        "invalid_url", Reason("Enter an address that starts with https:// or http://."), field="url"
    )
