"""Answers a switch that asks whether a call may start, and for how many seconds at most."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.utils.timezone import now

from accounts.choices import ResourceStatus
from accounts.models import Account, Host, Trunk
from billing.selectors.dunning import suspended_accounts
from billing.selectors.standing import stops_of
from calls.choices import UNAVAILABLE, Cause
from calls.models import Switch
from calls.selectors.payers import (
    Desk,
    Met,
    Payer,
    Question,
    chain_at,
    payable_seconds,
    unprofitable,
    unrateable,
)
from calls.services.identify import Owner, Owners, Sighting, number_rules
from calls.services.ingest import caller_of
from customers.models import Customer
from softswitch.core.moments import to_microseconds
from softswitch.core.money import ZERO


@dataclass(frozen=True, slots=True)
class Denial:
    """A level that lets the call not start: a customer, or its account or trunk; nobody known."""

    cause: Cause
    customer: Customer | None = None
    account: Account | None = None
    trunk: Trunk | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whose call it is, and either for how long it may last or who denies it.

    ``denials`` are from the bottom level up, one of each; ``max_seconds`` is 0 with any of them
    and at least 1 without.
    """

    owner: Owner
    caller_number: str
    max_seconds: int
    denials: tuple[Denial, ...]

    @property
    def is_allowed(self) -> bool:
        return not self.denials

    @property
    def sip_code(self) -> int | None:
        """What the switch may tell the caller: of a denial above its own level only that it is."""
        if not self.denials:
            return None
        first = self.denials[0]
        is_own = first.customer is None or first.customer.pk == self.owner.customer_id
        return first.cause.sip_code if is_own else UNAVAILABLE


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a call comes in: by an account, or from a host to its trunk."""

    account: Account | None
    host: Host | None


def authorize_call(
    *,
    switch: Switch,
    called: str,
    auth_name: str = "",
    source_ip: str = "",
    caller: str = "",
    setup_at: datetime | None = None,
) -> Decision:
    """Whether a call may start at every level of its owner, and its longest time.

    The numbers are as the switch has them; the owner is the one that a CDR of the call would have.
    ``setup_at`` (now) says which terms are in force; funds, standings and statuses are those of
    this moment. Writes and holds nothing: two calls that ask at once are each told what there is.
    The number of statements depends neither on the depth of the tree nor on what it holds.
    """
    at, rules = setup_at or now(), number_rules(switch)
    sighting = Sighting(auth_name, source_ip, called, to_microseconds(at))
    owner, host_id = Owners([sighting], rules).trace(sighting)
    longest, denials = _asked(owner, host_id, at)
    return Decision(owner, caller_of(caller, rules), 0 if denials else longest, tuple(denials))


def _asked(owner: Owner, host_id: int | None, at: datetime) -> tuple[int, list[Denial]]:
    """The longest time, and who denies the call."""
    if owner.customer_id is None:
        return 0, [Denial(Cause.UNKNOWN)]
    entry = _entry(owner, host_id)
    if not owner.called_number:
        customer = Customer.objects.get(pk=owner.customer_id)
        return 0, [Denial(Cause.INVALID_NUMBER, customer, entry.account)]
    cap = _cap(entry.account)
    chain = chain_at(owner.customer_id, at)
    asked = Question(owner.customer_id, entry.account, (owner.called_number,), at, Decimal(cap))
    desk = Desk.of(asked, chain, {})
    longest, denials = cap, [*_denied_entry(entry, desk.caller, at)]
    if not chain and not desk.caller.is_root:
        denials.append(Denial(Cause.NO_TARIFF, desk.caller))  # not in service
    for payer, (cause, seconds) in zip(desk.payers, _answers(desk), strict=True):
        longest = longest if seconds is None else min(longest, seconds)
        if cause:
            denials.append(Denial(cause, payer.customer, payer.account))
    return longest, _one_of_each(denials)


def _entry(owner: Owner, host_id: int | None) -> _Entry:
    hosts = Host.objects.select_related("trunk")
    return _Entry(
        Account.objects.get(pk=owner.account_id) if owner.account_id else None,
        hosts.get(pk=host_id) if host_id else None,
    )


def _cap(account: Account | None) -> int:
    own = account.max_call_seconds if account else None
    longest: int = settings.MAX_CALL_SECONDS
    return longest if own is None else min(longest, own)


def _denied_entry(entry: _Entry, customer: Customer, at: datetime) -> Iterator[Denial]:
    """What denies the call before anybody is asked to pay: an account, a trunk or its host."""
    account, host = entry.account, entry.host
    if account and (cause := _account_cause(account, at)):
        yield Denial(cause, customer, account=account)
    if host and (cause := _trunk_cause(host)):
        yield Denial(cause, customer, trunk=host.trunk)


def _account_cause(account: Account, at: datetime) -> Cause | None:
    if account.status != ResourceStatus.ACTIVE:
        return Cause.INACTIVE_ACCOUNT
    if account.expires_at is not None and account.expires_at <= at:
        return Cause.EXPIRED_ACCOUNT
    limits = (account.max_sessions, account.cps_limit, account.max_call_seconds)
    return Cause.NONE_ALLOWED if 0 in limits else None


def _trunk_cause(host: Host) -> Cause | None:
    trunk = host.trunk
    if trunk.status != ResourceStatus.ACTIVE:
        by_alert = trunk.disabled_by_alert_at is not None
        return Cause.LOW_BALANCE_TRUNK if by_alert else Cause.INACTIVE_TRUNK
    if host.status != ResourceStatus.ACTIVE:
        return Cause.INACTIVE_HOST
    limits = (trunk.call_limit, trunk.cps_limit, host.call_limit, host.cps_limit)
    return Cause.NONE_ALLOWED if 0 in limits else None


def _answers(desk: Desk) -> Iterator[tuple[Cause | None, int | None]]:
    """Of each payer why it lets the call not start, and how many seconds it can pay for."""
    met = desk.meets(*desk.asked.numbers)
    stops = _stops(desk)
    for place, payer in enumerate(desk.payers):
        cause = stops.get(_key(payer)) or _refusal(desk, met, place)
        seconds = None if cause else _seconds(desk, payer, met[place])
        yield cause or (Cause.INSUFFICIENT_FUNDS if seconds == 0 else None), seconds


def _stops(desk: Desk) -> dict[tuple[int, int | None], Cause]:
    """The payers that let no call start: by their standing, or with a limit of 0."""
    customers = [payer.customer.pk for payer in desk.payers if payer.account is None]
    found: dict[tuple[int, int | None], Cause] = {
        (pk, None): Cause(stop.value) for pk, stop in stops_of(customers).items()
    }
    if 0 in (desk.caller.call_limit, desk.caller.cps_limit):
        found.setdefault((desk.caller.pk, None), Cause.NONE_ALLOWED)
    for payer in desk.payers:
        if payer.account and suspended_accounts([payer.account.pk]):
            found[_key(payer)] = Cause.SUSPENDED
        elif payer.account and payer.balance and payer.balance.available <= ZERO:
            found[_key(payer)] = Cause.EXHAUSTED
    return found


def _key(payer: Payer) -> tuple[int, int | None]:
    return payer.customer.pk, payer.account.pk if payer.account else None


def _refusal(desk: Desk, met: Sequence[Met | None], place: int) -> Cause | None:
    """As the simulator has it."""
    refusal = unrateable(desk.payers[place], met[place], desk.opening)
    refusal = refusal or unprofitable(met, place, desk.opening)
    return Cause(refusal.value) if refusal else None


def _seconds(desk: Desk, payer: Payer, met: Met | None) -> int | None:
    """What the balance pays for, at the worse of the exchange rates that the call may end with."""
    if payer.balance is None or met is None:
        return 0
    days = [desk.opening] if desk.exchange == desk.opening else [desk.opening, desk.exchange]
    found = [payable_seconds(met[1], payer.balance.available, day) for day in days]
    return min((seconds for seconds in found if seconds is not None), default=None)


def _one_of_each(denials: Sequence[Denial]) -> list[Denial]:
    """The first of each level."""
    found: dict[tuple[int | None, ...], Denial] = {}
    for denial in denials:
        parts = (denial.customer, denial.account, denial.trunk)
        found.setdefault(tuple(part.pk if part else None for part in parts), denial)
    return list(found.values())
