"""Whole drafts of random calls, tariffs, fees, taxes and payments against a naive computation."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.utils.timezone import now

from billing.models import (
    Balance,
    BillingPeriod,
    Fee,
    Invoice,
    InvoiceLine,
    InvoiceSettings,
    Tax,
    TaxRate,
)
from billing.services import verify
from billing.services.ledger import Posting, post_entry
from billing.services.periods import periods_for
from calls.services.charging import charge_pending
from customers.services.parameters import set_parameters
from tariffs.models import Tariff
from tests.billing.drafts import FIGURES, assert_calls_add_up, draft_all
from tests.billing.invoice_oracle import NAMES, Oracle, Plan
from tests.calls.stored import START
from tests.calls.test_charging_random import change_terms
from tests.calls.traffic import Business
from tests.world import World, actor_of

DAY = timedelta(days=1)
TYPES = ("weekly", "semimonthly", "monthly", "30_days")
ZONES = ("UTC", "America/New_York", "Asia/Tokyo", "Africa/Cairo")
CUTS = (START + 12 * DAY, START + 27 * DAY, START + 60 * DAY)


class Invoicing:
    """A business whose customers are invoiced in many ways, all by ``seed``."""

    def __init__(self, world: World, seed: int) -> None:
        self.chance = random.Random(seed)
        for tariff in Tariff.objects.all():
            change_terms(tariff, self.chance)
        self.business = Business(world, seed)
        self.plans: dict[int, Plan] = {}
        for balance in Balance.objects.select_related("customer", "issuer", "account"):
            self.set_up(balance)

    def money(self, most: int) -> Decimal:
        return Decimal(self.chance.randrange(1, most * 1000)) / 1000

    def set_up(self, balance: Balance) -> None:
        if not balance.last_sequence:
            balance.period_type = self.chance.choice(TYPES)
            balance.period_timezone = self.chance.choice(ZONES)
            balance.currency_id = self.chance.choice([balance.currency_id, "BHD"])
            balance.save()
        for _fee in range(self.chance.randrange(4)):
            self.fee(balance)
        plan = Plan(
            grouping=self.chance.choice(["destination", "country", "prefix"]),
            rate_value=self.chance.choice(["actual", "average"]),
            non_zero_only=self.chance.random() < 0.7,
        )
        self.plans[balance.pk] = plan
        settings = InvoiceSettings.objects.create(
            owner=balance.issuer,
            name=f"For {balance.pk}",
            grouping=plan.grouping,
            rate_value=plan.rate_value,
            non_zero_only=plan.non_zero_only,
        )
        if balance.account_id is None:
            self.set_parameters(balance, plan, settings)

    def set_parameters(self, balance: Balance, plan: Plan, settings: InvoiceSettings) -> None:
        plan.rounding = self.chance.choice(["line", "total"])
        values: dict[str, Any] = {"invoice_settings": settings, "rounding": plan.rounding}
        if self.chance.random() < 0.7:
            values["tax"] = self.tax(balance, plan)
        if self.chance.random() < 0.5:
            values["minimum_commitment"] = plan.minimum = self.money(60)
        if self.chance.random() < 0.6:
            basis = self.chance.choice(["all", "excess"])
            plan.short = (self.chance.choice([6, 12, 30]), self.money(40).quantize(Decimal("0.01")),
                          self.money(2), basis)  # fmt: skip
            names = ("seconds", "percent", "price", "basis")
            values |= {
                f"short_call_{name}": value for name, value in zip(names, plan.short, strict=True)
            }
            values["short_calls"] = True
        set_parameters(actor=actor_of(balance.issuer), customer=balance.customer, values=values)

    def tax(self, balance: Balance, plan: Plan) -> Tax:
        plan.tax_mode = self.chance.choice(["none", "added", "included"])
        row = Tax.objects.create(owner=balance.issuer, name=f"T{balance.pk}", mode=plan.tax_mode)
        for place in range(self.chance.randrange(1, 4)):
            rate = self.money(25), self.chance.random() < 0.5
            TaxRate.objects.create(
                tax=row, position=place, name=f"T{place}", percent=rate[0], is_compound=rate[1]
            )
            plan.tax_rates.append(rate)
        return row

    def fee(self, balance: Balance) -> None:
        starts_on = START.date() + self.chance.randrange(-30, 40) * DAY
        ends_on = starts_on + self.chance.randrange(60) * DAY
        Fee.objects.create(
            balance=balance,
            kind=self.chance.choice(["once", "recurring"]),
            name=f"Fee {self.chance.randrange(1000)}",
            price=self.money(20),
            quantity=self.money(4),
            starts_on=starts_on,
            ends_on=self.chance.choice([None, ends_on]),
            is_prorated=self.chance.random() < 0.7,
            is_taxed=self.chance.random() < 0.7,
        )

    def post_some(self) -> None:
        for balance in Balance.objects.select_related("issuer"):
            for _entry in range(self.chance.randrange(4)):
                kind, sign = self.chance.choice(
                    [
                        ("debit", -1),
                        ("credit", 1),
                        ("add_funds", 1),
                        ("credit_note", 1),
                    ]
                )
                self.post(balance, Posting(kind, sign * self.money(30), balance.currency_id, "?"))

    def post(self, balance: Balance, posting: Posting) -> None:
        actor, at = actor_of(balance.issuer), START + 40 * DAY * self.chance.random()
        values: dict[str, Any] = {"notes": f"Entry {self.chance.randrange(10**6)}"}
        first = Posting(posting.kind, posting.amount, posting.currency, str(uuid4()), **values)
        entry = post_entry(actor=actor, balance_id=balance.pk, posting=first, at=at)
        if self.chance.random() < 0.2:
            back = Posting(
                "reversal", -entry.amount, posting.currency, str(uuid4()), reverses=entry, **values
            )
            post_entry(actor=actor, balance_id=balance.pk, posting=back, at=at)

    def close(self, until: Any) -> list[BillingPeriod]:
        """Close every period that is over by then, as closing does."""
        balances = Balance.objects.in_bulk()
        moments = [(pk, START + day * DAY) for pk in balances for day in range(-45, 75, 5)]
        periods_for(balances, [(pk, at) for pk, at in moments if at < until])
        due = BillingPeriod.objects.filter(closed_at=None, ends_at__lte=until)
        ids = list(due.values_list("pk", flat=True))
        due.update(closed_at=now())
        return list(BillingPeriod.objects.filter(pk__in=ids).select_related("balance"))


def agrees(period: BillingPeriod, plan: Plan, outcome: str, billed_once: set[int]) -> None:
    oracle = Oracle(period, plan, billed_once)
    assert outcome == oracle.outcome()
    invoice = Invoice.objects.filter(period=period).first()
    assert (invoice is not None) == (outcome == "drafted")
    if invoice is None:
        return
    lines = InvoiceLine.objects.filter(invoice=invoice)
    found = [dict(zip(NAMES, row, strict=True)) for row in lines.values_list(*NAMES)]
    assert sorted(found, key=order) == sorted(oracle.lines, key=order)
    assert {name: getattr(invoice, name) for name in FIGURES} == oracle.sums()
    taxes = list(invoice.taxes.order_by("position").values_list("amount", flat=True))
    assert taxes == oracle.taxes()
    assert_calls_add_up(invoice)


def order(line: dict[str, Any]) -> str:
    names = ("kind", "description", "tariff", "prefix", "rate", "calls", "exact", "fee", "since")
    numbers = [line[name] if line[name] is not None else "" for name in names]
    return " ".join(
        f"{value:.8f}" if isinstance(value, Decimal) else str(value) for value in numbers
    )


@pytest.mark.parametrize("seed", range(4))
def test_drafts_agree_with_a_naive_computation(world: World, seed: int) -> None:
    invoicing = Invoicing(world, seed)
    invoicing.business.calls(90, span=26 * DAY)
    invoicing.post_some()
    drafts = 0
    for cut in CUTS:
        periods = invoicing.close(cut)
        outcomes = draft_all(*periods)
        for period in sorted(periods, key=lambda row: (row.balance_id, row.starts_at)):
            once = set(
                InvoiceLine.objects.filter(fee__kind="once")
                .exclude(invoice__period=period)
                .exclude(invoice__period__balance=period.balance_id,
                         invoice__period__starts_at__gt=period.starts_at)
                .values_list("fee", flat=True)
            )  # fmt: skip
            agrees(period, invoicing.plans[period.balance_id], outcomes[period.pk], once)
        drafts += sum(outcome == "drafted" for outcome in outcomes.values())
        invoicing.business.calls(20, span=20 * DAY)  # late ones among them
        charge_pending()
    assert drafts > 10
    assert InvoiceLine.objects.filter(kind="late").exists()
    assert list(verify.differences()) == []


def test_the_naive_computation_knows_its_calendar() -> None:
    """That the oracle's days are right is not told by the code that it proves."""
    oracle = Oracle.__new__(Oracle)
    for kind, day, days in (
        ("monthly", date(2026, 2, 3), 28),
        ("monthly", date(2026, 12, 31), 31),
        ("semimonthly", date(2026, 2, 16), 13),
        ("semimonthly", date(2026, 3, 15), 15),
        ("weekly", date(2026, 3, 4), 7),
    ):
        oracle.period = BillingPeriod(period_type=kind)
        oracle.first_day = day
        assert oracle.whole_days() == days
