"""The whole API by its own schema: no server error, only declared answers, nothing foreign."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.models import Account
from customers.models import Customer, User
from softswitch.urls import api
from softswitch.wsgi import application
from tariffs.models import Tariff
from tests.api import Api
from tests.world import World

pytestmark = pytest.mark.django_db
FOREIGN = "zanzibar"  # stands in the names of all that the token must not see
OPERATIONS = [
    (method.upper(), path)
    for path, methods in api.get_openapi_schema()["paths"].items()
    for method in methods
]
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


@pytest.fixture
def kept_connection() -> Iterator[None]:
    """Requests that come by WSGI end within the test's transaction, as those of Django's client."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def api_schema(world: World, kept_connection: None) -> Any:
    """The schema, asked with a token of the sub-reseller; all beside and above it is FOREIGN."""
    foreign = [world.root, world.reseller, world.other_reseller, world.sub_customer]
    for customer in foreign:
        named = {"name": f"{customer.name} {FOREIGN}", "company_name": FOREIGN}
        Customer.objects.filter(pk=customer.pk).update(**named)
    User.objects.filter(customer__in=foreign).update(name=FOREIGN)
    Tariff.objects.filter(owner__in=foreign).update(name=FOREIGN)
    Account.objects.filter(customer__in=foreign).update(name=FOREIGN)
    program = Api(world, "sub_reseller")
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    schema.config.update(headers={"Authorization": f"Bearer {program.text}"})
    return schema


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_operation_fails_or_shows_what_is_foreign(
    api_schema: Any, method: str, path: str
) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=api_schema[path][method].as_strategy())
    def ask(case: Any) -> None:
        response = case.call_and_validate(checks=list(CHECKS))
        assert FOREIGN not in response.text

    ask()


def test_the_schema_names_every_part() -> None:
    parts = {path.split("/")[3] for _, path in OPERATIONS}
    assert parts == {
        "accounts",
        "authorize",
        "balances",
        "cdrs",
        "customers",
        "deliveries",
        "dunning",
        "entries",
        "fees",
        "hosts",
        "invoice-settings",
        "invoices",
        "payment-terms",
        "payments",
        "periods",
        "simulations",
        "statements",
        "taxes",
        "trunks",
        "voucher-batches",
        "vouchers",
        "webhooks",
    }
