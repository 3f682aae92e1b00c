"""A row of a report: counts, amounts by currency, and the measures computed of them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from softswitch.core.money import ZERO


@dataclass(slots=True)
class ReportRow:
    """The sums of one group; amounts by currency, and converted once all of them are known.

    ``has_left``: the customer that it names is no longer the reader's to search by.
    """

    key: Any
    label: str = ""
    second: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    earned: Counter[str] = field(default_factory=Counter)
    spent: Counter[str] = field(default_factory=Counter)
    revenue: Decimal | None = None
    cost: Decimal | None = None
    currency: str = ""
    has_left: bool = False

    @property
    def rank(self) -> Any:
        """What rows are sorted by where their names are: moments as they pass."""
        return self.key if isinstance(self.key, datetime) else self.label.casefold()

    @property
    def attempts(self) -> int:
        return self.counts["attempts"]

    @property
    def answered(self) -> int:
        return self.counts["answered"]

    @property
    def asr(self) -> Decimal | None:
        """Answer-seizure ratio in percent."""
        return _ratio(100 * self.answered, self.attempts)

    @property
    def ner(self) -> Decimal | None:
        """Network effectiveness ratio in percent: busy, no answer and rejected count too."""
        return _ratio(100 * self.counts["reached"], self.attempts)

    @property
    def acd(self) -> Decimal | None:
        """Average call duration of the answered calls, in seconds."""
        return _ratio(self.counts["duration_ms"], 1000 * self.answered)

    @property
    def pdd(self) -> Decimal | None:
        """Average post-dial delay of the calls whose is known, in seconds."""
        return _ratio(self.counts["pdd_ms"], 1000 * self.counts["pdd_calls"])

    @property
    def minutes(self) -> Decimal:
        return Decimal(self.counts["duration_ms"]) / 60_000

    @property
    def billed_minutes(self) -> Decimal:
        return Decimal(self.counts["billed_seconds"]) / 60

    @property
    def margin(self) -> Decimal | None:
        """None where an amount could not be converted."""
        if self.revenue is None or self.cost is None:
            return None
        return self.revenue - self.cost

    @property
    def margin_percent(self) -> Decimal | None:
        """Of the revenue."""
        return None if self.margin is None else _ratio(100 * self.margin, self.revenue or ZERO)

    def add(self, other: "ReportRow") -> None:
        """Count what ``other`` counts, too."""
        for mine, theirs in (
            (self.counts, other.counts), (self.earned, other.earned), (self.spent, other.spent)
        ):  # fmt: skip
            for name, value in theirs.items():
                mine[name] += value


def _ratio(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    return Decimal(part) / Decimal(whole) if whole else None
