"""Gives the demo's Root a customer class and a template of customers of that class."""

from customers.services.classes import create_class
from customers.services.templates import create_template
from customers.tenancy import Actor


def add_definitions(operator: Actor) -> None:
    """A class for carriers with its daily reports, and a template that opens resellers of it."""
    carriers = create_class(
        actor=operator,
        name="Carriers",
        description="Pay within two weeks, read their usage every morning",
        parameters={"grace_days": 14, "usage_summary": True, "balance_summary": True},
    )
    create_template(
        actor=operator,
        name="Carrier, weekly",
        description="A postpaid reseller of the class Carriers",
        answers={
            "basic": {
                "kind": ["reseller"],
                "customer_class": [str(carriers.pk)],
                "mode": ["postpaid"],
                "credit_limit": ["5000"],
                "period_type": ["weekly"],
            }
        },
    )
