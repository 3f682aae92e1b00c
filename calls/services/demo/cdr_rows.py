"""What the demo's CDR files have in common: local times, dialled numbers, rows of a week."""

from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from calls.services.demo.sources import SwitchPlan
from calls.services.demo.traffic import SECOND, Attempt
from softswitch.core.moments import from_microseconds


class Row(NamedTuple):
    """A row of a CDR file and the moment (microseconds) at which the switch wrote it."""

    written_us: int
    text: str


class Writing:
    """How one switch writes: its zone and numbers, and what chance decides."""

    def __init__(self, switch: SwitchPlan, seed: int) -> None:
        self.switch = switch
        self.zone = ZoneInfo(switch.zone)
        self.rng = Random(f"{seed}/{switch.name}")  # noqa: S311 (made-up files)

    def stamp(self, moment_us: int, *, digits: int = 0) -> str:
        """A local time such as ``2026-03-02 09:15:01``, with ``digits`` decimals."""
        local = from_microseconds(moment_us).astimezone(self.zone)
        text = f"{local:%Y-%m-%d %H:%M:%S}"
        return f"{text}.{local.microsecond:06d}"[: len(text) + 1 + digits] if digits else text

    def dialled(self, call: Attempt, international: str = "00") -> str:
        """The called number as dialled: after a tech prefix, national, or with a prefix."""
        plan, tech_prefix = self.switch, call.source.tech_prefix
        if tech_prefix:
            return f"{tech_prefix}#{call.called}"
        if plan.country_code and call.called.startswith(plan.country_code):
            return plan.national_prefix + call.called[len(plan.country_code) :]
        return international + call.called


def whole(moment_us: int) -> int:
    """Microseconds of a moment cut to its second."""
    return moment_us // SECOND * SECOND


def quoted(*fields: object) -> str:
    """A line of quoted fields, as FreeSWITCH and Asterisk write them."""
    return ",".join('"' + str(field).replace('"', '""') + '"' for field in fields)
