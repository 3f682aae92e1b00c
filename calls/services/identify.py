"""Finds the owner of a call: auth name first, else the most specific host and its tech prefix."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.db import connection, transaction

from accounts.selectors import AccountSpan, HostSpan, accounts_named, hosts_containing
from billing.choices import HoldReason
from calls.models import Call, Switch, UnratedCall
from calls.parsers.fields import NumberRules, clean_number, dialled_part
from softswitch.core.moments import to_microseconds

FOR_EVER = 1 << 62
AGAIN_AT_ONCE = 10_000


class Sighting(NamedTuple):
    """What a call shows of its owner; times are microseconds since 1970 in UTC."""

    auth_name: str
    source_ip: str
    called: str  # as sent
    setup_us: int


class Owner(NamedTuple):
    """Whom a call came from (all None: unknown), and its called number cleaned accordingly."""

    customer_id: int | None
    account_id: int | None
    trunk_id: int | None
    called_number: str  # E.164 digits, "" if it is no telephone number
    tech_prefix: str


def number_rules(switch: Switch) -> NumberRules:
    """How ``switch`` writes telephone numbers."""
    return NumberRules(
        international_prefixes=tuple(switch.international_prefixes.split()),
        default_country_code=switch.default_country_code,
        national_prefix=switch.national_prefix,
        tech_prefix_separator=switch.tech_prefix_separator,
    )


class Owners:
    """The accounts and hosts that a batch of calls may belong to, read with two queries at most.

    Reading them anew for each batch keeps memory within the batch, and what was changed while a
    long file is read counts from the next batch on.
    """

    def __init__(self, sightings: Collection[Sighting], rules: NumberRules) -> None:
        self._rules = rules
        names = {sighting.auth_name.lower() for sighting in sightings} - {""}
        self._accounts = {
            name: (_span(account), account) for name, account in accounts_named(names).items()
        }
        addresses = {s.source_ip for s in sightings if self._account(s) is None}
        self._hosts = {
            address: [(_span(host), host) for host in hosts]
            for address, hosts in hosts_containing(addresses - {""}).items()
        }

    def find(self, sighting: Sighting) -> Owner:
        """The owner at the call's set-up; where there is none, the number as the switch has it."""
        return self.trace(sighting)[0]

    def trace(self, sighting: Sighting) -> tuple[Owner, int | None]:
        """The same, and the id of the host by which a trunk was found."""
        account = self._account(sighting)
        if account is None:
            for (start, end), host in self._hosts.get(sighting.source_ip, ()):
                if not start <= sighting.setup_us < end:
                    continue
                number = called_through(sighting.called, host.tech_prefix, self._rules)
                if number is not None:
                    return Owner(host.customer_id, None, host.trunk_id, *number), host.host_id
        number = clean_number(sighting.called, self._rules)
        if account is None:
            return Owner(None, None, None, *number), None
        return Owner(account.customer_id, account.account_id, None, *number), None

    def _account(self, sighting: Sighting) -> AccountSpan | None:
        """The account of the auth name, if it was in service at the call's set-up."""
        found = self._accounts.get(sighting.auth_name.lower())
        if found is None:
            return None
        (start, end), account = found
        return account if start <= sighting.setup_us < end else None


def _span(row: AccountSpan | HostSpan) -> tuple[int, int]:
    end = FOR_EVER if row.valid_till is None else to_microseconds(row.valid_till)
    return to_microseconds(row.valid_from), end


@lru_cache(maxsize=65_536)
def called_through(called: str, tech_prefix: str, rules: NumberRules) -> tuple[str, str] | None:
    """The E.164 number and the tech prefix of a number dialled through a host; None: not its.

    An empty tech prefix takes every number. Any other must lead the number as dialled, or stand
    before the switch's separator.
    """
    number = clean_number(called, rules)
    if not tech_prefix:
        return number
    dialled = dialled_part(called)
    if dialled.startswith(tech_prefix):
        return clean_number(dialled[len(tech_prefix) :], rules).e164, tech_prefix
    return (number.e164, tech_prefix) if number.tech_prefix == tech_prefix else None


def identify_again(*, call_ids: Collection[int] | None = None) -> list[int]:
    """Look once more for the owners of calls that had none; returns the ids of those found.

    ``call_ids`` limits it to some. Each batch of calls is a transaction that writes their owner,
    and the number as that owner dials it, once: the database lets nobody change it later. The
    calls stay in UnratedCall, to be rated by the caller. Safe to repeat.
    """
    unknown = UnratedCall.objects.filter(reason=HoldReason.UNKNOWN).order_by("call_id")
    if call_ids is not None:
        unknown = unknown.filter(call_id__in=call_ids)
    waiting = list(unknown.values_list("call_id", "setup_at"))
    found: list[int] = []
    for start in range(0, len(waiting), AGAIN_AT_ONCE):
        found += _identify_batch(waiting[start : start + AGAIN_AT_ONCE])
    return found


def _identify_batch(waiting: list[tuple[int, datetime]]) -> list[int]:
    ids = [call_id for call_id, _setup_at in waiting]
    moments = [setup_at for _call_id, setup_at in waiting]
    calls = Call.objects.filter(
        id__in=ids, setup_at__gte=min(moments), setup_at__lte=max(moments), customer=None
    )
    by_switch: dict[int, list[Call]] = defaultdict(list)
    for call in calls:
        by_switch[call.switch_id].append(call)
    found: list[tuple[Call, Owner]] = []
    for switch in Switch.objects.filter(pk__in=by_switch):
        found += _owned(by_switch[switch.pk], number_rules(switch))
    if not found:
        return []
    with transaction.atomic():
        return _write_owners(found)


def _owned(calls: Iterable[Call], rules: NumberRules) -> list[tuple[Call, Owner]]:
    seen = [
        (
            call,
            Sighting(
                call.auth_name,
                call.source_ip or "",
                call.called_raw,
                to_microseconds(call.setup_at),
            ),
        )
        for call in calls
    ]
    owners = Owners([sighting for _call, sighting in seen], rules)
    pairs = [(call, owners.find(sighting)) for call, sighting in seen]
    return [(call, owner) for call, owner in pairs if owner.customer_id is not None]


_WRITE = """
UPDATE calls_call AS c
SET customer_id = f.customer_id, account_id = f.account_id, trunk_id = f.trunk_id,
    called_number = f.called_number, tech_prefix = f.tech_prefix
FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::bigint[],
            %s::text[], %s::text[])
  AS f (id, setup_at, customer_id, account_id, trunk_id, called_number, tech_prefix)
WHERE c.id = f.id AND c.setup_at = f.setup_at AND c.customer_id IS NULL
RETURNING c.id
"""


def _write_owners(found: list[tuple[Call, Owner]]) -> list[int]:
    rows = [(call.id, call.setup_at, *owner) for call, owner in found]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [list(column) for column in zip(*rows, strict=True)])
        return [row[0] for row in cursor.fetchall()]
