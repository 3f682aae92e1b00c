"""What the draft of a period must say, by product.md: one charge after the other, in fractions."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from billing.models import Balance, BillingPeriod, Charge, Fee, LedgerEntry, UsageEntry
from tariffs.models import Currency

DAY = timedelta(days=1)
PAID = {"opening", "add_funds", "voucher", "transfer", "pay_out"}
NAMES = (
    "kind", "description", "country", "prefix", "tariff", "calls", "billed_seconds", "quantity",
    "rate", "since", "until", "exact", "amount", "is_taxed", "fee",
)  # fmt: skip


@dataclass
class Plan:
    """How a balance is invoiced."""

    grouping: str = "destination"
    rate_value: str = "actual"
    tax_mode: str = "none"
    tax_rates: list[tuple[Decimal, bool]] = field(default_factory=list)
    rounding: str = "total"
    minimum: Decimal | None = None
    short: tuple[int, Decimal, Decimal, str] | None = None
    non_zero_only: bool = True


def half_up(value: Fraction, decimals: int) -> Decimal:
    units = int(abs(value) * 10**decimals + Fraction(1, 2))
    return Decimal(units if value > 0 else -units).scaleb(-decimals)


class Oracle:
    """One period, its plan, and the fees billed once that other invoices bill already."""

    def __init__(self, period: BillingPeriod, plan: Plan, billed_once: set[int]) -> None:
        self.period, self.plan, self.billed_once = period, plan, billed_once
        self.balance: Balance = period.balance
        self.zone = ZoneInfo(str(period.timezone))
        self.decimals = Currency.objects.get(code=self.balance.currency_id).decimals
        last = period.ends_at - timedelta(microseconds=1)
        self.first_day = period.starts_at.astimezone(self.zone).date()
        self.last_day = last.astimezone(self.zone).date()
        self.lines: list[dict[str, Any]] = []
        self.answered = self.short = self.unbilled = 0
        self.add_calls()
        self.add_adjustments()
        self.add_fees()
        self.is_not_billed = bool(self.unbilled) and self.unbilled == self.answered
        if not (self.is_not_billed and not any(x["kind"] in ("usage", "late") for x in self.lines)):
            self.add_short_calls()
            self.add_minimum()

    def add(self, kind: str, description: str, exact: Decimal, **facts: Any) -> None:
        empty = dict.fromkeys(NAMES)
        empty |= {"country": "", "prefix": "", "tariff": "", "calls": 0, "billed_seconds": 0}
        amount = half_up(Fraction(exact), self.decimals)
        said = {"kind": kind, "description": description, "exact": exact, "amount": amount}
        self.lines.append(empty | {"is_taxed": True} | said | facts)

    def whole_days(self) -> int:
        """The days of the calendar's whole period."""
        day = self.first_day
        match self.period.period_type:
            case "daily":
                return 1
            case "weekly":
                return 7
            case "30_days":
                return 30
            case "monthly":
                return (month_after(day) - day.replace(day=1)).days
            case "semimonthly":
                return 15 if day.day < 16 else (month_after(day) - day.replace(day=16)).days
        raise NotImplementedError(self.period.period_type)

    def part(self, since: date | None = None, until: date | None = None) -> Fraction:
        days = [self.first_day + n * DAY for n in range((self.last_day - self.first_day).days + 1)]
        inside = [d for d in days if (not since or d >= since) and (not until or d <= until)]
        return Fraction(len(inside), self.whole_days())

    def add_calls(self) -> None:
        entries = set(UsageEntry.objects.filter(period=self.period).values_list("id", flat=True))
        earlier = BillingPeriod.objects.filter(
            balance=self.balance, starts_at__lt=self.period.starts_at, closed_at__isnull=False
        ).exists()
        groups: dict[Any, list[Charge]] = defaultdict(list)
        rows = Charge.objects.filter(balance=self.balance, usage_entry_id__in=entries)
        charged = list(rows.select_related("tariff_version__tariff", "rate"))
        charged = [one for one in charged if one.duration_ms or one.amount]
        for charge in charged:
            if not charge.duration_ms:
                assert charge.amount == 0
                continue
            self.answered += charge.revision == 0
            limit = self.plan.short[0] * 1000 if self.plan.short else 0
            self.short += charge.revision == 0 and charge.duration_ms <= limit
            version = charge.tariff_version
            if version is not None and version.is_not_billed:
                self.unbilled += 1
                assert charge.amount == 0
                continue
            is_late = earlier and charge.ended_at < self.period.starts_at
            groups[(is_late, *self.key(charge))].append(charge)
        tariffs = {c.tariff_version and c.tariff_version.tariff_id for c in charged}
        for (is_late, *_key), charges in groups.items():
            self.add_group("late" if is_late else "usage", charges)
            if len(tariffs) > 1:
                days = [c.ended_at.astimezone(self.zone).date() for c in charges]
                self.lines[-1] |= {"since": min(days), "until": max(days)}

    def key(self, charge: Charge) -> tuple[Any, ...]:
        version, rate = charge.tariff_version, charge.rate
        tariff = version.tariff_id if version else None
        if rate is None:
            return tariff, "", None, None
        group = {
            "destination": rate.destination or rate.prefix,
            "country": rate.country,
            "prefix": rate.prefix,
        }[self.plan.grouping]
        prices = (rate.price_1, rate.price_n) if self.plan.rate_value == "actual" else (None, None)
        return (tariff, group, *prices)

    def add_group(self, kind: str, charges: list[Charge]) -> None:
        exact = sum((c.amount for c in charges), Decimal(0))
        seconds = sum(c.billed_seconds for c in charges)
        rate, version = charges[0].rate, charges[0].tariff_version
        price = rate.price_n if rate is not None else None
        if self.plan.rate_value == "average":
            cost = sum((Fraction(c.cost) for c in charges), Fraction(0))
            price = half_up(cost * 60 / seconds, 8) if seconds else None
        tariff = version.tariff if version is not None else None
        foreign = tariff is not None and tariff.currency_id != self.balance.currency_id
        by_country = self.plan.grouping == "country"
        rates = [c.rate for c in charges if c.rate is not None]
        countries = [one.country for one in rates if one.country]
        names = countries if by_country else [one.destination for one in rates if one.destination]
        name = min(names, default="")
        self.add(
            kind,
            name or (rate.prefix if rate is not None and not by_country else "")
            or "Other destinations",
            exact,
            country=min(countries, default=""),
            prefix=rate.prefix if rate is not None and self.plan.grouping == "prefix" else "",
            tariff=f"{tariff} ({tariff.currency_id})" if tariff and foreign else str(tariff or ""),
            calls=len(charges),
            billed_seconds=seconds,
            rate=price,
        )  # fmt: skip

    def add_adjustments(self) -> None:
        for entry in LedgerEntry.objects.filter(period=self.period):
            kind = entry.reverses.kind if entry.reverses else entry.kind
            if kind in ("debit", "credit"):
                day = entry.posted_at.astimezone(self.zone).date()
                self.add("adjustment", entry.notes, -entry.amount, since=day, until=day)

    def add_fees(self) -> None:
        for fee in Fee.objects.filter(balance=self.balance):
            if fee.starts_on > self.last_day or (fee.ends_on and fee.ends_on < self.first_day):
                continue
            is_once = fee.kind == "once"
            if is_once and fee.pk in self.billed_once:
                continue
            is_whole = is_once or not fee.is_prorated
            part = Fraction(1) if is_whole else self.part(fee.starts_on, fee.ends_on)
            exact = Fraction(fee.price) * Fraction(fee.quantity) * part
            since, until = fee.starts_on, None
            if not is_once:
                since = max(fee.starts_on, self.first_day)
                until = min(fee.ends_on or self.last_day, self.last_day)
            self.add(
                "fee", fee.name, half_up(exact, self.decimals), quantity=fee.quantity,
                rate=fee.price, since=since, until=until, is_taxed=fee.is_taxed, fee=fee.pk,
            )  # fmt: skip

    def add_short_calls(self) -> None:
        if self.plan.short is None or not self.answered:
            return
        seconds, percent, price, basis = self.plan.short
        if Fraction(self.short, self.answered) <= Fraction(percent) / 100:
            return
        charged = self.short
        if basis == "excess":
            charged -= int(self.answered * Fraction(percent) / 100)
        text = f"Short calls: {self.short} of {self.answered} calls up to {seconds} s"
        exact = half_up(Fraction(price) * charged, self.decimals)
        self.add("surcharge", text, exact, quantity=Decimal(charged), rate=price)

    def add_minimum(self) -> None:
        if self.plan.minimum is None:
            return
        calls = sum((x["amount"] for x in self.lines if x["kind"] in ("usage", "late")), Decimal(0))
        missing = half_up(Fraction(self.plan.minimum) * self.part(), self.decimals) - calls
        if missing > 0:
            days = {"since": self.first_day, "until": self.last_day}
            self.add("minimum", "Minimum commitment", missing, **days)

    def taxes(self) -> list[Decimal]:
        """What each rate takes."""
        if self.plan.tax_mode == "none":
            return []
        parts = [line["amount"] for line in self.lines if line["is_taxed"]]
        if self.plan.rounding == "total":
            parts = [sum(parts, Decimal(0))]
        sums = [Decimal(0)] * len(self.plan.tax_rates)
        for part in parts:
            for place, amount in enumerate(self.tax_of(part)):
                sums[place] += amount
        return sums

    def tax_of(self, part: Decimal) -> list[Decimal]:
        net = Fraction(part)
        if self.plan.tax_mode == "included":
            gross = Fraction(1)
            for place, (percent, is_compound) in enumerate(self.plan.tax_rates):
                before = self.compound(place) if is_compound else Fraction(1)
                gross += before * Fraction(percent) / 100
            net /= gross
            return [
                half_up(
                    net * (self.compound(place) if compound else 1) * Fraction(percent) / 100,
                    self.decimals,
                )
                for place, (percent, compound) in enumerate(self.plan.tax_rates)
            ]
        found: list[Decimal] = []
        for percent, compound in self.plan.tax_rates:
            base = net + sum(map(Fraction, found)) if compound else net
            found.append(half_up(base * Fraction(percent) / 100, self.decimals))
        return found

    def compound(self, place: int) -> Fraction:
        """A net amount of 1 with the rates before that one."""
        whole = Fraction(1)
        for percent, is_compound in self.plan.tax_rates[:place]:
            whole += (whole if is_compound else 1) * Fraction(percent) / 100
        return whole

    def sums(self) -> dict[str, Decimal]:
        """The figures of the invoice."""
        billed = sum((line["amount"] for line in self.lines), Decimal(0))
        tax = sum(self.taxes(), Decimal(0))
        net = billed - tax if self.plan.tax_mode == "included" else billed
        previous = payments = other = Decimal(0)
        for rows in (LedgerEntry.objects, UsageEntry.objects):
            for entry in rows.filter(balance=self.balance).select_related("period"):
                if entry.period.starts_at < self.period.starts_at:
                    previous += entry.amount
        for entry in LedgerEntry.objects.filter(period=self.period):
            kind = entry.reverses.kind if entry.reverses else entry.kind
            payments += entry.amount if kind in PAID else 0
            other += entry.amount if kind not in PAID | {"debit", "credit"} else 0
        closing = previous + payments + other - (net + tax)
        return {
            "net": net, "tax": tax, "total": net + tax, "previous_balance": previous,
            "payments": payments, "other": other, "closing_balance": closing,
            "amount_due": max(Decimal(0), -closing),
        }  # fmt: skip

    def outcome(self) -> str:
        if self.is_not_billed and not self.lines:
            return "not_billed"
        sums = self.sums()
        extra = any(
            line["amount"] and line["kind"] in ("fee", "surcharge", "minimum")
            for line in self.lines
        )
        is_nothing = not (sums["total"] or sums["tax"] or extra)
        return "zero" if is_nothing and self.plan.non_zero_only else "drafted"


def month_after(day: date) -> date:
    return (day.replace(day=1) + 32 * DAY).replace(day=1)
