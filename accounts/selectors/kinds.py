"""The kinds of accounts, as forms of other apps offer them."""

from typing import Any

from accounts.choices import AccountKind


def account_kind_choices() -> list[tuple[str, Any]]:
    """SIP accounts and prepaid cards: value and label."""
    return list(AccountKind.choices)
