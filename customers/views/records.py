"""What a customer's record says to the forms of the wizard's steps."""

from decimal import Decimal
from typing import Any

from django.utils.timezone import now

from billing.selectors.balances import balance_of
from customers.forms.custom_fields import custom_initial
from customers.forms.parameters import initial_of
from customers.forms.steps import PARAMETER_SLUGS, TEMPLATE_SLUGS, StepForms, sent_by
from customers.forms.wizard import BasicFields, CompanyStepForm
from customers.models import Customer
from customers.selectors.drafts import Answers, StepAnswers
from customers.selectors.parameters import own_parameters
from customers.services.permissions import delegated_rights
from customers.tenancy import Actor
from softswitch.core import display
from tariffs.selectors import tariff_of

# The terms among the fields of the first step; the others but DERIVED are columns of the record.
TERMS = ("tariff", "currency", "mode", "credit_limit", "period_type", "period_timezone")
DERIVED = ("shown_class",)
PROFILE = tuple(name for name in BasicFields.base_fields if name not in (*TERMS, *DERIVED))
COMPANY = tuple(CompanyStepForm.base_fields)


def basic_initial(customer: Customer) -> dict[str, Any]:
    """The record, its custom fields and its terms, as the tab Basic info shows them."""
    values = {name: plain(getattr(customer, name)) for name in PROFILE}
    values |= custom_initial(customer)
    values["opened_at"] = display.datetime_text(customer.opened_at)
    balance = balance_of(customer)
    if balance is None:
        return values
    code = balance.currency_id
    return values | {
        "tariff": tariff_of(customer.pk, now()),
        "currency": code,
        "mode": balance.mode,
        "credit_limit": plain(balance.credit_limit),
        "period_type": balance.next_period_type or balance.period_type,
        "period_timezone": balance.next_period_timezone or balance.period_timezone,
        "balance": f"{display.amount_text(balance.amount, code)} {code}",
    }


def company_initial(customer: Customer) -> dict[str, Any]:
    """The company's data."""
    return {name: getattr(customer, name) for name in COMPANY}


def answers_of(actor: Actor, customer: Customer) -> Answers:
    """The settings of a customer as answers to the wizard, for a template of them."""
    first = {
        "basic": basic_initial(customer) | {"opened_at": None},
        "portal": {"rights": sorted(delegated_rights(customer))},
    }
    parameters = initial_of(own_parameters(customer))
    first |= dict.fromkeys(PARAMETER_SLUGS, parameters)
    answers: dict[str, StepAnswers] = {}
    for slug in TEMPLATE_SLUGS:
        forms = StepForms(actor, answers, for_template=True, first=first)
        answers[slug] = sent_by(forms.shown(slug))
    return answers


def plain(value: Any) -> Any:
    """A decimal without ending zeros; anything else as it is."""
    return value.normalize() + 0 if isinstance(value, Decimal) else value
