"""Reads of who could own a call: accounts by auth name, hosts by address."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from accounts.choices import Charging
from softswitch.core.columns import BIGINT, MOMENT, Array, read_columns


class AccountSpan(NamedTuple):
    """An account, and the stretch of time in which calls can be its own."""

    account_id: int
    customer_id: int
    valid_from: datetime
    valid_till: datetime | None


class HostSpan(NamedTuple):
    """A host that leads to a trunk of a customer, and when it does."""

    host_id: int
    tech_prefix: str
    trunk_id: int
    customer_id: int
    valid_from: datetime
    valid_till: datetime | None


_ACCOUNTS = """
SELECT lower(auth_name), id, customer_id, opened_at, archived_at
FROM accounts_account WHERE lower(auth_name) = ANY(%s)
"""

_HOSTS = """
SELECT source.address, h.id, h.tech_prefix, h.trunk_id, o.customer_id,
       greatest(h.valid_from, o.valid_from), least(h.valid_till, o.valid_till)
FROM unnest(%s::text[]) AS source (address)
JOIN accounts_host h ON h.network >>= source.address::inet
JOIN accounts_trunkownership o ON o.trunk_id = h.trunk_id
 AND tstzrange(o.valid_from, o.valid_till) && tstzrange(h.valid_from, h.valid_till)
ORDER BY source.address, masklen(h.network) DESC, length(h.tech_prefix) DESC, h.id
"""


def accounts_named(auth_names: Iterable[str]) -> dict[str, AccountSpan]:
    """The accounts of these auth names, which must be in small letters; archived ones too."""
    names = sorted(auth_names)
    if not names:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS, [names])
        return {row[0]: AccountSpan(*row[1:]) for row in cursor.fetchall()}


def hosts_containing(addresses: Iterable[str]) -> dict[str, list[HostSpan]]:
    """The hosts each IP address lies in: the most specific first, then the longest tech prefix."""
    found: dict[str, list[HostSpan]] = defaultdict(list)
    sources = sorted(addresses)
    if not sources:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_HOSTS, [sources])
        for row in cursor.fetchall():
            found[row[0]].append(HostSpan(*row[1:]))
    return found


def dated_own_tariffs(account_ids: Iterable[int]) -> dict[str, Array]:
    """When accounts were charged by themselves, at which tariff: account, tariff, start, end."""
    return read_columns(
        "SELECT account_id, tariff_id, valid_from, coalesce(valid_till, 'infinity')"
        " FROM accounts_accountterms WHERE account_id = ANY(%s) AND charging = %s",
        [list(account_ids), Charging.BY_ITSELF.value],
        {"account": BIGINT, "tariff": BIGINT, "start": MOMENT, "end": MOMENT},
    )
