"""Maintenance entries of the demo: top-ups, payments, credits and debits of each week."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

from billing.choices import MaintenanceAction, Mode
from billing.services.maintenance import maintain
from calls.services.demo.opening import Opened
from calls.services.demo.sheets import WORTH

WEEK_MINUTES = 7 * 24 * 60
PAYING = {Mode.PREPAID.value: 30, Mode.POSTPAID.value: 15}  # percent of customers in a week
ADJUSTED = 7  # percent of customers in a week
IN_DOLLARS = 15  # percent of payments that come in USD
SMALLEST = Decimal(15)  # USD
PAYMENT_NOTES = ("Bank transfer", "Card payment", "Paid at the counter", "Bank transfer, thank you")
CREDIT_NOTES = ("Goodwill for the outage of last week", "Wrong rate to mobiles, corrected",
                "Volume discount")  # fmt: skip
DEBIT_NOTES = ("Number porting", "SIP telephone, one piece", "Second copy of the invoice")


class Posting(NamedTuple):
    """What is posted to whose balance when: an action with its amount (> 0) in ``currency``."""

    at: datetime
    key: str
    payer: Opened
    action: str
    amount: Decimal
    currency: str
    notes: str


class Payments:
    """Makes up and posts the entries week by week; the same seed, the same entries."""

    def __init__(self, opened: Sequence[Opened], seed: int) -> None:
        self._opened = [one for one in opened if one.firm.pays]
        self._rng = Random(f"{seed}/payments")  # noqa: S311 (made-up payments)
        self._posted = 0

    def post_week(self, ends_at: datetime) -> int:
        """Post what came in during the week that ends then, in order of time; returns how many."""
        postings = sorted(self._of_week(ends_at), key=lambda posting: (posting.at, posting.key))
        for posting in postings:
            maintain(
                actor=posting.payer.owner,
                balance=posting.payer.balance,
                action=posting.action,
                amount=posting.amount,
                currency=posting.currency,
                key=posting.key,
                notes=posting.notes,
                at=posting.at,
            )
        return len(postings)

    def _of_week(self, ends_at: datetime) -> Iterator[Posting]:
        for payer in self._opened:
            if self._rng.randrange(100) < PAYING[payer.firm.mode]:
                action = MaintenanceAction.ADD_FUNDS
                yield self._posting(payer, ends_at, action, PAYMENT_NOTES)
            if self._rng.randrange(100) < ADJUSTED:
                is_credit = self._rng.randrange(2) == 0
                action = MaintenanceAction.CREDIT if is_credit else MaintenanceAction.DEBIT
                notes = CREDIT_NOTES if is_credit else DEBIT_NOTES
                yield self._posting(payer, ends_at, action, notes)

    def _posting(
        self, payer: Opened, ends_at: datetime, action: MaintenanceAction, notes: tuple[str, ...]
    ) -> Posting:
        rng, currency = self._rng, payer.balance.currency_id
        scale = max(SMALLEST / WORTH[currency], abs(payer.firm.brought) / 8)
        is_payment = action == MaintenanceAction.ADD_FUNDS
        share = rng.randint(6, 18) * 5 if is_payment else rng.randint(1, 4)
        if is_payment and rng.randrange(100) < IN_DOLLARS:
            scale, currency = scale * WORTH[currency], "USD"
        self._posted += 1
        return Posting(
            at=ends_at - timedelta(minutes=rng.randrange(1, WEEK_MINUTES)),
            key=f"demo:{self._posted}",
            payer=payer,
            action=action.value,
            amount=(scale * share / 100).quantize(Decimal("0.01")),
            currency=currency,
            notes=rng.choice(notes),
        )
