"""Gives the demo's Root what it defines: a customer class, a template, destination groups."""

from customers.services.classes import create_class
from customers.services.templates import create_template
from customers.tenancy import Actor
from tariffs.services.groups import create_group

EUROPE = ("AL", "AT", "BE", "CH", "DE", "DK", "ES", "FI", "FR", "GB", "GR", "IE", "IT", "NL", "NO",
          "PL", "PT", "SE")  # fmt: skip
# The first that claims a destination has it.
GROUPS = (
    ("Europe, mobile", EUROPE, ("*mobile*",)),
    ("Europe, fixed", EUROPE, ()),
    ("Gulf", ("AE", "BH", "KW", "OM", "QA", "SA"), ()),
    ("North America", ("CA", "US"), ()),
)


def add_definitions(operator: Actor) -> None:
    """A class for carriers, a template that opens resellers of it, groups for reports."""
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
    for number, (name, countries, patterns) in enumerate(GROUPS, start=1):
        create_group(
            actor=operator,
            name=name,
            position=10 * number,
            countries=list(countries),
            patterns=list(patterns),
        )
