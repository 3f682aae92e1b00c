"""Lists of customers, users and audit events."""

from customers.tables.audit import AuditTable, ChangesColumn, WhoColumn
from customers.tables.customers import (
    ConvertedColumn,
    CustomerTable,
    TrunksColumn,
    kind_line,
)
from customers.tables.row_actions import ROW_ACTIONS, is_direct, is_off, is_on
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
