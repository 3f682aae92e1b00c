"""Stripe: Checkout pages, saved cards charged off-session, signed webhooks."""

import json
import logging
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

import stripe
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billing.services.providers.amounts import from_units, to_units
from billing.services.providers.base import (
    Event,
    ForgedError,
    Notice,
    Order,
    PayPage,
    RefusedError,
    SavedCharge,
    UnreachableError,
)

logger = logging.getLogger(__name__)
T = TypeVar("T")
TIMEOUT = 20  # seconds
TOLERANCE = 300  # seconds that a signature is good for, against replays
OF_US = "payment"  # our id of the payment in Stripe's metadata
KEY = "key"  # and that of its order, which no other program has


class StripeDriver:
    """The account whose secret key and webhook secret these are."""

    def __init__(self, *, api_key: str, secret: str) -> None:
        self.secret = secret
        self.client = stripe.StripeClient(
            api_key,
            base_addresses={"api": settings.STRIPE_API_URL},
            max_network_retries=1,
            http_client=stripe.RequestsClient(timeout=TIMEOUT),
        )

    def check_amount(self, amount: Decimal, currency: str) -> None:
        to_units(amount, currency)

    def open_page(self, order: Order) -> PayPage:
        session = _asked(
            lambda: self.client.v1.checkout.sessions.create(
                _session_of(order), {"idempotency_key": order.key}
            )
        )
        return PayPage(session.id, session.url or "")

    def charge_saved(self, charge: SavedCharge) -> Notice:
        """Charge off-session; a card that wants its owner is a failure like a refused one."""
        try:
            intent = _asked(
                lambda: self.client.v1.payment_intents.create(
                    {
                        "amount": to_units(charge.amount, charge.currency),
                        "currency": charge.currency.lower(),
                        "customer": charge.payer_id,
                        "payment_method": charge.method_id,
                        "allowed_payment_method_types": ["card"],
                        "off_session": True,
                        "confirm": True,
                        "description": charge.title,
                        "metadata": {OF_US: str(charge.payment_id), KEY: charge.key},
                    },
                    {"idempotency_key": charge.key},
                )
            )
        except RefusedError as error:
            return Notice(Event.FAILED, payment_id=charge.payment_id, reason=error.message)
        return _intent_notice(json.loads(str(intent))) or Notice(
            Event.STARTED, payment_id=charge.payment_id, intent_id=intent.id
        )

    def read_notice(self, body: bytes, signature: str) -> Notice | None:
        try:
            stripe.WebhookSignature.verify_header(body, signature, self.secret, TOLERANCE)
            event = json.loads(body)
            read = _READERS.get(event["type"])
            return read(event["data"]["object"]) if read else None
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError) as error:
            raise ForgedError from error

    def look_up(self, session_id: str) -> Notice | None:
        session = _asked(lambda: self.client.v1.checkout.sessions.retrieve(session_id))
        found = _session_notice(json.loads(str(session)))
        return None if found is None or found.event is Event.STARTED else found


def _asked(ask: Callable[[], T]) -> T:
    """What Stripe answers; its errors become ours, told by whether a repeat could help.

    Only what it says of a card is for the payer; other refusals are about the owner's account.
    """
    try:
        return ask()
    except stripe.CardError as error:
        raise RefusedError(error.user_message or error.code or _("not accepted")) from error
    except (stripe.InvalidRequestError, stripe.AuthenticationError) as error:
        logger.error("Stripe refuses: %s", error)  # noqa: TRY400 - the library's stack says nothing
        raise RefusedError(error.code or _("not accepted")) from error
    except stripe.StripeError as error:
        raise UnreachableError from error


def _session_of(order: Order) -> Any:
    """The parameters of a Checkout session: one line, the money in the balance's own currency."""
    metadata = {OF_US: str(order.payment_id), KEY: order.key}
    intent: dict[str, Any] = {"metadata": metadata, "description": order.title}
    session: dict[str, Any] = {
        "mode": "payment",
        "client_reference_id": str(order.payment_id),
        "metadata": metadata,
        "payment_intent_data": intent,
        "adaptive_pricing": {"enabled": False},
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": order.currency.lower(),
                    "unit_amount": to_units(order.amount, order.currency),
                    "product_data": {"name": order.title},
                },
            }
        ],
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
    }
    if order.saves_card:
        intent["setup_future_usage"] = "off_session"
        session["allowed_payment_method_types"] = ["card"]
    if order.payer_id:
        session["customer"] = order.payer_id
    elif order.saves_card:
        session["customer_creation"] = "always"
    return session


def _named(thing: Mapping[str, Any]) -> dict[str, Any]:
    """Our id of the payment that a session, an intent or a charge is about, and its key."""
    metadata = thing.get("metadata") or {}
    text = str(metadata.get(OF_US, ""))
    number = int(text) if text.isdecimal() and len(text) <= 18 else None
    return {"payment_id": number, "key": str(metadata.get(KEY, ""))}


def _money(units: int, currency: str) -> dict[str, Any]:
    code = currency.upper()
    return {"amount": from_units(units, code), "currency": code}


def _session_notice(session: Mapping[str, Any]) -> Notice | None:
    """What a session says of itself: paid, on its way, or expired."""
    named = {
        **_named(session),
        "session_id": str(session["id"]),
        "intent_id": str(session.get("payment_intent") or ""),
    }
    if session.get("status") == "expired":
        return Notice(Event.EXPIRED, **named)
    if session.get("payment_status") == "unpaid":
        return Notice(Event.STARTED, **named) if session.get("status") == "complete" else None
    money = _money(session["amount_total"], session["currency"])
    return Notice(Event.PAID, payer_id=str(session.get("customer") or ""), **named, **money)


def _session_failed(session: Mapping[str, Any]) -> Notice:
    return Notice(
        Event.FAILED,
        **_named(session),
        session_id=str(session["id"]),
        intent_id=str(session.get("payment_intent") or ""),
        reason=gettext_noop("The bank did not pay."),
    )


def _intent_notice(intent: Mapping[str, Any]) -> Notice | None:
    """An intent that succeeded: one of ours off-session, or one whose card is saved by now."""
    if intent["status"] != "succeeded":
        return None
    saves = intent.get("setup_future_usage") == "off_session"
    return Notice(
        Event.CARD_SAVED if saves else Event.PAID,
        **_named(intent),
        intent_id=str(intent["id"]),
        payer_id=str(intent.get("customer") or ""),
        method_id=str(intent.get("payment_method") or ""),
        **_money(intent["amount_received"], intent["currency"]),
    )


def _intent_failed(intent: Mapping[str, Any]) -> Notice:
    error = intent.get("last_payment_error") or {}
    reason = str(error.get("message") or gettext_noop("The card was refused."))
    return Notice(Event.FAILED, **_named(intent), intent_id=str(intent["id"]), reason=reason)


def _refund_notice(charge: Mapping[str, Any]) -> Notice:
    return Notice(
        Event.REFUNDED,
        **_named(charge),
        intent_id=str(charge.get("payment_intent") or ""),
        **_money(charge["amount_refunded"], charge["currency"]),
    )


def _dispute_notice(event: Event, dispute: Mapping[str, Any]) -> Notice:
    """Its metadata are its own, so the intent alone says whose payment is disputed."""
    return Notice(
        event,
        intent_id=str(dispute.get("payment_intent") or ""),
        dispute_id=str(dispute["id"]),
        reason=str(dispute.get("reason") or "no reason given").replace("_", " "),
        **_money(dispute["amount"], dispute["currency"]),
    )


def _dispute_closed(dispute: Mapping[str, Any]) -> Notice | None:
    """Also says what a notice that did not come would have said of the money."""
    event = {"lost": Event.WITHDRAWN, "won": Event.WON}.get(dispute["status"])
    return _dispute_notice(event, dispute) if event else None


_READERS: dict[str, Callable[[Mapping[str, Any]], Notice | None]] = {
    "checkout.session.completed": _session_notice,
    "checkout.session.async_payment_succeeded": _session_notice,
    "checkout.session.async_payment_failed": _session_failed,
    "checkout.session.expired": _session_notice,
    "payment_intent.succeeded": _intent_notice,
    "payment_intent.payment_failed": _intent_failed,
    "charge.refunded": _refund_notice,
    "charge.dispute.created": partial(_dispute_notice, Event.DISPUTED),
    "charge.dispute.funds_withdrawn": partial(_dispute_notice, Event.WITHDRAWN),
    "charge.dispute.funds_reinstated": partial(_dispute_notice, Event.REINSTATED),
    "charge.dispute.closed": _dispute_closed,
}
