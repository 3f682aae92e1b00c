"""Who is overdue and suspended: rows of the dunning page, and what a payer reads of itself."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.timezone import now

from billing.choices import DunningKind, DunningState, Mode
from billing.models import Balance, DunningStep, Invoice, Suspension
from billing.querysets import BalanceQuerySet, InvoiceQuerySet, local_day
from billing.selectors.dunning_rules import Planned, logs_of, next_step, terms_of, today_of
from customers.models import Customer
from customers.tenancy import Actor
from softswitch.core.money import ZERO

LOG = 30  # steps that a page shows


def overdue_invoices(moment: datetime) -> InvoiceQuerySet:
    """Open invoices past their due date, but those whose mark somebody has undone."""
    marks = DunningStep.objects.filter(invoice=OuterRef("pk"), kind=DunningKind.OVERDUE)
    rows: InvoiceQuerySet = Invoice.objects.overdue(moment)
    return rows.exclude(Exists(marks.filter(undone_at__isnull=False)))


def pressing_invoices(moment: datetime) -> InvoiceQuerySet:
    """Those of them for which calls may stop: nobody has excused them."""
    excuses = DunningStep.objects.in_force().filter(kind=DunningKind.EXCUSED)
    return overdue_invoices(moment).exclude(Exists(excuses.filter(invoice=OuterRef("pk"))))


def due_balances(moment: datetime, *, after: int, limit: int) -> list[int]:
    """Balances that owe and were not looked at on their local day yet: ids above ``after``.

    A day that is still to come was done by a clock that ran ahead, and does not count.
    """
    is_new = Q(dunning_check=None) | Q(dunning_check__checked_on=None)
    is_old = ~Q(dunning_check__checked_on=local_day(moment))
    owing = Invoice.objects.owing().filter(balance=OuterRef("pk"))
    rows = Balance.objects.in_use().filter(Exists(owing), is_new | is_old, pk__gt=after)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def paid_balances(moment: datetime, *, after: int, limit: int) -> list[int]:
    """Balances with a suspension for invoices none of which is overdue any more."""
    pressing = pressing_invoices(moment).filter(balance=OuterRef("balance"))
    rows = Suspension.objects.standing().filter(until_paid=True, balance__gt=after)
    rows = rows.exclude(Exists(pressing)).order_by("balance")
    return list(rows.values_list("balance", flat=True)[:limit])


def dunned(rows: QuerySet[Balance], actor: Actor, moment: datetime | None = None) -> QuerySet[Any]:
    """``rows`` that dunning is about: overdue, suspended or put off by a promise.

    Those that the actor's customer issues or stands above, with the columns of ``with_debts``.
    """
    at = moment or now()
    owed = overdue_invoices(at).filter(balance=OuterRef("pk"))
    standing = Suspension.objects.standing().filter(balance=OuterRef("pk"))
    # Not by the columns, so that a count of the rows need not add anything up.
    concerned = issued_below(rows, actor).filter(Exists(owed) | Exists(standing))
    return with_debts(concerned, at).select_related("customer", "account")


def with_debts(rows: QuerySet[Balance], moment: datetime) -> QuerySet[Any]:
    """``rows`` with ``overdue_amount``, ``overdue_count``, ``overdue_since`` (a due date).

    And of the open suspension: ``suspension`` (its id, or None), ``since``, ``promised_until``;
    ``state`` (DunningState) says what counts where anything does.
    """
    owed = overdue_invoices(moment).filter(balance=OuterRef("pk"))
    standing = Suspension.objects.standing().filter(balance=OuterRef("pk"))
    sums = owed.order_by().values("balance")
    return rows.annotate(
        suspension=Subquery(standing.values("pk")),
        since=Subquery(standing.values("since")),
        promised_until=Subquery(standing.values("promised_until")),
        overdue_amount=Coalesce(
            Subquery(sums.annotate(found=Sum("open_amount")).values("found")), ZERO
        ),
        overdue_count=Coalesce(Subquery(sums.annotate(found=Count("pk")).values("found")), 0),
        overdue_since=Subquery(sums.annotate(found=Min("due_on")).values("found")),
        state=Case(
            When(promised_until__isnull=False, then=Value(DunningState.PROMISED.value)),
            When(suspension__isnull=False, then=Value(DunningState.SUSPENDED.value)),
            default=Value(DunningState.OVERDUE.value),
            output_field=CharField(),
        ),
    )


def issued_below(rows: QuerySet[Balance], actor: Actor) -> QuerySet[Any]:
    """``rows`` in use but the actor's own: dunning is told by who issues, never by who owes."""
    if not isinstance(rows, BalanceQuerySet):
        raise TypeError("rows of balances")
    return rows.in_use().exclude(customer=actor.customer_id, account=None)


def may_dun(actor: Actor, balance: Balance) -> bool:
    """Whether the actor decides about the dunning of a balance: who issues it does."""
    return balance.issuer_id == actor.customer_id and actor.can("money.manage")


@dataclass(frozen=True, slots=True)
class DunningPanel:
    """What a page shows of one balance: ``balance`` has the columns of ``dunned``, or is None.

    ``next`` is what happens next if nothing is paid; ``steps`` are the latest of the log.
    """

    balance: Any
    next: Planned | None
    steps: list[DunningStep]
    may_act: bool

    @property
    def state(self) -> DunningState | None:
        return DunningState(self.balance.state) if self.balance else None


def dunning_panel(actor: Actor, balance: Balance) -> DunningPanel | None:
    """The dunning of a balance, for who issues it and those above; None where there is none.

    That is of prepaid balances without a step, and of those that have ended.
    """
    is_own = balance.customer_id == actor.customer_id and balance.account_id is None
    if is_own or balance.closed_at is not None:
        return None
    steps = steps_of(actor, balance)
    if not steps and balance.mode != Mode.POSTPAID:
        return None
    mine = Balance.objects.visible_to(actor).filter(pk=balance.pk)
    found = dunned(mine, actor).first()
    planned = next_steps([balance]).get(balance.pk)
    return DunningPanel(found, planned, steps, may_dun(actor, balance))


def steps_of(actor: Actor, balance: Balance, *, limit: int = LOG) -> list[DunningStep]:
    """The log of a balance, newest first, as far as the actor sees it.

    Each has ``who``: the login of who did it; empty for the system and for users above the actor;
    and ``may_undo``.
    """
    known = Customer.objects.visible_to(actor).values("pk")
    who = Case(
        When(user__customer__in=known, then=F("user__login")),
        default=Value(""),
        output_field=CharField(),
    )
    rows = DunningStep.objects.visible_to(actor).filter(balance=balance).annotate(who=who)
    found: list[Any] = list(rows.select_related("invoice").order_by("-at", "-pk")[:limit])
    about_calls = [step.pk for step in found if step.invoice_id is None and not step.undone_at]
    for step in found:
        is_mine = may_dun(actor, balance)
        step.may_undo = is_mine and is_undoable(step, is_last=step.pk in about_calls[:1])
    return found


def is_undoable(step: DunningStep, *, is_last: bool) -> bool:
    """Whether a step can be taken back: of those about calls, the last; a payment's lift never."""
    if step.kind == DunningKind.OVERDUE:
        return True
    if step.undone_at is not None:
        return False
    if step.invoice_id is not None:
        return True
    return is_last and (step.kind != DunningKind.LIFTED or step.user_id is not None)


def next_steps(balances: Sequence[Balance], moment: datetime | None = None) -> dict[int, Planned]:
    """What happens next to each of some balances, in six statements; none: absent."""
    at, ids = moment or now(), [row.pk for row in balances]
    invoices, standing = owed_by(ids), standing_of_balances(ids)
    concerned = [row for row in balances if row.pk in invoices or row.pk in standing]
    if not concerned:
        return {}
    terms = terms_of(concerned)
    logs = logs_of([invoice.pk for rows in invoices.values() for invoice in rows])
    found = {}
    for row in concerned:
        owed = [(invoice, logs[invoice.pk]) for invoice in invoices[row.pk]]
        step = next_step(owed, terms[row.pk], standing.get(row.pk), today_of(row, at))
        if step is not None:
            found[row.pk] = step
    return found


def owed_by(balance_ids: Iterable[int]) -> dict[int, list[Invoice]]:
    """The open invoices that dunning looks at, by balance, oldest due date first."""
    found: dict[int, list[Invoice]] = defaultdict(list)
    rows = Invoice.objects.owing().filter(balance__in=balance_ids)
    for invoice in rows.order_by("due_on", "pk"):
        found[invoice.balance_id].append(invoice)
    return found


def standing_of_balances(balance_ids: Iterable[int]) -> dict[int, Suspension]:
    """The open suspension of each balance that has one."""
    rows = Suspension.objects.standing().filter(balance__in=balance_ids)
    return {row.balance_id: row for row in rows}


def suspended_accounts(account_ids: Iterable[int]) -> set[int]:
    """Those of some accounts, charged by themselves, whose own balance is suspended."""
    rows = Suspension.objects.stopping().filter(balance__account__in=account_ids)
    return set(rows.values_list("balance__account", flat=True))


@dataclass(frozen=True, slots=True)
class Notice:
    """What a payer reads about itself: how much is overdue since when, and whether calls stop.

    ``amount`` in the currency of the balance; ``promised_until`` is the day of its promise.
    """

    is_suspended: bool
    count: int
    amount: Decimal
    currency: str
    promised_until: date | None


def own_notice(actor: Actor, balance: Balance | None) -> Notice | None:
    """The notice for who owes on ``balance``, and for nobody else; None while nothing is overdue.

    One statement.
    """
    if balance is None or balance.closed_at is not None:
        return None
    if (balance.customer_id, balance.account_id) != (actor.customer_id, actor.account_id):
        return None
    row = with_debts(Balance.objects.filter(pk=balance.pk), now()).get()
    is_suspended = row.since is not None and row.promised_until is None
    if not row.overdue_count and not is_suspended:
        return None
    return Notice(
        is_suspended, row.overdue_count, row.overdue_amount, row.currency_id, row.promised_until
    )
