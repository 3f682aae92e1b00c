"""When each step of dunning is due: days of the balance's zone, by the terms in force."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from billing.choices import ONCE, REMINDERS, DunningKind
from billing.models import Balance, DunningStep, Invoice, PaymentTerm, Suspension
from billing.selectors.account_parameters import parameters_of_accounts
from customers.selectors.parameters import parameters_of

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """Days of reminders before and after the due date, and of grace before calls stop."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    grace: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A step and the local day on which it is due; ``days`` as on ``DunningStep``."""

    kind: DunningKind
    on: date
    days: int = 0


@dataclass(slots=True)
class Log:
    """What the log holds about one invoice: what was done, what was undone of it."""

    done: set[tuple[str, int]] = field(default_factory=set)
    last_letter_on: date | None = None
    is_overdue_undone: bool = False
    is_excused: bool = False

    def add(self, step: DunningStep) -> None:
        if step.kind in ONCE:
            self.done.add((step.kind, step.days))
        if step.kind in REMINDERS:
            self.last_letter_on = max(step.on_day, self.last_letter_on or step.on_day)
        if step.kind == DunningKind.OVERDUE:
            self.is_overdue_undone = step.undone_at is not None
        if step.kind == DunningKind.EXCUSED and step.undone_at is None:
            self.is_excused = True


def today_of(balance: Balance, moment: datetime) -> date:
    """The local day of ``moment`` in the billing time zone of ``balance``."""
    return moment.astimezone(ZoneInfo(str(balance.period_timezone))).date()


def terms_of(balances: Iterable[Balance]) -> dict[int, Terms]:
    """The terms in force by balance, in five statements at most."""
    rows = list(balances)
    payers = {row.customer_id for row in rows if row.account_id is None}
    by_payer = parameters_of(payers) if payers else {}
    by_balance = parameters_of_accounts([row for row in rows if row.account_id is not None])
    for row in rows:
        if row.account_id is None:
            by_balance[row.pk] = by_payer[row.customer_id]
    return {
        pk: _terms(found["payment_term"], found["grace_days"]) for pk, found in by_balance.items()
    }


def _terms(term: PaymentTerm | None, grace: int) -> Terms:
    said = term or PaymentTerm()
    return Terms(
        before=tuple(sorted(said.reminders_before)),
        after=tuple(sorted(said.reminders_after)),
        grace=grace,
    )


def logs_of(invoice_ids: Collection[int]) -> dict[int, Log]:
    """The log of each of some invoices, in one statement."""
    logs = {pk: Log() for pk in invoice_ids}
    for step in DunningStep.objects.filter(invoice__in=logs):
        if step.invoice_id is not None:
            logs[step.invoice_id].add(step)
    return logs


def reminders(invoice: Invoice, terms: Terms) -> list[Planned]:
    """The letters about an invoice in the order of their days.

    None on the day of issue or before it: who has just got an invoice needs no reminder.
    """
    due, issued = _due(invoice), invoice.issued_on
    planned = [
        *(Planned(DunningKind.REMINDER_BEFORE, due - days * DAY, days) for days in terms.before),
        *(Planned(DunningKind.REMINDER_AFTER, due + days * DAY, days) for days in terms.after),
    ]
    letters = [step for step in planned if issued is None or step.on > issued]
    return sorted(letters, key=lambda step: step.on)


def is_overdue(invoice: Invoice, log: Log, today: date) -> bool:
    """Whether the due date has passed, and nobody has undone the mark."""
    return today > _due(invoice) and not log.is_overdue_undone


def letter_due(invoice: Invoice, terms: Terms, log: Log, today: date) -> Planned | None:
    """The letter to write today: the latest whose day has come, unless that was written.

    So days on which nothing ran bring one letter, not all that were missed; one that is older than
    the last letter (the term was changed) is never made up for.
    """
    due = _due(invoice)
    if today > due and log.is_overdue_undone:
        return None
    come = [step for step in reminders(invoice, terms) if step.on <= today]
    if today > due:
        come = [step for step in come if step.kind == DunningKind.REMINDER_AFTER]
    if not come or (come[-1].kind, come[-1].days) in log.done:
        return None
    is_older = log.last_letter_on is not None and come[-1].on <= log.last_letter_on
    return None if is_older else come[-1]


def needs_mark(invoice: Invoice, log: Log, today: date) -> bool:
    """Whether the invoice is to be marked overdue."""
    return is_overdue(invoice, log, today) and (DunningKind.OVERDUE, 0) not in log.done


def is_pressing(invoice: Invoice, log: Log, today: date) -> bool:
    """Whether the invoice is overdue, and calls may stop for it."""
    return is_overdue(invoice, log, today) and not log.is_excused


def stops_on(invoice: Invoice, terms: Terms) -> date:
    """The day from which calls stop for an invoice: the one after its days of grace."""
    return _due(invoice) + (terms.grace + 1) * DAY


def is_past_grace(invoice: Invoice, terms: Terms, log: Log, today: date) -> bool:
    """Whether calls stop for the invoice."""
    return is_pressing(invoice, log, today) and today >= stops_on(invoice, terms)


def next_step(
    invoices: Sequence[tuple[Invoice, Log]],
    terms: Terms,
    suspension: Suspension | None,
    today: date,
) -> Planned | None:
    """What happens next to a balance that owes ``invoices``, if nothing is paid."""
    planned = [
        step
        for invoice, log in invoices
        for step in _ahead(invoice, terms, log, is_suspended=suspension is not None)
    ]
    if suspension is not None and suspension.promised_until is not None:
        planned.append(Planned(DunningKind.SUSPENDED, suspension.promised_until + DAY))
    ahead = [step for step in planned if step.on > today]
    return min(ahead, key=lambda step: step.on, default=None)


def _ahead(invoice: Invoice, terms: Terms, log: Log, *, is_suspended: bool) -> Iterable[Planned]:
    if log.is_overdue_undone:
        return
    yield from reminders(invoice, terms)
    yield Planned(DunningKind.OVERDUE, _due(invoice) + DAY)
    if not is_suspended and not log.is_excused:
        yield Planned(DunningKind.SUSPENDED, stops_on(invoice, terms))


def _due(invoice: Invoice) -> date:
    """Every issued invoice has a due date."""
    if invoice.due_on is None:
        raise ValueError(f"Invoice {invoice.pk} is not issued")
    return invoice.due_on
