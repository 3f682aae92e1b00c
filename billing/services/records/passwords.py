"""Replaces the SIP passwords of an uploaded file by their digests, before anything is stored."""

from collections.abc import Iterable

from accounts.services.accounts import digest_ha1
from billing.parsers.records import Row
from billing.services.records.plans import clean_key

COLUMN = "sip_password"
WEAK = "weak"  # stands for one that is too short; no digest looks like it
SHORTEST = 8


def without_passwords(rows: Iterable[Row]) -> list[Row]:
    """The rows with HA1 in place of each SIP password, or WEAK."""
    return [(number, _digested(cells)) for number, cells in rows]


def _digested(cells: dict[str, str]) -> dict[str, str]:
    password = cells.get(COLUMN)
    if password is None:
        return cells
    auth_name = clean_key("auth_name", cells.get("auth_name", ""))
    digest = digest_ha1(auth_name, password) if len(password) >= SHORTEST else WEAK
    return cells | {COLUMN: digest}
