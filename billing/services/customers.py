"""Opens customers (tree, terms, settings, login in one transaction) and edits their terms."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from billing.choices import Mode, PeriodType
from billing.models import Balance, PaymentTerm
from billing.selectors.balances import default_period
from billing.services.calendars import pending
from billing.services.kinds import check_kind
from billing.services.maintenance import post_opening
from billing.services.tariffs import change_tariff
from customers.models import Customer
from customers.selectors.definitions import grantable_rights
from customers.selectors.parameters import own_parameters
from customers.services.audit import changed, record
from customers.services.custom_fields import set_custom_values
from customers.services.customers import create_customer, edit_profile
from customers.services.definitions import check_definitions
from customers.services.drafts import close_draft, lock_draft
from customers.services.parameters import set_parameters
from customers.services.permissions import set_rights
from customers.services.users import create_user
from customers.tenancy import Actor
from notifications.services.letters import send_first_link, send_welcome
from softswitch.core.errors import DomainError
from softswitch.core.validation import clean_columns
from tariffs.models import Tariff
from tariffs.services.assignments import assign_tariff

# What check_definitions is about.
DEFINED = frozenset({"business_model", "customer_class", "kind"})


@dataclass(frozen=True, slots=True)
class Terms:
    """The money side of a customer: ``credit_limit`` and ``opening_balance`` in ``currency``.

    An empty currency is the tariff's; an empty billing zone is the customer's time zone; an empty
    period is that of its payment term, else monthly.
    """

    tariff: Tariff
    currency: str = ""
    mode: str = Mode.PREPAID
    credit_limit: Decimal = Decimal(0)
    opening_balance: Decimal = Decimal(0)
    period_type: str = ""
    period_timezone: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """The first administrator of a new customer.

    Without a ``password`` (None) it sets its own, by a link that is mailed to ``email``.
    """

    login: str
    password: str | None = field(repr=False)
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an owner settles about a new customer beyond its record and its terms.

    ``rights`` None are the usual ones; ``parameters`` as in set_parameters; ``custom_values`` maps
    the id of a custom field of the class to its text; ``sends_welcome`` mails the welcome letter.
    """

    rights: frozenset[str] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    custom_values: Mapping[int, str] = field(default_factory=dict)
    sends_welcome: bool = False


def open_customer(
    *,
    actor: Actor,
    name: str,
    kind: str,
    terms: Terms,
    login: Login | None = None,
    settings: Settings | None = None,
    opened_at: datetime | None = None,
    **profile: Any,
) -> Customer:
    """A new direct customer of the actor's: row in the tree, rights, login, tariff, balance.

    ``profile`` holds columns of the record, business model and class among them. All or nothing,
    letters included; locks the tree. ``opened_at`` (default now) may lie in the past, for calls
    that come in late. Raises DomainError naming the field: ``taken``, ``tariff``,
    ``credit_limit``, ``weak_password``, ``switched`` (password), ``too_deep``, ``no_email``,
    ``rights``, and what check_definitions, set_parameters and set_custom_values refuse.
    """
    _check_terms(terms)
    with transaction.atomic():
        customer = create_customer(
            actor=actor, name=name, kind=kind, opened_at=opened_at, **profile
        )
        check_definitions(actor=actor, customer=customer, is_new=True)
        start = customer.opened_at
        assign_tariff(actor=actor, customer=customer, tariff=terms.tariff, at=start, is_first=True)
        own = settings.parameters if settings else {}
        period = terms.period_type or default_period(customer.customer_class, own)
        balance = _open_balance(customer, actor.customer, replace(terms, period_type=period))
        post_opening(actor=actor, balance=balance, amount=terms.opening_balance)
        # Who may open a customer sets it up at once, even where it may not edit others.
        opener = replace(actor, rights=actor.rights | {"customers.edit"})
        _settle(opener, customer, settings or Settings())
        if login is not None:
            _open_login(
                opener, customer, login, sends_welcome=bool(settings and settings.sends_welcome)
            )
    return customer


def open_from_draft(*, actor: Actor, key: str, **opening: Any) -> Customer:
    """Open the customer that a draft's answers describe (``opening``, as open_customer takes it).

    The draft is locked and forgotten with it: pressing Submit twice, or in two tabs, makes one
    customer and leads to it both times. Raises DomainError ``no_draft`` where the draft is gone,
    and what open_customer raises; then the draft stays.
    """
    with transaction.atomic():
        draft = lock_draft(actor=actor, key=key)
        if draft is None:
            raise DomainError(
                "no_draft", _("This draft is gone: it was cancelled, or is a day old.")
            )
        if draft.customer_id is not None:
            made: Customer = Customer.objects.get(pk=draft.customer_id)
            return made
        customer = open_customer(actor=actor, **opening)
        close_draft(actor=actor, key=key, customer=customer)
    return customer


def _settle(opener: Actor, customer: Customer, settings: Settings) -> None:
    """Give a new customer its rights, parameters and custom fields."""
    if settings.rights is not None:
        offered = grantable_rights(
            opener, kind=customer.kind, business_model=customer.business_model
        )
        if not settings.rights <= offered:
            raise DomainError(
                "rights", _("Some of these rights cannot be granted."), field="rights"
            )
        set_rights(actor=opener, customer=customer, rights=settings.rights)
    if settings.parameters:
        set_parameters(actor=opener, customer=customer, values=settings.parameters)
    if settings.custom_values or customer.customer_class_id is not None:
        values = settings.custom_values
        set_custom_values(actor=opener, customer=customer, values=values, is_new=True)


def _open_login(opener: Actor, customer: Customer, login: Login, *, sends_welcome: bool) -> None:
    """Create the first administrator; the letter with its link follows where one is wanted."""
    user = create_user(
        actor=opener,
        customer=customer,
        login=login.login,
        password=login.password,
        name=login.name,
        email=login.email,
        language=customer.language,
    )
    if sends_welcome:
        send_welcome(actor=opener, customer=customer)
    elif login.password is None:
        send_first_link(actor=opener, user=user)


def _open_balance(customer: Customer, owner: Customer, terms: Terms) -> Balance:
    columns = {
        "currency_id": terms.currency or terms.tariff.currency_id,
        "mode": terms.mode,
        "credit_limit": terms.credit_limit,
        "period_type": terms.period_type,
        "period_timezone": terms.period_timezone or str(customer.timezone),
    }
    balance: Balance = Balance.objects.create(
        customer=customer,
        issuer=owner,
        opened_at=customer.opened_at,
        **clean_columns(Balance, columns),
    )
    return balance


def edit_customer(
    *,
    actor: Actor,
    customer: Customer,
    profile: dict[str, Any],
    tariff: Tariff | None = None,
    money: dict[str, Any] | None = None,
    custom_values: Mapping[int, str] | None = None,
) -> Customer:
    """Change the record, custom fields, tariff and terms of a direct customer, all or nothing.

    ``money`` may hold currency_id, mode, credit_limit, period_type and period_timezone. The
    currency is fixed once money moved (DomainError ``currency``); another billing period or zone
    waits for the next close. A new tariff counts for calls that start from now on, for accounts at
    the customer's own rates, too. Locks the customer and those accounts for the tariff, the balance
    only for the terms.
    """
    if profile.get("kind", customer.kind) != customer.kind:
        _must_own(actor, customer)
        check_kind(customer=customer, kind=profile["kind"])
    with transaction.atomic():
        edit_profile(actor=actor, customer=customer, values=profile)
        if DEFINED & profile.keys():
            check_definitions(actor=actor, customer=customer)
        if custom_values is not None:
            set_custom_values(actor=actor, customer=customer, values=custom_values)
        if tariff is not None:
            _must_own(actor, customer)
            change_tariff(actor=actor, customer=customer, tariff=tariff)
        if money:
            _must_own(actor, customer)
            _edit_terms(actor, customer, money)
    return customer


def set_customer_parameters(*, actor: Actor, customer: Customer, values: Mapping[str, Any]) -> bool:
    """set_parameters; another payment term of its own brings its billing period at the next close.

    The term that a class has chosen, or a change of the term itself, leaves the period of those who
    are customers already. Locks the customer's row of parameters, then its balance.
    """
    with transaction.atomic():
        before = own_parameters(customer).payment_term_id
        is_changed = set_parameters(actor=actor, customer=customer, values=values)
        term = values.get("payment_term")
        if isinstance(term, PaymentTerm) and term.pk != before:
            _edit_terms(actor, customer, {"period_type": term.period_type})
    return is_changed


def _edit_terms(actor: Actor, customer: Customer, money: dict[str, Any]) -> None:
    pair = Balance.objects.of_customers().filter(customer=customer, issuer=actor.customer_id)
    balance = pair.select_for_update(no_key=True).first()
    if balance is None:  # it moved away meanwhile
        raise PermissionDenied
    differences = changed(balance, pending(balance, clean_columns(Balance, money)))
    if "currency_id" in differences and balance.last_sequence:
        raise DomainError(
            "currency", _("The currency is fixed once money has moved."), field="currency"
        )
    if balance.credit_limit < 0:
        raise DomainError("credit_limit", _("Enter 0 or more."), field="credit_limit")
    if differences:
        balance.save(update_fields=sorted(differences))
        record(
            actor=actor,
            customer=customer,
            action="terms_changed",
            subject=customer,
            changes=differences,
        )


def _check_terms(terms: Terms) -> None:
    if terms.credit_limit < 0:
        raise DomainError("credit_limit", _("Enter 0 or more."), field="credit_limit")
    if terms.mode not in Mode.values:
        raise DomainError("mode", _("Choose prepaid or postpaid."), field="mode")
    if terms.period_type and terms.period_type not in PeriodType.values:
        raise DomainError("period_type", _("Choose a billing period."), field="period_type")


def _must_own(actor: Actor, customer: Customer) -> None:
    if not customer.is_direct_of(actor) or not actor.can("customers.edit"):
        raise PermissionDenied
