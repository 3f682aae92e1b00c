"""Connections to addresses that customers typed: what is refused; nothing gets round it."""

import datetime as dt
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from softswitch.core import outbound
from softswitch.core.embedded.process import LOOPBACK, free_port
from softswitch.core.errors import DomainError
from softswitch.core.outbound import NoAnswerError, post, reachable, target_of
from tests.plugins.hooks import Receiver, serving

PUBLIC, PUBLIC_6 = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
Answers = list[tuple[Any, ...]]


def leading_to(*addresses: str) -> Any:
    """A look-up that finds these, whatever is asked."""

    def look_up(_host: str, port: int, **_kwargs: Any) -> Answers:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    return look_up


@pytest.fixture
def nothing_allowed(settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []


@pytest.mark.usefixtures("nothing_allowed")
@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",  # shared, of providers
        "100.100.100.200",  # metadata of a cloud
        "169.254.169.254",  # metadata of most clouds
        "168.63.129.16",  # that of one, in a public network
        "192.0.0.192",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",  # NAT64
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",  # 6to4
        "3fff::1",
        "2001:0:7f00:1::",  # Teredo
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
    ],
)
def test_no_private_address_is_connected_to(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", leading_to(address))
    with pytest.raises(DomainError) as refused:
        reachable("hooks.example", 443)
    assert refused.value.code == "unreachable"
    assert address not in refused.value.message


@pytest.mark.usefixtures("nothing_allowed")
@pytest.mark.parametrize("text", ["127.1", "0x7f.1", "2130706433", "localhost", "::1"])
def test_other_ways_to_write_this_machine_are_refused_too(text: str) -> None:
    with pytest.raises(DomainError, match="does not connect to"):
        reachable(text, 443)


@pytest.mark.usefixtures("nothing_allowed")
@pytest.mark.parametrize("address", [PUBLIC, PUBLIC_6])
def test_public_addresses_are_connected_to(address: str) -> None:
    assert reachable(address, 443) == address


@pytest.mark.usefixtures("nothing_allowed")
def test_of_several_the_first_public_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", leading_to("10.0.0.1", PUBLIC, PUBLIC_6))
    assert reachable("hooks.example", 443) == PUBLIC


def test_networks_that_are_allowed_may_be_private(settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = ["10.1.0.0/16", "fd00::/8"]
    assert reachable("10.1.2.3", 25) == "10.1.2.3"
    assert reachable("::ffff:10.1.2.3", 25) == "::ffff:10.1.2.3"
    assert reachable("fd00::7", 25) == "fd00::7"
    with pytest.raises(DomainError, match="does not connect to"):
        reachable("10.2.0.1", 25)


@pytest.mark.parametrize("host", ["", "nowhere.invalid", "a" * 64 + ".example", "..", "\0"])
def test_a_host_that_is_none_cannot_be_found(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    look_up = socket.getaddrinfo

    def offline(asked: str, port: int, **kwargs: Any) -> Any:
        if asked == "nowhere.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(asked or "..", port, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    with pytest.raises(DomainError) as refused:
        reachable(host, 443)
    assert refused.value.code == "unreachable"


@pytest.mark.usefixtures("nothing_allowed")
def test_a_name_that_leads_inside_is_refused_like_one_that_nobody_knows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*_asked: Any, **_options: Any) -> Answers:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    told = []
    for look_up in (unknown, leading_to("10.0.0.1")):
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        with pytest.raises(DomainError) as refused:
            reachable("payroll.corp.example", 443)
        told.append((refused.value.code, refused.value.message))
    assert told[0] == told[1]


def test_a_name_server_that_keeps_silent_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_over = threading.Event()

    def silent(*_asked: Any, **_options: Any) -> Answers:
        is_over.wait(5)
        return leading_to(PUBLIC)("", 443)  # type: ignore[no-any-return]

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    monkeypatch.setattr(outbound, "LOOK_UP_SECONDS", 0.05)
    try:
        with pytest.raises(DomainError, match="cannot be found"):
            reachable("hooks.example", 443)
    finally:
        is_over.set()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example/in",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "https://",
        "https://me:secret@hooks.example/",
        "https://@hooks.example/",
        "https://hooks.example:99999/",
        "https://hooks.example/#part",
        "https://hooks.example/a b",
        "https://hooks.example/\r\nX-Evil: 1",
        "https://[::1/",
    ],
)
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(DomainError) as refused:
        target_of(url)
    assert (refused.value.code, refused.value.field) == ("invalid_url", "url")


def test_the_parts_of_an_address() -> None:
    target = target_of("https://Bücher.example/é?q=ü")
    assert (target.host, target.port) == ("xn--bcher-kva.example", 443)
    assert target.path == "/%C3%A9?q=%C3%BC"
    target = target_of("http://[2001:db8::1]:8080")
    assert (target.host, target.port, target.path) == ("2001:db8::1", 8080, "/")


def test_a_request_arrives_as_it_was_sent(receiver: Receiver) -> None:
    answer = post(receiver.url("/in?x=1"), b"\x00body", {"X-Kind": "test"})
    assert (answer.status, answer.text) == (200, "thank you")
    (request,) = receiver.requests
    assert (request.path, request.body) == ("/in?x=1", b"\x00body")
    assert request.headers["X-Kind"] == "test"
    assert request.headers["Host"] == f"{LOOPBACK}:{receiver.port}"


def test_the_name_is_looked_up_once(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads to a public address first and to this machine then gains nothing."""
    asked: list[str] = []
    look_up = socket.getaddrinfo

    def rebinding(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if host != "hooks.example":
            return look_up(host, port, *args, **kwargs)
        asked.append(host)
        return leading_to(LOOPBACK if len(asked) == 1 else "127.0.0.2")(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert post(receiver.url(host="hooks.example"), b"", {}).status == 200
    assert asked == ["hooks.example"]
    assert receiver.requests[0].headers["Host"] == f"hooks.example:{receiver.port}"


@pytest.mark.usefixtures("nothing_allowed")
def test_nothing_is_sent_to_a_forbidden_address(receiver: Receiver) -> None:
    with pytest.raises(DomainError, match="does not connect to"):
        post(receiver.url(), b"", {})
    assert receiver.requests == []


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.decide = lambda _number: 307
    receiver.location = receiver.url("/elsewhere")
    assert post(receiver.url(), b"", {}).status == 307
    assert len(receiver.requests) == 1


def test_of_a_long_answer_the_beginning_is_kept(receiver: Receiver) -> None:
    receiver.text = "\0" + "é" * 100_000
    text = post(receiver.url(), b"", {}).text
    assert text.startswith("�é")
    assert len(text) <= outbound.MOST_READ


def test_an_answer_that_never_ends_is_not_waited_for(receiver: Receiver) -> None:
    receiver.drips = "head"
    with pytest.raises(NoAnswerError, match="in time"):
        post(receiver.url(), b"", {}, seconds=0.3)


def test_of_a_body_that_never_ends_the_status_is_known(receiver: Receiver) -> None:
    receiver.drips = "body"
    answer = post(receiver.url(), b"", {}, seconds=0.5)
    assert answer.status == 200
    assert answer.text.startswith("..")


def test_a_connection_that_breaks_off_is_no_answer(receiver: Receiver) -> None:
    receiver.decide = lambda _number: None
    with pytest.raises(NoAnswerError, match="broke"):
        post(receiver.url(), b"", {})
    assert len(receiver.requests) == 1


def test_a_port_that_nobody_listens_on_is_no_answer() -> None:
    with pytest.raises(NoAnswerError, match="refused"):
        post(f"http://{LOOPBACK}:{free_port()}/", b"", {})


def certificate(folder: Path, name: str) -> tuple[str, str]:
    """Files of a certificate for ``name``, signed by itself, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(cert_path), str(key_path)


def test_the_certificate_is_checked_against_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = certificate(tmp_path, "localhost")
    with serving(files) as receiver:
        with pytest.raises(NoAnswerError, match="certificate"):
            post(receiver.url(host="localhost"), b"", {})  # nobody has said that it is good
        trusting = ssl.create_default_context(cafile=files[0])
        monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
        assert post(receiver.url(host="localhost"), b"x", {}).status == 200
        with pytest.raises(NoAnswerError, match="certificate"):
            post(receiver.url(host=LOOPBACK), b"", {})  # it is that of another name
        assert [request.body for request in receiver.requests] == [b"x"]
