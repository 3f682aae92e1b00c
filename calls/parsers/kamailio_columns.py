"""Names that Kamailio and OpenSIPS installations give their accounting columns."""

from collections.abc import Sequence

ALIASES: dict[str, tuple[str, ...]] = {
    "method": ("method", "sip_method"),
    "from_tag": ("from_tag", "sip_from_tag", "fromtag"),
    "to_tag": ("to_tag", "sip_to_tag", "totag"),
    "call_id": ("callid", "call_id", "sip_call_id", "sip_callid"),
    "sip_code": ("sip_code", "sip_status", "code"),
    "sip_reason": ("sip_reason", "reason"),
    "time": ("time_hires", "time", "timestamp", "event_time"),
    "start": ("start_time", "call_start_time", "setup_time", "start"),
    "end": ("end_time", "call_end_time", "end"),
    "duration": ("ms_duration", "duration"),
    "caller": ("src_user", "caller", "from_user", "src_username", "caller_id", "from_uri"),
    "called": (
        "dst_user", "callee", "called", "dst_username", "ruri_user", "to_user", "dst_ouser",
        "dst_ousername", "ruri", "to_uri",
    ),
    "source_ip": ("src_ip", "source_ip", "ip", "sip_source_ip"),
    "auth_name": ("auth_user", "auth_username", "auth_name", "username", "account"),
}  # fmt: skip
ACC = ("method", "from_tag", "to_tag", "callid", "sip_code", "sip_reason", "time")
# With extras: as documented by us, and as in the configuration Kamailio is delivered with.
ACC_EXTRAS = (*ACC, "src_user", "dst_user", "src_ip", "auth_user")
ACC_DEFAULT_CFG = (
    *ACC, "src_user", "src_domain", "src_ip", "dst_ouser", "dst_user", "dst_domain",
)  # fmt: skip
CDRS = ("start_time", "end_time", "duration", "caller", "callee", "callid")


def column_of(role: str, columns: Sequence[str]) -> str:
    """Return the best column there is for a role, or ""."""
    return next((name for name in ALIASES[role] if name in columns), "")


def is_header(columns: Sequence[str], *roles: str) -> bool:
    """Tell whether a row names the columns of all these roles."""
    return all(column_of(role, columns) for role in roles)


def acc_columns(row: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a transaction row that came without a header, by their number."""
    if row and row[0].isdigit():
        return ("id", *acc_columns(row[1:]))
    if len(row) == len(ACC_DEFAULT_CFG):
        return ACC_DEFAULT_CFG
    return ACC_EXTRAS[: max(len(row), len(ACC))]
