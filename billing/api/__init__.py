"""The API of money: balances, statements, payments, periods, invoices, fees, dunning."""

from billing.api.balances import router as money_router
from billing.api.definitions import router as definitions_router
from billing.api.dunning import router as dunning_router
from billing.api.fees import router as fees_router
from billing.api.invoices import router as invoices_router
from billing.api.statements import router as statements_router

__all__ = [
    "definitions_router",
    "dunning_router",
    "fees_router",
    "invoices_router",
    "money_router",
    "statements_router",
]
