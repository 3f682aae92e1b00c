"""Stores the charges of a batch by one COPY."""

from collections.abc import Mapping

import numpy as np

from softswitch.core.columns import (
    BIGINT,
    INTEGER,
    MOMENT,
    SMALLINT,
    Array,
    Int64s,
    numeric,
    write_columns,
)
from softswitch.core.partitions import ensure_months

TABLE = "billing_charge"
COLUMNS = {
    "call_id": BIGINT,
    "setup_at": MOMENT,
    "ended_at": MOMENT,
    "customer_id": BIGINT,
    "issuer_id": BIGINT,
    "account_id": BIGINT,
    "balance_id": BIGINT,
    "tariff_version_id": BIGINT,
    "rate_id": BIGINT,
    "usage_entry_id": BIGINT,
    "duration_ms": INTEGER,
    "billed_seconds": INTEGER,
    "level": SMALLINT,
    "revision": SMALLINT,
    "cost": numeric(6),
    "exchange_rate": numeric(10),
    "amount": numeric(6),
}
NULLABLE = ("account_id", "tariff_version_id", "rate_id")
_DAY: int = 24 * 3600 * 10**6


def ensure_partitions(setup_at: Int64s) -> None:
    """Make the months (UTC) of these moments ready to take charges and usage entries."""
    days = np.unique(setup_at // _DAY).astype("datetime64[D]")
    months = np.unique(days.astype("datetime64[M]")).astype("datetime64[D]").tolist()
    ensure_months(("billing_charge", "billing_usageentry"), months)


def store_charges(values: Mapping[str, Array], table: str = TABLE) -> None:
    """Append charges; in nullable columns 0 is NULL, amounts are counts of the last decimal."""
    write_columns(table, COLUMNS, values, nullable=NULLABLE)
