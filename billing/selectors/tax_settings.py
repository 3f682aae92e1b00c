"""What belongs together in tax settings, and how they stand in forms and lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.choices import TaxCategory, TaxMode
from billing.models import Tax

# Whoever is charged nothing for one of these reads on the invoice why (EN 16931, BR-E-10,
# BR-AE-10, BR-G-10, BR-O-10); the others have no reason (BR-S-10, BR-Z-10).
WITH_REASON = frozenset(
    {TaxCategory.EXEMPT, TaxCategory.REVERSE_CHARGE, TaxCategory.EXPORT, TaxCategory.OUTSIDE}
)


@dataclass(frozen=True, slots=True)
class NewRate:
    """One rate as it is entered: ``percent`` of the net amount, or with the rates before it."""

    name: str
    percent: Decimal
    is_compound: bool = False

    def __str__(self) -> str:
        return f"{self.name} {self.percent.normalize():f} %"


def rates_of(tax: Tax) -> list[NewRate]:
    """The stored rates of a tax, in their order."""
    return [NewRate(row.name, row.percent, row.is_compound) for row in tax.rates.all()]


def tax_problems(
    *, mode: str, category: str, reason: str, rates: Sequence[NewRate]
) -> dict[str, str]:
    """What does not fit together in tax settings: field to message.

    An invoice of EN 16931 has a tax above 0 in the category of the standard rate alone.
    """
    found = _problems_of_none(category, rates) if mode == TaxMode.NONE else {}
    if mode != TaxMode.NONE:
        found = _problems_of_some(category, rates)
    if category in WITH_REASON and not reason:
        found["reason"] = _("Enter why no tax is charged: the invoice says it.")
    elif category not in WITH_REASON and reason:
        found["reason"] = _("This category has no reason.")
    return found


def _problems_of_none(category: str, rates: Sequence[NewRate]) -> dict[str, str]:
    found = {}
    if rates:
        found["mode"] = _("Without tax there are no rates: empty them.")
    if category == TaxCategory.STANDARD:
        found["category"] = _("Choose the category that has no tax.")
    return found


def _problems_of_some(category: str, rates: Sequence[NewRate]) -> dict[str, str]:
    found = {}
    if not any(rate.percent > 0 for rate in rates):
        found["mode"] = _("Enter a rate above 0, or choose no tax.")
    if category != TaxCategory.STANDARD:
        found["category"] = _("A tax above 0 is of the standard rate.")
    return found
