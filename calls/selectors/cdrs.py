"""The calls a viewer sees, with what its customer pays for them and what the level below pays it.

Root reads the calls themselves, an account's user those of its account. Everybody else reads the
charges that its own customer pays: one per call of the whole subtree, as the tree was at the time,
in the order of an index. So calls stay with whoever owned the customer then, wherever it moved.
Calls not charged yet come from the two short tables in which they wait.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypedDict

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.timezone import now

from billing.models import Balance, Charge
from calls.choices import CallResult
from calls.models import Call, PendingCall, UnratedCall
from customers.models import Customer
from customers.selectors import spans_below
from customers.selectors.names import shown_name
from customers.tenancy import Actor, subtree

WAITING_SHOWN = 10_000
DEFAULT_SPAN = timedelta(days=7)
CLOCK_AHEAD = timedelta(days=1)  # calls from further in the future are refused


class CallKey(TypedDict):
    """What identifies a call, and leads to its partition."""

    call_id: int
    setup_at: datetime


@dataclass(frozen=True, slots=True)
class CallSearch:
    """Which calls are looked for: set up from ``since`` to before ``until``, both always given.

    ``condition`` is on Call. ``customer_id`` means it and all below; it and ``account_id`` must be
    visible to the actor (forms see to that).
    """

    since: datetime
    until: datetime
    condition: Q = field(default_factory=Q)
    customer_id: int | None = None
    account_id: int | None = None
    result: str = ""

    @property
    def window(self) -> Q:
        return Q(setup_at__gte=self.since, setup_at__lt=self.until)


def recent_calls(*, span: timedelta = DEFAULT_SPAN) -> CallSearch:
    """The calls of the last ``span``."""
    moment = now()
    return CallSearch(moment - span, moment + CLOCK_AHEAD)


def call_keys(actor: Actor, search: CallSearch) -> QuerySet[Any, Any]:
    """The keys (rows of CallKey) of the calls found, each once, in no order."""
    account_id = actor.account_id or search.account_id
    if account_id is not None:
        return _stored(actor, search, Q(account_id=account_id))
    payer_id = search.customer_id or (None if actor.is_root else actor.customer_id)
    if payer_id is None:
        return _stored(actor, search, Q())
    return _passing(actor, search, payer_id)


def _stored(actor: Actor, search: CallSearch, whose: Q) -> QuerySet[Any, Any]:
    """Calls as they are stored."""
    calls = Call.objects.visible_to(actor).filter(whose, search.window, search.condition)
    waits = Q(Exists(PendingCall.objects.filter(call_id=OuterRef("id"))))
    unrated = Q(Exists(UnratedCall.objects.filter(call_id=OuterRef("id"))))
    priced = Q(Exists(_priced(actor, "id")))
    answered = Q(duration_ms__gt=0)
    free = answered & ~priced & ~unrated & ~waits
    if actor.account_id is not None:  # what its customer paid for is not for it to know
        free &= Q(Exists(_own_charges(actor, "id")))
    wanted = {
        CallResult.CHARGED: answered & priced,
        CallResult.FREE: free,
        CallResult.FAILED: ~answered & ~unrated & ~waits,
        CallResult.WAITING: waits,
        CallResult.UNRATED: unrated,
    }
    found = calls.filter(wanted[CallResult(search.result)]) if search.result else calls
    return found.values("setup_at", call_id=F("id"))


def _passing(actor: Actor, search: CallSearch, payer_id: int) -> QuerySet[Any, Any]:
    """Calls of ``payer_id`` and all below it: what it paid, and what waits to be charged."""
    charges = _narrowed(search, Charge.objects.filter(customer_id=payer_id, account=None))
    charges = charges.filter(revision=0)
    whose = Q()
    if payer_id != actor.customer_id:
        whose = Q(customer__in=subtree(Customer, payer_id).values("pk"))
        charges = charges.filter(_while_below(actor, payer_id))
    priced = Q(Exists(_priced(actor, "call_id")))
    answered = Q(duration_ms__gt=0)
    parts = {
        CallResult.CHARGED: charges.filter(answered & priced),
        CallResult.FREE: charges.filter(answered & ~priced),
        CallResult.FAILED: charges.filter(~answered),
        CallResult.WAITING: _waiting(search, Call.objects.visible_to(actor).filter(whose)),
        CallResult.UNRATED: _narrowed(search, UnratedCall.objects.visible_to(actor).filter(whose)),
    }
    if search.result:
        return parts[CallResult(search.result)].values("setup_at", "call_id")
    waiting = _newest(PendingCall.objects.all(), parts[CallResult.WAITING])
    unrated = _newest(UnratedCall.objects.all(), parts[CallResult.UNRATED])
    return charges.values("setup_at", "call_id").union(*waiting, *unrated, all=True)


def _while_below(actor: Actor, payer_id: int) -> Q:
    """The time in which ``payer_id`` was the actor's business: all of it but for moves."""
    if actor.is_root:
        return Q()
    whole = Q(pk__in=[])
    for start, end in spans_below(payer_id, actor.customer_id):
        span = Q(setup_at__gte=start) if start else Q()
        whole |= (span & Q(setup_at__lt=end)) if end else span
        if not start and not end:
            return Q()
    return whole


def _newest(table: QuerySet[Any], part: QuerySet[Any]) -> list[QuerySet[Any]]:
    """The newest rows of ``part``, by their ids; no query set where there are none.

    The ids are read beforehand: only of plain tables is a union merged in the order of indexes.
    """
    ids = list(part.order_by("-setup_at").values_list("call_id", flat=True)[:WAITING_SHOWN])
    return [table.filter(call_id__in=ids).values("setup_at", "call_id")] if ids else []


def _narrowed(search: CallSearch, rows: QuerySet[Any]) -> QuerySet[Any]:
    """``rows`` that name a call, within the search's time and condition.

    The time is said of the calls, too: what joins them may go through all months otherwise.
    """
    rows = rows.filter(search.window)
    if not search.condition:
        return rows
    calls = Call.objects.filter(id=OuterRef("call_id"), setup_at=OuterRef("setup_at"))
    return rows.filter(Exists(calls.filter(search.window, search.condition)))


def _waiting(search: CallSearch, calls: QuerySet[Call]) -> QuerySet[PendingCall]:
    """Of the calls that wait to be charged, the newest: a backlog is not read as a whole."""
    newest = PendingCall.objects.order_by("-call_id").values("call_id")[:WAITING_SHOWN]
    theirs = calls.filter(
        search.window, search.condition, id=OuterRef("call_id"), setup_at=OuterRef("setup_at")
    )
    rows = PendingCall.objects.filter(search.window, call_id__in=newest)
    return rows.filter(Exists(theirs))


def seen_charges(actor: Actor) -> Q:
    """The two charges of a call shown in lists: what the actor pays, and what it is paid."""
    if actor.account_id is not None:
        return Q(account_id=actor.account_id)
    return Q(customer_id=actor.customer_id, account=None) | Q(issuer_id=actor.customer_id)


def _own_charges(actor: Actor, call_id: str) -> QuerySet[Charge]:
    """Charges that the actor sees of the call of the outer row."""
    of_call = Charge.objects.filter(call_id=OuterRef(call_id), setup_at=OuterRef("setup_at"))
    return of_call.filter(seen_charges(actor))


def _priced(actor: Actor, call_id: str) -> QuerySet[Charge]:
    """Those of them that stand, and are not 0."""
    same = {name: OuterRef(name) for name in ("call_id", "level", "setup_at")}
    later = Charge.objects.filter(**same, revision__gt=OuterRef("revision"))
    return _own_charges(actor, call_id).exclude(amount=0).filter(~Exists(later))


def has_own_price(actor: Actor) -> bool:
    """Whether an account's user sees prices: its account is, or once was, charged by itself."""
    return bool(Balance.objects.visible_to(actor).exists())


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call as a list shows it; ``paid`` is the viewer's own charge, ``charged`` the one below.

    ``call`` has ``customer_name``, as the viewer may read it.
    """

    call: Any
    result: CallResult
    paid: Charge | None = None
    charged: Charge | None = None

    @property
    def seconds(self) -> Decimal:
        return Decimal(self.call.duration_ms) / 1000

    @property
    def paid_amount(self) -> Decimal | None:
        """What the viewer pays; None where nothing is to be charged."""
        return self.paid.amount if self.paid and self.call.duration_ms > 0 else None

    @property
    def charged_amount(self) -> Decimal | None:
        """What the viewer is paid; None where nothing is to be charged."""
        return self.charged.amount if self.charged and self.call.duration_ms > 0 else None

    @property
    def destination(self) -> str:
        """By the rate that the viewer sells at, else by the one it pays."""
        rates = [charge.rate for charge in (self.charged, self.paid) if charge and charge.rate]
        return next((rate.destination for rate in rates if rate.destination), "")


def call_lines(actor: Actor, keys: Collection[CallKey]) -> dict[int, CallLine]:
    """The shown facts of some calls, by call id, in four statements whatever their number."""
    if not keys:
        return {}
    ids = [key["call_id"] for key in keys]
    moments = [key["setup_at"] for key in keys]
    window = Q(setup_at__range=(min(moments), max(moments)))
    calls = with_names(Call.objects.filter(window, id__in=ids), actor)
    calls = calls.select_related("account", "trunk", "switch")
    charges = Charge.objects.filter(window, seen_charges(actor), call_id__in=ids)
    paid, charged = _sides(actor, charges.select_related("balance", "rate").order_by("revision"))
    unrated = set(UnratedCall.objects.filter(call_id__in=ids).values_list("call_id", flat=True))
    waits = set(PendingCall.objects.filter(call_id__in=ids).values_list("call_id", flat=True))
    return {
        call.id: CallLine(
            call,
            _result(
                call,
                [side[call.id] for side in (paid, charged) if call.id in side],
                is_waiting=call.id in waits,
                is_unrated=call.id in unrated,
                is_paid_above=actor.account_id is not None and call.id not in paid,
            ),
            paid.get(call.id),
            charged.get(call.id),
        )
        for call in calls
    }


def _sides(actor: Actor, charges: Iterable[Charge]) -> tuple[dict[int, Charge], dict[int, Charge]]:
    """Charges by call: those that the viewer pays, and those that it is paid."""
    paid: dict[int, Charge] = {}
    charged: dict[int, Charge] = {}
    for charge in charges:
        is_mine = charge.customer_id == actor.customer_id and charge.account_id is None
        side = paid if is_mine or actor.account_id is not None else charged
        side[charge.call_id] = charge
    return paid, charged


def _result(
    call: Call, charges: list[Charge], *, is_waiting: bool, is_unrated: bool, is_paid_above: bool
) -> CallResult:
    """``is_paid_above``: an account's user looks, and its customer pays for this call."""
    if is_unrated:
        return CallResult.UNRATED
    if is_waiting:
        return CallResult.WAITING
    if call.duration_ms <= 0:
        return CallResult.FAILED
    if is_paid_above:
        return CallResult.ANSWERED
    is_priced = any(charge.amount != 0 for charge in charges)
    return CallResult.CHARGED if is_priced else CallResult.FREE


def with_names(rows: QuerySet[Any], actor: Actor) -> Any:
    """``rows`` about calls with ``customer_name``: what the actor may read as whose each is."""
    return rows.annotate(customer_name=shown_name(actor, then="setup_at"))


def visible_call(actor: Actor, call_id: int) -> Call | None:
    """The call of this id if the actor sees it; None for one that is not there or not its own."""
    rows = with_names(Call.objects.select_related("account", "trunk", "switch"), actor)
    if actor.is_root or actor.account_id is not None:
        found: Call | None = rows.visible_to(actor).filter(id=call_id).first()
        return found
    own = Charge.objects.paid_by(actor).filter(call_id=call_id).values_list("setup_at", flat=True)
    setup_at = own.first()
    if setup_at is not None:
        one: Call = rows.get(id=call_id, setup_at=setup_at)
        return one
    call: Call | None = rows.visible_to(actor).filter(id=call_id).first()
    is_open = (
        UnratedCall.objects.filter(call_id=call_id).exists()
        or PendingCall.objects.filter(call_id=call_id).exists()
    )
    return call if is_open else None
