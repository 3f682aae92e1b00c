"""A naive model of one balance and its invoices: every amount is found anew from what happened.

It knows nothing of SQL, of periods' rows or of locks. Payments settle at once, one by one; each
reversal and void takes everything back that it touches and settles again.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
LATER = 10**6  # what is issued now is later than all that is posted with a date of its own


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(eq=False)
class Money:
    """A payment (amount > 0), what went out (< 0), an adjustment or a call of a month."""

    kind: str
    amount: Decimal
    month: int
    moment: int
    is_late: bool = False
    is_reversed: bool = False
    corrects: "Bill | None" = None


@dataclass(eq=False)
class Bill:
    """An invoice: what it bills beside the calls and adjustments of its month is ``extra``."""

    month: int
    extra: Decimal = ZERO
    tax_percent: int = 0
    state: str = "draft"
    number: str = ""
    moment: int = 0
    total: Decimal = ZERO
    notes: list[Money] = field(default_factory=list)
    is_replaced: bool = False

    @property
    def credited(self) -> Decimal:
        return sum((note.amount for note in self.notes), ZERO)


@dataclass
class Paid:
    """What of ``source`` went to ``target``."""

    source: Money | Bill
    target: Money | Bill
    amount: Decimal


class Model:
    """Everything that happened, in order, and what settled what."""

    def __init__(self) -> None:
        self.money: list[Money] = []
        self.bills: list[Bill] = []
        self.paid: list[Paid] = []
        self.clock = 0
        self.numbers = {"INV-": 0, "CN-": 0}
        self.reserved = ZERO  # what is held for calls that go on

    # What is asked --------------------------------------------------------------------------
    def balance(self, last_month: int | None = None) -> Decimal:
        """All that was posted, or what belongs to the months up to ``last_month``."""
        found = ZERO
        for one in self.money:
            if last_month is None or one.month <= last_month:
                found += one.amount
        for bill in self.bills:
            if bill.state == "issued" and (last_month is None or bill.month <= last_month):
                found -= bill.total + self.posted(bill.month)
        return found

    def posted(self, month: int) -> Decimal:
        """Calls and adjustments of a month, as the ledger has them."""
        return sum((one.amount for one in self.billed(month)), ZERO)

    def billed(self, month: int) -> list[Money]:
        kinds = ("call", "adjustment")
        return [one for one in self.money if one.month == month and one.kind in kinds]

    def lines(self, month: int) -> Decimal:
        """What the lines of a month add up to: one of calls, one of late calls, adjustments."""
        found = self.billed(month)
        calls = [one for one in found if one.kind == "call"]
        sums = [sum((c.amount for c in calls if c.is_late == late), ZERO) for late in (False, True)]
        adjustments = [one.amount for one in found if one.kind == "adjustment"]
        return -sum((cents(amount) for amount in [*sums, *adjustments]), ZERO)

    def total(self, bill: Bill) -> Decimal:
        net = self.lines(bill.month) + bill.extra
        return net + cents(net * bill.tax_percent / 100)

    def open_amount(self, bill: Bill) -> Decimal:
        if bill.state != "issued":
            return ZERO
        return max(ZERO, bill.total) - self.sum_of(target=bill)

    def sum_of(
        self, *, source: Money | Bill | None = None, target: Money | Bill | None = None
    ) -> Decimal:
        return sum((p.amount for p in self.paid if p.source is source or p.target is target), ZERO)

    def drafts(self) -> list[Bill]:
        return [bill for bill in self.bills if bill.state == "draft"]

    # What happens -----------------------------------------------------------------------------
    def tick(self) -> int:
        self.clock += 1
        return LATER + self.clock

    def post(
        self, kind: str, amount: Decimal, month: int, moment: int, *, is_late: bool = False
    ) -> Money:
        one = Money(kind, amount, month, moment, is_late)
        self.money.append(one)
        self.settle()
        return one

    def reverse(self, one: Money, month: int) -> None:
        """Money that was taken back has never been there; an adjustment stands in two months."""
        one.is_reversed = True
        back = Money(one.kind, -one.amount, month, one.moment, is_reversed=True)
        self.money.append(back)
        self.free(one)
        self.settle()

    def issue(self, bill: Bill) -> None:
        bill.state, bill.moment = "issued", self.tick()
        bill.total = self.total(bill)
        bill.number = self.number("INV-")
        self.settle()

    def number(self, series: str) -> str:
        self.numbers[series] += 1
        return f"{series}{self.numbers[series]:06d}"

    def void(self, bill: Bill) -> None:
        bill.state = "void"
        self.free(bill)
        self.settle()

    def credit(self, bill: Bill, amount: Decimal, month: int) -> None:
        note = Money("payment", amount, month, self.tick(), is_reversed=True, corrects=bill)
        self.money.append(note)
        bill.notes.append(note)
        self.settle()

    def free(self, one: Money | Bill) -> None:
        self.paid = [p for p in self.paid if p.source is not one and p.target is not one]

    def settle(self) -> None:
        """All that is free to all that is open, oldest first; credit notes to their own first."""
        sources = sorted(self.sources(), key=lambda one: one.moment)
        targets = sorted(self.targets(), key=lambda one: one.moment)
        for source in sources:
            if isinstance(source, Money) and source.corrects in targets:
                self.pay(source, source.corrects)
        for target in targets:
            for source in sources:
                self.pay(source, target)

    def sources(self) -> list[Money | Bill]:
        taken = [m for m in self.money if m.amount > 0 and self.counts(m)]
        return [*taken, *(b for b in self.bills if b.state == "issued" and b.total < 0)]

    def targets(self) -> list[Money | Bill]:
        gone = [m for m in self.money if m.amount < 0 and self.counts(m)]
        return [*gone, *(b for b in self.bills if b.state == "issued" and b.total > 0)]

    @staticmethod
    def counts(one: Money) -> bool:
        """A reversed payment and its reversal cancel out; a credit note is never reversed."""
        return one.kind == "payment" and (not one.is_reversed or one.corrects is not None)

    def pay(self, source: Money | Bill, target: Money | Bill | None) -> None:
        if target is None:
            return
        free = abs(source.amount if isinstance(source, Money) else source.total)
        owed = abs(target.amount if isinstance(target, Money) else target.total)
        amount = min(free - self.sum_of(source=source), owed - self.sum_of(target=target))
        if amount:
            self.paid.append(Paid(source, target, amount))
