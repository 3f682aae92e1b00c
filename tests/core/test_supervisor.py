"""The supervisor: prefixed logs, one end for all, an orderly stop."""

import io
import os
import signal
import sys

import pytest

from softswitch.core.embedded.supervisor import Service, Supervisor

SLEEPER = "import signal; print('up', flush=True); signal.pause()"
STUBBORN = "import signal; signal.signal(15, signal.SIG_IGN); print('up', flush=True)"
STUBBORN += "\nwhile True: signal.pause()"


def python(name: str, code: str, **options: float) -> Service:
    return Service(name=name, command=[sys.executable, "-c", code], **options)


def run(*services: Service, signals: tuple[signal.Signals, ...] = ()) -> tuple[int, list[str]]:
    """Run the services, send ourselves ``signals`` when all are up; return code and log."""
    output = io.StringIO()
    supervisor = Supervisor(list(services), dict(os.environ), output)

    def are_up() -> bool:
        return output.getvalue().count("| up") == len(services)

    def send_signals() -> None:
        for number in signals:
            os.kill(os.getpid(), number)

    code = supervisor.run(are_up, send_signals)
    return code, output.getvalue().splitlines()


def test_each_line_is_prefixed_with_the_padded_name():
    code, lines = run(python("web", "print('hello')"), python("worker", SLEEPER))
    assert code == 0
    assert "web    | hello" in lines


@pytest.mark.parametrize(
    ("ending", "expected"),
    [("import sys; sys.exit(5)", 5), ("import os; os.kill(os.getpid(), 9)", 137)],
)
def test_the_end_of_one_ends_all_with_its_code(ending, expected):
    code, lines = run(python("web", SLEEPER), python("worker", ending))
    assert code == expected
    assert any(line.startswith("worker | ended with code") for line in lines)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_in_the_given_order(number):
    says_bye = "import signal, sys; signal.signal(15, lambda *_: sys.exit(print('bye')))"
    says_bye += "; print('up', flush=True); signal.pause()"
    code, lines = run(python("web", says_bye), python("beat", says_bye), signals=(number,))
    assert code == 0
    assert [line for line in lines if line.endswith("bye")] == ["web  | bye", "beat | bye"]


def test_a_second_signal_kills_what_does_not_stop():
    stubborn = python("web", STUBBORN, stop_seconds=600)
    code, _lines = run(stubborn, signals=(signal.SIGINT, signal.SIGINT))
    assert code == 0


def test_what_does_not_stop_in_time_is_killed():
    code, _lines = run(python("web", STUBBORN, stop_seconds=0.1), signals=(signal.SIGTERM,))
    assert code == 0
