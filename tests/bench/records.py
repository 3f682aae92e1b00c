"""Files of 10,000 customers: checked and applied, with logins, below Root and below a reseller."""

import io
import time
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from billing.services.records.applying import apply_import
from billing.services.records.checking import check_import
from billing.services.records.uploads import request_apply, start_import
from customers.models import Customer, RecordImport, User
from customers.selectors import actor_for, system_actor
from customers.services.permissions import grant_defaults_to_all
from customers.services.tree import broken_nodes
from customers.services.users import create_user
from customers.tenancy import Actor
from softswitch.core.exports import csv_lines
from tariffs.services.tariffs import create_tariff
from tests.bench.databases import fresh_database
from tests.bench.forest import OPENED, PASSWORD, load_forest

ROWS = 10_000
LIMIT_SECONDS = 60
HEAD = ["name", "kind", "tariff", "mode", "credit_limit", "opening_balance", "company_name"]
HEAD += ["main_email", "timezone", "language", "call_limit", "login", "login_email"]


def run() -> tuple[list[str], bool]:
    """Seconds from the upload to the last row stored; whether the limit is kept."""
    lines, is_met = [f"{ROWS:,} customers imported, checking included:"], True
    for where, seconds in _measured():
        lines.append(
            f"  {where}: {seconds:.1f} s, {ROWS / seconds:,.0f} rows/s (limit {LIMIT_SECONDS} s)"
        )
        is_met = is_met and seconds <= LIMIT_SECONDS
    return lines, is_met


def _measured() -> Iterator[tuple[str, float]]:
    # No broker runs here, and none is waited for.
    with fresh_database(), patch("softswitch.core.jobs.current_app"):
        root = load_forest(ROWS + 2, size=ROWS + 2)
        yield "below Root", _import(actor_for(User.objects.get(customer=root)), "Top")
        yield f"in the middle of a tree of {ROWS:,}", _import(_reseller_inside(), "Inside")
        if broken_nodes():
            raise RuntimeError("the imported customers contradict themselves")


def _reseller_inside() -> Actor:
    """The first customer of the loaded tree, made a reseller: all others stand behind it."""
    inside = Customer.objects.filter(parent__isnull=False).order_by("lft").first()
    if inside is None or inside.owner is None:
        raise RuntimeError("the forest has one level only")
    Customer.objects.filter(pk=inside.pk).update(kind="reseller")
    top = inside.owner
    inside.refresh_from_db()
    grant_defaults_to_all(actor=system_actor(), customers=[top, inside])
    user = create_user(actor=system_actor(), customer=inside, login="inside", password=PASSWORD)
    actor = actor_for(user)
    create_tariff(actor=actor, name="Wholesale", currency="USD", valid_from=OPENED)
    return actor


def _import(actor: Actor, prefix: str) -> float:
    content = b"".join(csv_lines(HEAD, _rows(prefix)))
    start = time.perf_counter()
    job = start_import(
        actor=actor,
        kind="customer",
        file=io.BytesIO(content),
        size=len(content),
        name="customers.csv",
    )
    check_import(job.pk)
    request_apply(actor=actor, job=RecordImport.objects.get(pk=job.pk))
    apply_import(job.pk)
    seconds = time.perf_counter() - start
    job.refresh_from_db()
    if job.state != "applied":
        raise RuntimeError(f"{job.state}: {job.reason} {job.errors[:3]}")
    return seconds


def _rows(prefix: str) -> Iterator[list[Any]]:
    for number in range(ROWS):
        login = f"{prefix}-{number}".lower()
        yield [
            f"{prefix} {number}",
            ("business", "residential", "reseller")[number % 3],
            "Wholesale",
            ("prepaid", "postpaid")[number % 2],
            number % 500,
            f"{number % 1000}.25",
            f"Company {number}",
            f"{login}@example.com",
            ("UTC", "Europe/Berlin", "America/Bogota")[number % 3],
            ("en", "es")[number % 2],
            number % 50,
            login,
            f"admin@{login}.example",
        ]
