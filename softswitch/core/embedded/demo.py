"""The demo as one command: ``python -m softswitch.core.embedded.demo``, see ``make demo``."""

import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from softswitch.core.embedded.folders import DATA_ROOT, lasting_folder
from softswitch.core.embedded.process import (
    LOOPBACK,
    PROJECT_ROOT,
    EmbeddedServerError,
    free_port,
    spawn,
)
from softswitch.core.embedded.servers import missing_servers
from softswitch.core.embedded.supervisor import Service, Supervisor

_USUAL_PORT = 8000
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (only if HOST asks for it)


def main() -> int:
    """Start servers, database and demo, run web, worker and beat until Ctrl-C."""
    started_at = time.monotonic()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's "&" had it ignored
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        folder = lasting_folder("demo")
        host = os.environ.get("HOST", LOOPBACK)
        port = _choose_port(host)
        print("Starting PostgreSQL and Valkey", flush=True)
        with missing_servers(folder, durable=True) as urls:
            env = {"PORTAL_URL": _address(host, port)} | demo_environment(folder, host)
            env |= urls | _mail_environment()
            logins = _prepare(env)
            return _serve(
                env=env, folder=folder, host=host, port=port, logins=logins, started_at=started_at
            )
    except EmbeddedServerError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _choose_port(host: str) -> int:
    """Return PORT, which must be free, or 8000 if it is, or any."""
    if wanted := os.environ.get("PORT"):
        if not _is_free(host, int(wanted)):
            raise EmbeddedServerError(f"Port {wanted} of {host} is taken: choose another PORT")
        return int(wanted)
    return _USUAL_PORT if _is_free(host, _USUAL_PORT) else free_port()


def _address(host: str, port: int) -> str:
    """Return where a browser on this machine finds the portal."""
    visible = LOOPBACK if host in _EVERYWHERE else host
    return f"http://[{visible}]:{port}/" if ":" in visible else f"http://{visible}:{port}/"


def _mail_environment() -> dict[str, str]:
    """Return where the demo's own mail server will listen; nothing if SMTP_URL names another."""
    if os.environ.get("SMTP_URL"):
        return {}
    return {"SMTP_URL": f"smtp://{LOOPBACK}:{free_port()}", "MAIL_FROM": "no-reply@localhost"}


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def demo_environment(folder: Path, host: str = LOOPBACK) -> dict[str, str]:
    """Return the settings of a demo on plain HTTP; what the environment says already, wins."""
    defaults = {
        # Celery warns root of tasks from strangers; here nobody else can send any.
        "PYTHONWARNINGS": "ignore::UserWarning:celery.platforms",
        "DJANGO_SETTINGS_MODULE": "softswitch.settings.base",
        "HTTPS": "false",
        "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8,::1/128",  # a webhook to try stands here
        "SECRET_KEY": _lasting_secret(folder / "secret_key"),
        "ALLOWED_HOSTS": f"localhost,127.0.0.1,[::1],{socket.gethostname()},{host}",
    }
    return defaults | os.environ


def _lasting_secret(path: Path) -> str:
    """Return a random key, the same at each start so that sessions last."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(64))
    return path.read_text()


def _prepare(env: dict[str, str]) -> str:
    """Bring the database, static files and demo data up to date; return the logins to print."""
    print("Migrating the database", flush=True)
    _manage(env, "migrate", "--noinput", "--verbosity", "0")
    _collect_static(env)
    print("Loading the demo (skipped if it is there)", flush=True)
    _manage(env, "load_demo")
    return _manage(env, "demo_logins", is_captured=True)


def _collect_static(env: dict[str, str]) -> None:
    """Collect and compress the static files, unless they are those of the last start."""
    sources = [path for path in (PROJECT_ROOT / "static").rglob("*") if path.is_file()]
    sources += [PROJECT_ROOT / "requirements.lock", PROJECT_ROOT / "softswitch/settings/base.py"]
    digest = hashlib.sha256()
    for path in sorted(sources):
        digest.update(str(path).encode() + path.read_bytes())
    stamp = Path(env.get("STATIC_ROOT", DATA_ROOT / "static")) / "sources.sha256"
    if not stamp.exists() or stamp.read_text() != digest.hexdigest():
        print("Collecting static files", flush=True)
        _manage(env, "collectstatic", "--noinput", "--clear", "--verbosity", "0")
        stamp.write_text(digest.hexdigest())


def _manage(env: dict[str, str], *arguments: str, is_captured: bool = False) -> str:
    """Run one management command to its end; return its output if captured, else print it."""
    command = [sys.executable, str(PROJECT_ROOT / "manage.py"), *arguments]
    process = spawn(
        command,
        death_signal=signal.SIGTERM,
        env=env,
        output=subprocess.PIPE if is_captured else None,
        own_session=False,
    )
    try:
        output, _ = process.communicate()
    finally:  # Ctrl-C: the database must not go before the command
        process.terminate()
        process.wait()
    text = output.decode() if output else ""
    if process.returncode:
        raise EmbeddedServerError(f"manage.py {' '.join(arguments)} failed\n{text}")
    return text


def _serve(
    *, env: dict[str, str], folder: Path, host: str, port: int, logins: str, started_at: float
) -> int:
    address = _address(host, port)
    is_own_mail = env["SMTP_URL"] != os.environ.get("SMTP_URL")
    own_mail = [_mail_service(folder, env["SMTP_URL"])] if is_own_mail else []
    mail = f"Mail is not sent but kept in {folder / 'mail'}\n" if own_mail else ""

    def announce() -> None:
        seconds = time.monotonic() - started_at
        print(f"\nReady after {seconds:.0f} s: {address}\n\n{logins}\n{mail}Ctrl-C stops.\n")
        sys.stdout.flush()

    supervisor = Supervisor([*_services(folder, host, port), *own_mail], env)
    return supervisor.run(lambda: _is_healthy(f"{address}healthz"), announce)


def _services(folder: Path, host: str, port: int) -> list[Service]:
    """Return web, worker and beat, in the order in which they are stopped."""
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    web = ["gunicorn", "softswitch.wsgi", "--bind", bind, "--workers", "2", "--threads", "4"]
    web += ["--no-control-socket", "--access-logfile", "-"]
    web += ["--access-logformat", "%(s)s %(m)s %(U)s %(M)s ms"]
    celery = ["celery", "--app", "softswitch.celery", "--quiet"]
    worker = ["worker", "--loglevel", "INFO", "--queues", "celery,pdf", "--concurrency", "2"]
    worker += ["--without-mingle", "--without-gossip"]  # it has no other worker to talk to
    schedule = str(folder / "beat-schedule")
    beat = ["beat", "--loglevel", "INFO", "--schedule", schedule, "--pidfile", ""]
    return [
        Service(name="web", command=[sys.executable, "-m", *web]),
        Service(name="worker", command=[sys.executable, "-m", *celery, *worker]),
        Service(name="beat", command=[sys.executable, "-m", *celery, *beat]),
    ]


def _mail_service(folder: Path, url: str) -> Service:
    """Return the mail server that keeps letters as files; stopped last, after who sends them."""
    port = url.rpartition(":")[2]
    options = ["--port", port, "--folder", str(folder / "mail")]
    command = [sys.executable, "-m", "softswitch.core.embedded.mail", *options]
    return Service(name="mail", command=command)


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 (our own http address)
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


if __name__ == "__main__":
    sys.exit(main())
