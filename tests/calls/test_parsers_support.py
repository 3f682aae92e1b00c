"""Runs of the CDR parsers for their tests: everything in memory, a fixed clock."""

import io
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from calls.parsers.record import LineError, ParsedCall, ParseOptions, ParseReport
from calls.parsers.registry import parse_calls

SAMPLES = Path(__file__).parent / "samples"
BERLIN = ZoneInfo("Europe/Berlin")


def us(text):
    """Microseconds since 1970 of an ISO time, in UTC unless it says otherwise."""
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000_000)


NOW_US = us("2027-01-01 00:00:00")


class Run:
    """All that a parser made of one file."""

    def __init__(self, format_name, content, **options):
        options.setdefault("now_us", NOW_US)
        options.setdefault("zone", BERLIN)
        self.report = ParseReport()
        stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
        items = list(parse_calls(format_name, stream, ParseOptions(**options), self.report))
        self.calls = [item for item in items if isinstance(item, ParsedCall)]
        self.errors = [item for item in items if isinstance(item, LineError)]
        assert len(self.calls) == self.report.calls
        assert len(self.errors) == self.report.errors
        assert self.report.is_complete, self.report

    @property
    def problems(self):
        return [(error.line, error.field, error.reason) for error in self.errors]


def run_sample(format_name, file_name, **options):
    return Run(format_name, (SAMPLES / file_name).read_bytes(), **options)
