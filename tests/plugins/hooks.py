"""A real HTTP server for tests: it takes webhooks, refuses, breaks off or keeps silent, as told."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from softswitch.core.embedded.process import LOOPBACK


@dataclass(frozen=True)
class Request:
    """What came in."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What the server answers, and what it got.

    ``decide`` is asked of each request (counted from 1) for its status; None breaks the connection
    off without an answer, after the request was read. What ``drips`` ("head" or "body" of the
    answer) comes byte by byte and never ends.
    """

    port: int = 0
    scheme: str = "http"
    decide: Callable[[int], int | None] = lambda _number: 200
    text: str = "thank you"
    location: str = ""
    drips: str = ""
    requests: list[Request] = field(default_factory=list)
    got_one: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, path: str = "/hook", host: str = LOOPBACK) -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def took(self, request: Request) -> int | None:
        """Keep a request and say what to answer."""
        with self.lock:
            self.requests.append(request)
            number = len(self.requests)
        self.got_one.set()
        return self.decide(number)


class Server(ThreadingHTTPServer):
    """Listens for a receiver."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        super().__init__((LOOPBACK, 0), Handler)
        receiver.port = int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients break off: some tests want it so."""


class Handler(BaseHTTPRequestHandler):
    """Takes a request and answers as the receiver says."""

    server: Server

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = receiver.took(Request(self.path, dict(self.headers.items()), body))
        if receiver.drips:
            self.drip()
        elif status is not None:
            self.answer(status)

    def answer(self, status: int) -> None:
        text = self.server.receiver.text.encode()
        self.send_response(status)
        if self.server.receiver.location:
            self.send_header("Location", self.server.receiver.location)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def drip(self) -> None:
        whole = {"head": b"HTTP/1.0 200 OK\r\nX-Slow: ", "body": b"HTTP/1.0 200 OK\r\n\r\n"}
        self.wfile.write(whole[self.server.receiver.drips])
        while not self.server.receiver.ended.wait(0.02):
            self.wfile.write(b".")

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(certificate: tuple[str, str] | None = None) -> Iterator[Receiver]:
    """A receiver on this machine; with a ``certificate`` (files of it and its key) of HTTPS."""
    receiver = Receiver()
    with Server(receiver) as server:
        if certificate is not None:
            receiver.scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.ended.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of webhooks on this machine."""
    with serving() as found:
        yield found
