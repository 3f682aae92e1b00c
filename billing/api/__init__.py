"""The API of money: balances and Maintenance, statements and payments, periods and invoices."""

from billing.api.balances import router as money_router
from billing.api.invoices import router as invoices_router
from billing.api.statements import router as statements_router

__all__ = ["invoices_router", "money_router", "statements_router"]
