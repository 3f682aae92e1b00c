"""The demo's calls: who calls whom, when, for how long, and why calls fail."""

from bisect import bisect
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from itertools import accumulate
from random import Random
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from calls.services.demo.destinations import country_code_of
from calls.services.demo.firms_uk import UNLISTED
from calls.services.demo.plan import DAYS, Target
from calls.services.demo.sources import Source
from calls.services.demo.tree import all_firms
from softswitch.core.moments import to_microseconds

SECOND = 1_000_000
OFFICE_HOURS = (
    1,
    1,
    1,
    1,
    1,
    2,
    6,
    20,
    55,
    90,
    100,
    96,
    70,
    78,
    98,
    92,
    80,
    55,
    25,
    12,
    8,
    5,
    3,
    2,
)
HOME_HOURS = (
    3,
    1,
    1,
    1,
    1,
    1,
    3,
    8,
    12,
    18,
    22,
    24,
    28,
    26,
    24,
    26,
    34,
    52,
    80,
    98,
    100,
    76,
    34,
    10,
)
WEEK = (100, 104, 102, 98, 94, 28, 18)  # Monday first
GULF_WEEK = (102, 98, 95, 92, 20, 30, 100)  # Friday is the day of rest
PEAK_DAYS = frozenset({16, 43})  # days before the anchor with more than the usual traffic
PEAK = 190  # percent
ANONYMOUS = 3  # percent of callers
SHORT = 9  # percent of answered calls last up to 6 seconds
LONGEST = 2 * 3600
# SIP code, Q.850 cause, weight.
FAILURES = (
    (486, 17, 30), (480, 18, 14), (408, 102, 4), (487, 16, 24), (404, 1, 9), (503, 41, 6),
    (603, 21, 5), (484, 28, 3), (480, 19, 12),
)  # fmt: skip
FORBIDDEN_CALLS, UNLISTED_CALLS, UNKNOWN_CALLS = 6, 7, 5
STRANGERS = ("hartwell-old", "test100")


class Attempt(NamedTuple):
    """One call attempt. Moments are microseconds since 1970 UTC; unanswered: ``talk_us`` is 0."""

    native_id: UUID
    source: Source
    caller: str
    called: str
    setup_us: int
    pdd_ms: int
    ring_us: int
    talk_us: int
    sip_code: int
    cause: int

    @property
    def answered_us(self) -> int:
        """When it was answered, or would have been."""
        return self.setup_us + self.pdd_ms * 1000 + self.ring_us

    @property
    def ended_us(self) -> int:
        return self.answered_us + self.talk_us

    @property
    def is_answered(self) -> bool:
        return self.talk_us > 0


def make_traffic(
    sources: Sequence[Source], *, anchor: datetime, seed: int, calls: int
) -> list[Attempt]:
    """``calls`` attempts of the ``DAYS`` before the anchor in order of set-up, all ended by then.

    Whatever their number, a few of them cannot be rated: to forbidden destinations, to one that a
    tariff lacks, and from accounts that nobody knows.
    """
    maker = _Maker(anchor, Random(f"{seed}/traffic"))  # noqa: S311 (made-up calls)
    weights = list(accumulate(source.weight for source in sources))
    unrateable = _unrateable(maker, sources)
    usual = [
        maker.attempt(sources[bisect(weights, maker.rng.randrange(weights[-1]))])
        for _ in range(calls - len(unrateable))
    ]
    return sorted(usual + unrateable, key=lambda call: (call.setup_us, call.native_id))


def _unrateable(maker: "_Maker", sources: Sequence[Source]) -> list[Attempt]:
    offers = {offer.name for firm in all_firms() for offer in firm.sells if UNLISTED in offer.lacks}
    lacking = [source for source in sources if source.offer in offers]
    strangers = [
        Source(name, "192.0.2.250", "", lacking[0].home, lacking[0].caller, "", 0)
        for name in STRANGERS
    ]
    choices = [
        *((sources, Target("8816", 1, 100)) for _ in range(FORBIDDEN_CALLS)),
        *((lacking, Target(f"{UNLISTED}06", 1, 100)) for _ in range(UNLISTED_CALLS)),
        *((strangers, Target("447", 1, 100)) for _ in range(UNKNOWN_CALLS)),
    ]
    return [maker.attempt(maker.rng.choice(froms), target) for froms, target in choices]


class _Maker:
    """Draws attempts; keeps what is the same for many of them."""

    def __init__(self, anchor: datetime, rng: Random) -> None:
        self.rng = rng
        self._anchor = anchor
        self._end_us = to_microseconds(anchor) - SECOND
        self._start_us = to_microseconds(anchor - timedelta(days=DAYS))
        self._days: dict[str, tuple[list[date], list[int]]] = {}

    def attempt(self, source: Source, target: Target | None = None) -> Attempt:
        """One attempt of ``source``, to ``target`` or where its home calls."""
        rng = self.rng
        wanted = (
            target or rng.choices(source.home.targets, [t.weight for t in source.home.targets])[0]
        )
        is_answered = rng.randrange(100) < wanted.answered
        sip_code, cause = (200, 16) if is_answered else self._failure()
        call = Attempt(
            native_id=UUID(int=rng.getrandbits(128), version=4),
            source=source,
            caller="anonymous" if rng.randrange(100) < ANONYMOUS else source.caller,
            called=self._number(wanted.prefix),
            setup_us=0,
            pdd_ms=rng.randint(350, 5200),
            ring_us=rng.randint(1_500_000, 22_000_000),
            talk_us=self._talk() if is_answered else 0,
            sip_code=sip_code,
            cause=cause,
        )
        while not self._start_us <= call.setup_us <= call.ended_us <= self._end_us:
            call = call._replace(setup_us=self._moment(source))
        return call

    def _failure(self) -> tuple[int, int]:
        sip_code, cause, _ = self.rng.choices(FAILURES, [weight for *_, weight in FAILURES])[0]
        return sip_code, cause

    def _talk(self) -> int:
        """Microseconds: a median of two minutes, a mean of three, a long tail."""
        if self.rng.randrange(100) < SHORT:
            return self.rng.randint(1_000, 6_000) * 1_000
        seconds = min(self.rng.lognormvariate(4.85, 0.95), LONGEST)
        return int(seconds * 1_000 + 1_000) * 1_000

    def _number(self, prefix: str) -> str:
        """A number that looks made up: the prefix, 5550 and a few digits."""
        missing = _length_of(prefix) - len(prefix)
        tail = min(3, missing)
        return prefix + ("5550" * 3)[: missing - tail] + f"{self.rng.randrange(10**tail):0{tail}d}"

    def _moment(self, source: Source) -> int:
        """A moment in the customer's week and day, in microseconds."""
        days, weights = self._days_of(source)
        day = days[bisect(weights, self.rng.randrange(weights[-1]))]
        hours = HOME_HOURS if source.is_home else OFFICE_HOURS
        hour = self.rng.choices(range(24), hours)[0]
        zone = ZoneInfo(source.home.zone)
        local = datetime(day.year, day.month, day.day, hour, tzinfo=zone)
        return to_microseconds(local) + self.rng.randrange(3600 * 1000) * 1000

    def _days_of(self, source: Source) -> tuple[list[date], list[int]]:
        """The local days before the anchor, and their weights added up."""
        home = source.home
        if home.zone not in self._days:
            week = GULF_WEEK if home.currency == "BHD" else WEEK
            last = self._anchor.astimezone(ZoneInfo(home.zone)).date()
            days = [last - timedelta(days=ago) for ago in range(DAYS + 1)]
            weights = [
                week[day.weekday()] * (PEAK if ago in PEAK_DAYS else 100)
                for ago, day in enumerate(days)
            ]
            self._days[home.zone] = days, list(accumulate(weights))
        return self._days[home.zone]


@cache
def _length_of(prefix: str) -> int:
    """How many digits a mobile number of the prefix's country has, with its country code."""
    code = country_code_of(prefix)
    region = COUNTRY_CODE_TO_REGION_CODE[int(code)][0]
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
    lengths = metadata.mobile.possible_length if metadata and metadata.mobile else ()
    return len(code) + (lengths[0] if lengths else 9)
