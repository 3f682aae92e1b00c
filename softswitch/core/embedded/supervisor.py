"""Run several programs as one: prefixed logs, one end for all, an orderly stop."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import IO, TextIO

from softswitch.core.embedded.process import spawn, stop

_COLOURS = (36, 33, 35, 32, 34)  # cyan, yellow, magenta, green, blue
_POLL_SECONDS = 0.2
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, kw_only=True)
class Service:
    """One program of the group; ``stop_seconds`` is how long it may take to finish its work."""

    name: str
    command: list[str]
    stop_seconds: float = 20


class Supervisor:
    """Runs services until one of them ends or somebody asks to stop.

    The services are stopped in the order in which they were given. A second Ctrl-C or SIGTERM
    kills what is left.
    """

    def __init__(
        self, services: list[Service], env: Mapping[str, str], output: TextIO = sys.stdout
    ) -> None:
        self._services = services
        self._env = env
        self._output = output
        self._output_lock = threading.Lock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._readers: list[threading.Thread] = []
        self._asked_to_stop = threading.Event()

    def run(self, is_ready: Callable[[], bool], announce: Callable[[], None]) -> int:
        """Start all, call ``announce`` once ``is_ready``, and return when all have ended.

        Returns the exit code of the service that ended by itself, 0 if somebody asked to stop.
        """
        previous = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        try:
            for service in self._services:
                self._start(service)
            for name, process in self._running.items():
                self._follow(name, process)
            return self._watch(is_ready, announce)
        finally:
            self._stop_all()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _start(self, service: Service) -> None:
        self._running[service.name] = spawn(
            service.command,
            death_signal=signal.SIGTERM,
            env={**self._env, "PYTHONUNBUFFERED": "1"},
            output=subprocess.PIPE,
        )

    def _follow(self, name: str, process: subprocess.Popen[bytes]) -> None:
        reader = threading.Thread(target=self._copy, args=(name, process.stdout), daemon=True)
        reader.start()
        self._readers.append(reader)

    def _copy(self, name: str, output: IO[bytes]) -> None:
        """Print each line of a service behind its name."""
        with output:
            for line in output:
                self._say(name, line.decode(errors="replace").rstrip("\n"))

    def _say(self, name: str, text: str) -> None:
        names = [service.name for service in self._services]
        prefix = f"{name:<{max(map(len, names))}} |"
        if self._output.isatty():
            prefix = f"\033[{_COLOURS[names.index(name) % len(_COLOURS)]}m{prefix}\033[0m"
        with self._output_lock:
            print(prefix, text, file=self._output, flush=True)

    def _watch(self, is_ready: Callable[[], bool], announce: Callable[[], None]) -> int:
        has_announced = False
        while not self._asked_to_stop.wait(_POLL_SECONDS):
            for name, process in self._running.items():
                if (code := process.poll()) is not None:
                    self._say(name, f"ended with code {code}; stopping the others")
                    return code if code >= 0 else 128 - code
            if not has_announced and is_ready():
                announce()
                has_announced = True
        return 0

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._asked_to_stop.is_set():
            for process in self._running.values():
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        self._asked_to_stop.set()

    def _stop_all(self) -> None:
        self._asked_to_stop.set()
        for service in self._services:
            if (process := self._running.get(service.name)) is not None:
                stop(process, ask=signal.SIGTERM, seconds=service.stop_seconds)
        for reader in self._readers:
            reader.join(timeout=5)
