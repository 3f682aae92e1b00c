"""Lists of customers, users and audit events."""

from customers.tables.audit import AuditTable, ChangesColumn, WhoColumn
from customers.tables.customers import (
    ROW_ACTIONS,
    ConvertedColumn,
    CustomerTable,
    TrunksColumn,
    is_direct,
    is_off,
    is_on,
    kind_line,
)
from customers.tables.users import SessionTable, SignInTable, UserTable, may_set_password

__all__ = [
    "ROW_ACTIONS",
    "AuditTable",
    "ChangesColumn",
    "ConvertedColumn",
    "CustomerTable",
    "SessionTable",
    "SignInTable",
    "TrunksColumn",
    "UserTable",
    "WhoColumn",
    "is_direct",
    "is_off",
    "is_on",
    "kind_line",
    "may_set_password",
]
