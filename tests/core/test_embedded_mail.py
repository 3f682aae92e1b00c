"""The demo's mail server: letters become files, and nothing is sent on."""

import os
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from softswitch.core.embedded import demo
from softswitch.core.embedded.process import LOOPBACK, free_port, spawn

LETTER = b"Subject: Hello\r\n\r\n.one dot\r\n"


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Port and process of a server that writes into ``tmp_path / "mail"``."""
    port = free_port()
    options = ["--port", str(port), "--folder", str(tmp_path / "mail")]
    process = spawn(
        [sys.executable, "-m", "softswitch.core.embedded.mail", *options],
        death_signal=signal.SIGTERM,
        output=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert b"Listening" in process.stdout.readline()
    yield port, process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_letter_becomes_a_file_that_mail_programs_open(mail_server, tmp_path):
    port, process = mail_server
    with smtplib.SMTP(LOOPBACK, port, "portal.example") as client:
        client.sendmail("no-reply@localhost", ["../ann@shop.example", "b@c.example"], LETTER)
    (path,) = (tmp_path / "mail").iterdir()
    assert path.suffix == ".eml"
    assert "ann@shop.example" in path.name
    letter = message_from_bytes(path.read_bytes(), policy=default)
    assert letter["Subject"] == "Hello"
    assert letter.get_content() == ".one dot\r\n"
    assert (tmp_path / "mail").stat().st_mode & 0o077 == 0  # it holds set-password links
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_the_demo_keeps_its_mail_unless_a_server_is_named(monkeypatch):
    monkeypatch.setenv("SMTP_URL", "smtp://mail.example.com:25")
    assert demo._mail_environment() == {}
    monkeypatch.delenv("SMTP_URL")
    own = demo._mail_environment()
    assert own["SMTP_URL"].startswith(f"smtp://{LOOPBACK}:")
    service = demo._mail_service(Path("/data"), own["SMTP_URL"])
    assert service.command[-4:] == [
        "--port",
        own["SMTP_URL"].rpartition(":")[2],
        "--folder",
        "/data/mail",
    ]
    assert "SMTP_URL" not in os.environ
