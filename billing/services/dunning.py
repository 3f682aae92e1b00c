"""Runs dunning: reminders, overdue marks, suspensions and what a broken promise brings.

Each balance that owes is looked at once per local day of its billing time zone. A worker locks the
``DunningCheck`` rows of a batch, those that another one has are left to it; suspensions are written
under the locks of their balances, which are taken after that (ascending id).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from billing.choices import REMINDERS, DunningKind
from billing.models import Balance, DunningCheck, DunningStep, Invoice, Suspension
from billing.selectors.dunning import (
    due_balances,
    owed_by,
    paid_balances,
    standing_of_balances,
)
from billing.selectors.dunning_rules import (
    Log,
    Planned,
    Terms,
    is_past_grace,
    is_pressing,
    letter_due,
    logs_of,
    needs_mark,
    stops_on,
    terms_of,
    today_of,
)
from billing.services.dunning_letters import mail_reminder, recipients_of
from billing.services.suspensions import Change, close, lift_if_paid, stop
from customers.selectors import system_actor
from customers.services.audit import Entry, record_many
from customers.tenancy import Actor

BATCH = 200


@dataclass(slots=True)
class Facts:
    """What the batch knows of one balance on its local day ``today``."""

    balance: Balance
    today: date
    terms: Terms
    recipient: str
    invoices: list[tuple[Invoice, Log]]
    suspension: Suspension | None


def run_dunning(*, moment: datetime) -> int:
    """Do what is due at ``moment`` in every zone; returns how many steps were made.

    What was paid is lifted first. Safe to repeat and to run many times at once: a step is made
    with the mark that its day is done, in one transaction per BATCH balances. Days on which nothing
    ran bring the latest letter of each invoice only (``dunning_rules.letter_due``).
    """
    actor = system_actor()
    done = _lift_paid(moment)
    after = 0
    while ids := due_balances(moment, after=after, limit=BATCH):
        after = ids[-1]
        DunningCheck.objects.bulk_create(
            [DunningCheck(balance_id=pk) for pk in ids], ignore_conflicts=True
        )
        with transaction.atomic():
            done += _run_batch(actor, ids, moment)
    return done


def _lift_paid(moment: datetime) -> int:
    lifted = after = 0
    while ids := paid_balances(moment, after=after, limit=BATCH):
        after = ids[-1]
        for balance in _with_parties(ids):
            lifted += lift_if_paid(balance=balance, moment=moment)
    return lifted


def _with_parties(ids: Sequence[int]) -> list[Balance]:
    rows = Balance.objects.filter(pk__in=ids).select_related("customer", "issuer", "account")
    return list(rows.order_by("pk"))


def _run_batch(actor: Actor, ids: Sequence[int], moment: datetime) -> int:
    """One batch: letters and marks, then what stops calls, then the days that are done."""
    checks = DunningCheck.objects.filter(balance__in=ids).order_by("balance")
    locked = {row.balance_id: row for row in checks.select_for_update(skip_locked=True)}
    facts = [
        fact
        for fact in _facts(list(locked), moment)
        if locked[fact.balance.pk].checked_on != fact.today
    ]
    steps = [step for fact in facts for step in _steps(fact, moment)]
    _store(actor, facts, steps)
    stopping = [fact.balance.pk for fact in facts if _decide(fact) is not None]
    made = _suspend(actor, stopping, moment) if stopping else 0
    for fact in facts:
        locked[fact.balance.pk].checked_on = fact.today
    DunningCheck.objects.bulk_update(list(locked.values()), ["checked_on"])
    return len(steps) + made


def _facts(ids: Sequence[int], moment: datetime) -> list[Facts]:
    """All that decides about some balances, in eight statements whatever their number."""
    balances = _with_parties(ids)
    terms, recipients = terms_of(balances), recipients_of(balances)
    invoices = owed_by(ids)
    logs = logs_of([invoice.pk for rows in invoices.values() for invoice in rows])
    standing = standing_of_balances(ids)
    return [
        Facts(
            balance=row,
            today=today_of(row, moment),
            terms=terms[row.pk],
            recipient=recipients[row.pk],
            invoices=[(invoice, logs[invoice.pk]) for invoice in invoices[row.pk]],
            suspension=standing.get(row.pk),
        )
        for row in balances
    ]


def _steps(fact: Facts, moment: datetime) -> list[DunningStep]:
    """The marks and letters of today, not stored yet."""
    made = []
    for invoice, log in fact.invoices:
        letter = letter_due(invoice, fact.terms, log, fact.today)
        if needs_mark(invoice, log, fact.today):
            mark = Planned(DunningKind.OVERDUE, fact.today)
            # The day after the due date has one letter: the reminder's, else the mark's.
            made.append(_step(fact, invoice, mark, moment, is_mailed=letter is None))
        if letter is not None:
            made.append(_step(fact, invoice, letter, moment, is_mailed=True))
    return made


def _step(
    fact: Facts, invoice: Invoice, planned: Planned, moment: datetime, *, is_mailed: bool
) -> DunningStep:
    return DunningStep(
        balance=fact.balance,
        invoice=invoice,
        kind=planned.kind,
        days=planned.days,
        on_day=fact.today,
        at=moment,
        recipient=fact.recipient if is_mailed else "",
    )


def _store(actor: Actor, facts: list[Facts], steps: list[DunningStep]) -> None:
    """Keep the steps, their letters and their events."""
    known = {fact.balance.pk: fact for fact in facts}
    DunningStep.objects.bulk_create(steps)
    reminded = {step.invoice_id for step in steps if step.kind in REMINDERS}
    for step in steps:
        if step.kind not in REMINDERS and step.invoice_id in reminded:
            continue  # the day has one letter, one notice and one event of each invoice
        fact, invoice = known[step.balance_id], _invoice_of(step)
        mail_reminder(
            actor=actor, step=step, invoice=invoice, stops_on=_announced(fact, invoice, step)
        )
    record_many(
        actor=actor,
        entries=[
            Entry(
                customer=step.balance.customer,
                action=f"dunning_{step.kind}",
                subject=_invoice_of(step),
                changes={"recipient": ["", step.recipient]} if step.recipient else {},
            )
            for step in steps
        ],
    )


def _invoice_of(step: DunningStep) -> Invoice:
    """A mark or a letter is always about an invoice."""
    if step.invoice is None:
        raise ValueError(f"Step {step.kind} without an invoice")
    return step.invoice


def _announced(fact: Facts, invoice: Invoice, step: DunningStep) -> date | None:
    """The day that a letter after the due date threatens with; none where calls stop already."""
    log = next(log for row, log in fact.invoices if row.pk == invoice.pk)
    is_before = step.kind == DunningKind.REMINDER_BEFORE
    if is_before or fact.suspension is not None or log.is_excused:
        return None
    day = stops_on(invoice, fact.terms)
    return day if day > fact.today else None


def _decide(fact: Facts) -> Change | None:
    """What becomes of the calls of a balance today; None: what was."""
    late = [row for row, log in fact.invoices if is_past_grace(row, fact.terms, log, fact.today)]
    standing = fact.suspension
    if standing is None:
        return Change.STOP if late else None
    if standing.promised_until is None or standing.promised_until >= fact.today:
        return None
    pressing = [row for row, log in fact.invoices if is_pressing(row, log, fact.today)]
    is_broken = bool(late) or (standing.since is not None and bool(pressing))
    return Change.STOP if is_broken or not standing.until_paid else Change.END


def _suspend(actor: Actor, ids: Sequence[int], moment: datetime) -> int:
    """Decide again under the locks of the balances, so that no payment slips between."""
    rows: Any = Balance.objects.filter(pk__in=ids).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))
    made = 0
    for fact in _facts(ids, moment):
        change = _decide(fact)
        if change is Change.STOP:
            stop(
                actor=actor,
                balance=fact.balance,
                standing=fact.suspension,
                moment=moment,
                invoice=fact.invoices[0][0] if fact.invoices else None,
            )
            made += 1
        elif change is Change.END and fact.suspension is not None:
            close(actor=actor, balance=fact.balance, standing=fact.suspension, moment=moment)
            made += 1
    return made
