"""The API's parts about accounts, trunks with hosts, and vouchers."""

from accounts.api.accounts import router as accounts_router
from accounts.api.trunks import router as trunks_router
from accounts.api.vouchers import router as vouchers_router

__all__ = ["accounts_router", "trunks_router", "vouchers_router"]
