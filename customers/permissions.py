"""The one table of rights, kinds and roles; delegated rights are stored by django-guardian.

A right is effective for a customer if it, and each of its ancestors below Root, holds it, the
customer's kind allows it, and for a user if the role includes it (product.md section 1).
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.choices import Kind, Role


@dataclass(frozen=True, slots=True)
class Right:
    """One right: ``code`` in programs, ``label`` for people, ``delegated`` = granted by the owner.

    A right that is not delegated comes with the kind; a ``system`` one belongs to Root by default.
    """

    code: str
    label: str | Promise
    delegated: bool = True
    system: bool = False

    @property
    def codename(self) -> str:
        """The name under which Django and guardian store it: ``customers.add`` -> customers_add."""
        return self.code.replace(".", "_")


def _edits(area: str, label: str | Promise) -> tuple[Right, ...]:
    return tuple(Right(f"{area}.{verb}", label) for verb in ("add", "edit", "delete"))


RIGHTS: tuple[Right, ...] = (
    *_edits("customers", _("Customers")),
    *_edits("accounts", _("Accounts")),
    *_edits("trunks", _("Trunks")),
    *_edits("tariffs", _("Tariffs")),
    *_edits("vouchers", _("Vouchers")),
    Right("cdrs.view", _("See CDRs")),
    Right("reports.view", _("See reports")),
    Right("invoices.view", _("See invoices")),
    Right("balance.view", _("See the balance")),
    Right("rates.view", _("See the rate table")),
    Right("payments.make", _("Make payments")),
    Right("api.access", _("API access")),
    Right("tariffs.assign_own", _("Assign own tariff")),
    Right("routing.view", _("View routing"), system=True),
    Right("routing.change", _("Change routing"), system=True),
    Right("system.settings", _("System settings"), system=True),
    Right("customers.view", _("View customers"), delegated=False),
    Right("accounts.view", _("View accounts"), delegated=False),
    Right("trunks.view", _("View trunks"), delegated=False),
    Right("tariffs.view", _("View tariffs"), delegated=False),
    Right("vouchers.view", _("View vouchers"), delegated=False),
    # Only where "customers.edit" is effective (customers.selectors.actors); for roles without it.
    Right("limits.edit", _("Set limits of customers"), delegated=False),
    Right("money.manage", _("Maintenance"), delegated=False),
    Right("users.manage", _("Manage users"), delegated=False),
    Right("audit.view", _("View the audit log"), delegated=False),
    Right("profile.edit", _("Edit the own company"), delegated=False),
)
ALL = frozenset(right.code for right in RIGHTS)
DELEGATED = frozenset(right.code for right in RIGHTS if right.delegated)
SYSTEM = frozenset(right.code for right in RIGHTS if right.system)
CODENAMES = {right.codename: right.code for right in RIGHTS}


def _area(*areas: str) -> frozenset[str]:
    return frozenset(code for code in ALL if code.split(".")[0] in areas)


# What everybody who can log in may be shown of itself.
_OWN = frozenset(
    {
        "cdrs.view",
        "reports.view",
        "invoices.view",
        "balance.view",
        "rates.view",
        "payments.make",
        "api.access",
        "users.manage",
        "audit.view",
        "profile.edit",
    }
)
_RESELLER = _OWN | _area(
    "customers", "limits", "accounts", "trunks", "tariffs", "vouchers", "money"
)
KINDS: dict[str, frozenset[str]] = {
    Kind.ROOT: ALL,
    Kind.RESELLER: _RESELLER | SYSTEM,
    # Maintenance, of the balances of their own accounts.
    Kind.BUSINESS: _OWN | _area("accounts", "trunks", "vouchers", "money"),
    Kind.RESIDENTIAL: _OWN | _area("accounts", "money"),
    Kind.TERMINATION: _OWN | _area("trunks"),
    Kind.VIRTUAL: _OWN | _area("accounts", "vouchers", "money"),
}

_VIEWS = frozenset(code for code in ALL if code.endswith(".view"))
_MONEY = frozenset({"money.manage", "payments.make", "balance.view", "invoices.view"})
_CALLS = frozenset({"cdrs.view", "reports.view"})
ROLES: dict[str, frozenset[str]] = {
    Role.ADMINISTRATOR: ALL,
    Role.BILLING: _MONEY
    | _CALLS
    | {"customers.view", "accounts.view", "tariffs.view", "vouchers.view", "rates.view"},
    Role.REPORTER: _CALLS,
    Role.NOC: _CALLS | _area("trunks", "accounts", "limits") | {"customers.view"},
    Role.READ_ONLY: _VIEWS,
}

# What an owner's new customer is given where its kind and the owner allow it.
DEFAULT_GRANTS = DELEGATED - SYSTEM - {"tariffs.assign_own"}
# What an account's own user may do: see its calls, as far as its customer sees any.
ACCOUNT_USER = frozenset({"cdrs.view"})
# While it is charged by itself also see its balance and its invoices, and redeem vouchers where its
# customer's kind has them.
PAYING_ACCOUNT_USER = frozenset({"balance.view", "invoices.view", "payments.make"})


def allowed(kind: str) -> frozenset[str]:
    """The rights that a customer of ``kind`` can hold at all."""
    return KINDS[kind]


def undelegated(kind: str) -> frozenset[str]:
    """The rights that come with ``kind`` itself, without a grant."""
    return KINDS[kind] - DELEGATED


# What an API token may be bound to: each scope lets through these rights of its user, no others.
SCOPES: dict[str, frozenset[str]] = {
    "customers:read": frozenset({"customers.view"}),
    "customers:write": _area("customers", "limits") | {"profile.edit"},
    "accounts:read": frozenset({"accounts.view"}),
    "accounts:write": _area("accounts"),
    "trunks:read": frozenset({"trunks.view"}),
    "trunks:write": _area("trunks"),
    "vouchers:read": frozenset({"vouchers.view"}),
    "vouchers:write": _area("vouchers"),
    "rates:read": frozenset({"rates.view"}),
    "calls:read": _CALLS,
    "users:write": frozenset({"users.manage"}),
    "money:read": frozenset({"balance.view", "invoices.view"}),
    "money:write": _MONEY,
}
