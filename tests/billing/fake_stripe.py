"""A local Stripe over real HTTP: Checkout sessions, payment intents, and signed events.

Answers have the shape of the examples that Stripe publishes with its OpenAPI description; names
of parameters and fields are held against those of the ``stripe`` library (test_stripe.py). Like
Stripe it refuses unknown parameters, and answers a repeated idempotency key with what it said.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

import stripe
from stripe.params import PaymentIntentCreateParams
from stripe.params.checkout import SessionCreateParams

API_KEY = "sk_test_51Fake"
SECRET = "whsec_fake"
KNOWN = {
    "/v1/checkout/sessions": set(SessionCreateParams.__annotations__),
    "/v1/payment_intents": set(PaymentIntentCreateParams.__annotations__),
}


@dataclass
class FakeStripe:
    """What was asked and made; ``answers`` are said instead, in order: (status, error)."""

    url: str = ""
    asked: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    said: dict[str, tuple[dict[str, str], int, dict[str, Any]]] = field(default_factory=dict)
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def post(self, path: str, form: dict[str, str], key: str) -> tuple[int, dict[str, Any]]:
        with self.lock:
            self.asked.append((path, form, key))
            if self.answers:
                return self.answers.pop(0)
            if key in self.said:
                known, status, answer = self.said[key]
                if known != form:
                    return 400, error("idempotency_error", "Keys are for the same request.")
                return status, answer
            unknown = {name.partition("[")[0] for name in form} - KNOWN[path]
            if unknown:
                return 400, error("invalid_request_error", f"Received unknown {unknown}")
            make = self.session if path.endswith("sessions") else self.intent
            self.said[key] = (form, 200, make(form))
            return self.said[key][1:]

    def session(self, form: dict[str, str]) -> dict[str, Any]:
        """A new Checkout session."""
        number = next(self.numbers)
        line = "line_items[0][price_data]"
        total = int(form[f"{line}[unit_amount]"]) * int(form["line_items[0][quantity]"])
        made: dict[str, Any] = {
            "id": f"cs_test_{number}",
            "object": "checkout.session",
            "amount_subtotal": total,
            "amount_total": total,
            "cancel_url": form["cancel_url"],
            "client_reference_id": form.get("client_reference_id"),
            "created": int(time.time()),
            "currency": form[f"{line}[currency]"],
            "customer": form.get("customer"),
            "expires_at": int(time.time()) + 86_400,
            "livemode": False,
            "metadata": inner(form, "metadata"),
            "mode": form["mode"],
            "payment_intent": None,
            "payment_status": "unpaid",
            "status": "open",
            "success_url": form["success_url"],
            "url": f"https://checkout.stripe.com/c/pay/cs_test_{number}",
        }
        self.sessions[made["id"]] = made
        return made

    def intent(self, form: dict[str, str]) -> dict[str, Any]:
        """A new payment intent, confirmed at once."""
        number = next(self.numbers)
        made: dict[str, Any] = {
            "id": f"pi_{number}",
            "object": "payment_intent",
            "amount": int(form["amount"]),
            "amount_received": int(form["amount"]),
            "created": int(time.time()),
            "currency": form["currency"],
            "customer": form.get("customer"),
            "last_payment_error": None,
            "livemode": False,
            "metadata": inner(form, "metadata"),
            "payment_method": form.get("payment_method"),
            "setup_future_usage": form.get("setup_future_usage"),
            "status": "succeeded",
        }
        self.intents[made["id"]] = made
        return made

    def complete(self, session_id: str, **changes: Any) -> dict[str, Any]:
        """The payer has paid on the page of a session; what it is by then."""
        changes = {
            "status": "complete",
            "payment_status": "paid",
            "payment_intent": session_id.replace("cs_test", "pi"),
        } | changes
        self.sessions[session_id] |= changes
        return self.sessions[session_id]


def inner(form: dict[str, str], name: str) -> dict[str, str]:
    """``metadata[payment]=7`` as Stripe keeps it."""
    start = f"{name}["
    return {key[len(start) : -1]: form[key] for key in form if key.startswith(start)}


def error(kind: str, message: str, **more: Any) -> dict[str, Any]:
    """An error in Stripe's envelope."""
    return {"error": {"type": kind, "message": message, **more}}


def event(kind: str, thing: dict[str, Any]) -> bytes:
    """The body of an event about ``thing``."""
    return json.dumps(
        {
            "id": "evt_1",
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": int(time.time()),
            "data": {"object": thing},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
    ).encode()


def charge(intent_id: str, refunded: int, currency: str = "gbp") -> dict[str, Any]:
    """A charge of which so much was given back."""
    return {
        "id": "ch_1",
        "object": "charge",
        "amount_refunded": refunded,
        "currency": currency,
        "metadata": {},
        "payment_intent": intent_id,
        "refunded": False,
    }


def dispute(intent_id: str, amount: int, status: str, **changes: Any) -> dict[str, Any]:
    """A dispute of so much of a charge; like Stripe's it does not repeat the charge's metadata."""
    return {
        "id": "dp_1MtJUT2eZvKYlo2CNaw2HvEv",
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": "ch_1",
        "currency": "gbp",
        "is_charge_refundable": status.startswith("warning"),
        "livemode": False,
        "metadata": {},
        "payment_intent": intent_id,
        "reason": "product_not_received",
        "status": status,
    } | changes


def signed(body: bytes, secret: str = SECRET, *, at: int | None = None) -> str:
    """The header that Stripe sends with a body."""
    return str(stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at))


@contextmanager
def serving() -> Iterator[FakeStripe]:
    """A fake that listens on a port of this machine."""
    fake = FakeStripe()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            form = dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
            if self.headers["Authorization"] != f"Bearer {API_KEY}":
                self.say(401, error("invalid_request_error", "Invalid API Key provided"))
            else:
                self.say(*fake.post(self.path, form, self.headers.get("Idempotency-Key", "")))

        def do_GET(self) -> None:
            found = fake.sessions.get(self.path.rpartition("/")[2])
            self.say(200 if found else 404, found or error("invalid_request_error", "None such"))

        def say(self, status: int, answer: dict[str, Any]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Stripe-Should-Retry", "false")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fake.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()
