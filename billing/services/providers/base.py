"""What a driver of an online payment provider can do, and what it says of a payment.

Amounts are Decimal in the currency itself; how a provider counts them is its driver's affair.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Protocol

from django.utils.translation import gettext as _

from softswitch.core.errors import DomainError


class UnreachableError(DomainError):
    """The provider gave no answer that says what became of the request: it may be repeated."""

    def __init__(self) -> None:
        super().__init__("provider", _("The payment provider cannot be reached. Try again later."))


class RefusedError(DomainError):
    """The provider refused the request: nothing was paid."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "provider",
            (_("The payment provider refused it: %(reason)s") % {"reason": reason})[:300],
        )


class ForgedError(DomainError):
    """A notice that is not signed by the provider, or too old, or not to be read."""

    def __init__(self) -> None:
        super().__init__("signature", _("This notice is not signed by the payment provider."))


@dataclass(frozen=True, slots=True)
class Order:
    """A payment to be made on the provider's page. ``key`` makes a repeat the same order."""

    payment_id: int
    key: str
    amount: Decimal
    currency: str
    title: str
    success_url: str
    cancel_url: str
    saves_card: bool = False
    payer_id: str = ""


@dataclass(frozen=True, slots=True)
class PayPage:
    """Where the payer pays: the provider's name of the order, and its address."""

    session_id: str
    url: str


@dataclass(frozen=True, slots=True)
class SavedCharge:
    """A payment by a saved card, its payer being absent. ``key`` makes a repeat the same one."""

    payment_id: int
    key: str
    amount: Decimal
    currency: str
    title: str
    payer_id: str
    method_id: str


class Event(Enum):
    """What can become of a payment."""

    STARTED = "started"  # accepted, the money comes later
    PAID = "paid"
    CARD_SAVED = "card_saved"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    DISPUTED = "disputed"  # a bank asks for the money; it has not taken it yet
    WITHDRAWN = "withdrawn"  # it has taken it
    REINSTATED = "reinstated"  # and returned it
    WON = "won"  # it returns what it had taken, if it had


@dataclass(frozen=True, slots=True)
class Notice:
    """What a provider says of one payment, which it names by one of three ids.

    ``key`` is that of its order, where the provider says it: an account there may serve other
    programs that number their payments, too. ``amount`` was paid, or given back so far, or is what
    a dispute is about, which ``dispute_id`` names. ``reason`` is why it failed, or is disputed, in
    words.
    """

    event: Event
    payment_id: int | None = None
    key: str = ""
    session_id: str = ""
    intent_id: str = ""
    amount: Decimal | None = None
    currency: str = ""
    reason: str = ""
    payer_id: str = ""
    method_id: str = ""
    dispute_id: str = ""


class Driver(Protocol):
    """One provider, with the keys of one owner."""

    def check_amount(self, amount: Decimal, currency: str) -> None:
        """Raise DomainError ``amount`` or ``currency`` for what the provider cannot charge."""

    def open_page(self, order: Order) -> PayPage:
        """The page of an order. Raises UnreachableError or RefusedError."""

    def charge_saved(self, charge: SavedCharge) -> Notice:
        """Charge a saved card now: PAID, FAILED or STARTED. Raises UnreachableError."""

    def read_notice(self, body: bytes, signature: str) -> Notice | None:
        """What a signed notice says; None for what is of no interest. Raises ForgedError."""

    def look_up(self, session_id: str) -> Notice | None:
        """What became of a page: PAID, EXPIRED, or None while it is open."""
