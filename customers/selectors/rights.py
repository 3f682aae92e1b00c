"""What an owner can delegate to a customer, and who is affected when it grants or revokes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.choices import Kind, Role
from customers.models import Customer, User
from customers.permissions import KINDS, RIGHTS, ROLES, Right, allowed
from customers.selectors.actors import effective_rights
from customers.tenancy import Actor
from softswitch.core.display import listed

NAMED = 50  # affected customers that are listed by name
VERBS = {"add": _("Add"), "edit": _("Edit"), "delete": _("Delete")}
PROMOTES = "customers.add"  # makes a business customer a reseller
HELP: dict[str, str | Promise] = {
    "cdrs.view": _("Calls of its own subtree"),
    "reports.view": _("Traffic and profit of its own subtree"),
    "invoices.view": _("Invoices that it is issued"),
    "balance.view": _("Balance, ledger and available funds"),
    "rates.view": _("Rates of the tariff it is charged by"),
    "payments.make": _("Pay an invoice, top up, redeem vouchers"),
    "api.access": _("Tokens of its own, same rights as here"),
    "tariffs.assign_own": _("Charge its customers by tariffs of its own"),
}
LACKS = _("You do not hold it, so you cannot grant it")
NOT_IN_MODEL = _("Its business model excludes it")
MAKES_RESELLER = _("Makes it a reseller")


@dataclass(frozen=True, slots=True)
class RightBox:
    """One tick of the page: ``reason`` says why it is disabled, ``is_changed`` differs from now."""

    code: str
    label: str
    help: str | Promise
    reason: str | Promise
    is_ticked: bool
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Affected:
    """Customers below in whose effective rights something appears or vanishes.

    ``named`` holds the first NAMED by name: (customer id, name, names of the rights); ``counts``
    tells of each right, by code, how many there are.
    """

    named: list[tuple[int, str, str]]
    total: int
    counts: dict[str, int]

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.total - len(self.named)


def right_name(right: Right) -> str:
    """``Customers: delete``, ``See CDRs``."""
    _area, verb = right.code.split(".")
    return f"{right.label}: {str(VERBS[verb]).lower()}" if verb in VERBS else str(right.label)


RIGHT = {right.code: right for right in RIGHTS}


def offered(customer: Customer) -> frozenset[str]:
    """The delegated rights of which the customer's kind can hold any; what it excludes is absent.

    A business customer may be given sub-customers, which makes it a reseller.
    """
    possible = allowed(customer.kind)
    if customer.kind == Kind.BUSINESS:
        possible |= {PROMOTES}
    return frozenset(right.code for right in RIGHTS if right.delegated) & possible


def refusals(actor: Actor, customer: Customer) -> dict[str, str | Promise]:
    """Of the offered rights those that the actor cannot grant or revoke, each with its reason."""
    own, model = effective_rights(actor.customer), customer.business_model
    found: dict[str, str | Promise] = {}
    for code in offered(customer):
        if code not in own:
            found[code] = LACKS
        elif model is not None and not _fits(code, customer):
            found[code] = NOT_IN_MODEL
    return found


def _fits(code: str, customer: Customer) -> bool:
    model = customer.business_model
    if model is None:
        return True
    is_promotion = code == PROMOTES and customer.kind == Kind.BUSINESS
    return code in model.rights and (not is_promotion or Kind.RESELLER in model.kinds)


def right_boxes(
    actor: Actor, customer: Customer, *, ticked: Iterable[str], held: Iterable[str]
) -> dict[str, RightBox]:
    """A box by code for each right offered to ``customer``, in the order of RIGHTS."""
    refused, shown, now = refusals(actor, customer), set(ticked), set(held)
    possible = offered(customer)
    return {
        right.code: RightBox(
            code=right.code,
            label=right_name(right),
            help=_help(right, customer),
            reason=refused.get(right.code, ""),
            is_ticked=right.code in shown,
            is_changed=(right.code in shown) != (right.code in now),
        )
        for right in RIGHTS
        if right.code in possible
    }


def _help(right: Right, customer: Customer) -> str | Promise:
    if right.code == PROMOTES and right.code not in KINDS[customer.kind]:
        return MAKES_RESELLER
    return _("System-wide") if right.system else HELP.get(right.code, "")


_HELD = """
SELECT w.id, w.code
FROM unnest(%s::bigint[], %s::text[], %s::text[]) w (id, code, codename)
JOIN customers_customer c ON c.id = w.id
WHERE c.is_root OR c.kind || ' ' || w.code = ANY (%s) AND NOT EXISTS (
    SELECT FROM customers_customer a
    LEFT JOIN customers_businessmodel m ON m.id = a.business_model_id
    WHERE a.tree_id = c.tree_id AND a.lft <= c.lft AND a.rght >= c.rght AND (
        NOT w.code = ANY (m.rights) OR NOT EXISTS (
            SELECT FROM customers_customergrant g JOIN auth_permission p ON p.id = g.permission_id
            WHERE g.content_object_id = a.id AND g.group_id = a.rights_group_id
                AND p.codename = w.codename
        )
    )
)
"""
_REACHED = """
WITH RECURSIVE reached (id, code, codename) AS (
    SELECT %s::bigint, w.code, w.codename FROM unnest(%s::text[], %s::text[]) w (code, codename)
  UNION ALL
    SELECT c.id, r.code, r.codename
    FROM reached r
    JOIN customers_customer c ON c.owner_id = r.id AND c.archived_at IS NULL
    JOIN customers_customergrant g
      ON g.content_object_id = c.id AND g.group_id = c.rights_group_id
    JOIN auth_permission p ON p.id = g.permission_id AND p.codename = r.codename
    LEFT JOIN customers_businessmodel m ON m.id = c.business_model_id
    WHERE m.id IS NULL OR r.code = ANY (m.rights)
), effective AS (
    SELECT r.id, r.code, c.name
    FROM reached r JOIN customers_customer c ON c.id = r.id
    WHERE r.id <> %s AND c.kind || ' ' || r.code = ANY (%s)
)
"""
_NAMES = """
SELECT id, name, array_agg(code ORDER BY code), count(*) OVER ()
FROM effective GROUP BY id, name ORDER BY lower(name), id LIMIT %s
"""
_COUNTS = "SELECT code, count(*) FROM effective GROUP BY code"


def holding(asked: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of some customers (by id), each with a delegated right, for whom it is in effect.

    As ``effective_rights``, in one statement whatever their number.
    """
    if not asked:
        return set()
    ids, codes = [pk for pk, _code in asked], [code for _pk, code in asked]
    codenames = [RIGHT[code].codename for code in codes]
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [ids, codes, codenames, _by_kind(set(codes))])
        return set(cursor.fetchall())


def affected(customer: Customer, rights: Iterable[str]) -> Affected:
    """Who below ``customer`` has ``rights`` as long as the customer itself has them.

    Those lose them when they are revoked, and get them back when they are granted again: every
    customer that was granted them, up to the customer, and whose kind and business models allow
    them. Two statements that follow the grants down and look at nobody else.
    """
    codes = sorted(rights)
    pairs = _by_kind(codes)
    codenames = [RIGHT[code].codename for code in codes]
    known: list[Any] = [customer.pk, codes, codenames, customer.pk, pairs]
    if not codes:
        return Affected([], 0, {})
    with connection.cursor() as cursor:
        cursor.execute(_REACHED + _NAMES, [*known, NAMED])
        rows = cursor.fetchall()
        cursor.execute(_REACHED + _COUNTS, known)
        counts = dict(cursor.fetchall())
    named = [
        (pk, name, listed(right_name(RIGHT[code]) for code in found))
        for pk, name, found, _total in rows
    ]
    return Affected(named, rows[0][3] if rows else 0, counts)


@dataclass(frozen=True, slots=True)
class RoleLine:
    """What a role leaves of its customer's rights, and how many open logins have it."""

    label: str | Promise
    cells: tuple[str | Promise, ...]
    users: int


def role_lines(customer: Customer) -> list[RoleLine]:
    """The roles, each with "yes", "view" or "" for changing records, money, calls and reports."""
    rows = User.objects.filter(customer=customer, account=None, is_active=True)
    counted = dict(rows.values_list("role").annotate(number=Count("pk")))
    return [
        RoleLine(Role(role).label, _role_cells(role), counted.get(role, 0)) for role in Role.values
    ]


def _role_cells(role: str) -> tuple[str | Promise, ...]:
    rights = ROLES[role]
    if role == Role.READ_ONLY:
        return (_("view"),) * 3
    edits = any(code.endswith((".add", ".edit")) for code in rights)
    parts = (edits, "money.manage" in rights, "cdrs.view" in rights)
    return tuple("yes" if part else "" for part in parts)


def _by_kind(codes: Iterable[str]) -> list[str]:
    """``kind code`` for each kind of customer that can hold it at all."""
    return [f"{kind} {code}" for code in codes for kind in KINDS if code in allowed(kind)]
