"""Switches, calls and CDR files for the tests of what switches deliver."""

from datetime import UTC, datetime, timedelta
from typing import Any

from calls.models import Switch
from calls.parsers.record import ParsedCall
from softswitch.core.moments import to_microseconds

START = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HEADER = "call_id,setup_at,answered_at,ended_at,duration,caller,called,auth_name,source_ip\n"


def make_switch(name: str = "core-1", **values: Any) -> Switch:
    """A switch in UTC that writes numbers as in most of Europe."""
    switch: Switch = Switch.objects.create(name=name, **values)
    return switch


def make_call(number: int = 1, **values: Any) -> ParsedCall:
    """Call ``number``: a minute long, started ``number`` seconds after START."""
    setup = to_microseconds(START) + number * 1_000_000
    base = ParsedCall(
        native_id=f"call-{number}",
        leg="",
        setup_us=setup,
        answered_us=setup + 5_000_000,
        ended_us=setup + 65_000_000,
        duration_ms=60_000,
        caller="+4420111222",
        called="+442079460000",
        auth_name="shop-1",
        source_ip="",
        sip_code=200,
        hangup_cause=16,
        pdd_ms=None,
        line=number,
    )
    return base._replace(**values)


def csv_lines(count: int, *, first: int = 1, auth_name: str = "shop-1") -> str:
    """``count`` lines of our own CSV format, without the header."""
    lines = []
    for number in range(first, first + count):
        setup = START + timedelta(seconds=number)
        times = ",".join((setup + timedelta(seconds=offset)).isoformat() for offset in (0, 5, 65))
        lines.append(f"call-{number},{times},60,4420111222,442079460000,{auth_name},\n")
    return "".join(lines)


def csv_file(count: int, **options: Any) -> bytes:
    """A file of our own CSV format."""
    return (HEADER + csv_lines(count, **options)).encode()
