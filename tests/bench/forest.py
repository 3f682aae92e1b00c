"""Loads forests of customers through set-based SQL: 100,000 in seconds."""

from datetime import UTC, datetime

from django.db import connection

from billing.services.first_run import set_up
from customers.models import Customer
from customers.selectors import system_actor
from customers.services.tree import broken_nodes
from tariffs.models import Tariff
from tariffs.services.tariffs import create_tariff

OPENED = datetime(2026, 1, 1, tzinfo=UTC)
PASSWORD = "correct horse battery"

# Trees of `size` nodes: a reseller on top, everybody else directly below it.
_CUSTOMERS = """
WITH node AS (
    SELECT n, %(first)s + n AS id, (n - 1) / %(size)s AS tree, (n - 1) %% %(size)s AS place
    FROM generate_series(1, %(count)s) n
), grouped AS (
    INSERT INTO auth_group (name) SELECT 'bench ' || node.id FROM node RETURNING id, name
)
INSERT INTO customers_customer (id, is_root, name, kind, status, owner_id, parent_id,
    rights_group_id, company_name, main_email, noc_email, billing_email, rates_email, tax_id,
    address, contact, internal_notes, timezone, language, min_profitability_unit, opened_at,
    created_at, lft, rght, tree_id, level)
SELECT node.id, false,
    (array['Alder', 'Birch', 'Cedar', 'Elm', 'Fir', 'Hazel', 'Larch'])[1 + n * 31 %% 7]
        || ' ' || md5(node.id::text),
    CASE WHEN place = 0 THEN 'reseller' ELSE 'business' END, 'active',
    CASE WHEN place = 0 THEN %(root)s ELSE %(first)s + n - place END,
    CASE WHEN place = 0 THEN NULL ELSE %(first)s + n - place END,
    grouped.id, 'Company ' || node.id, '', '', '', '', '', '', '', '', 'UTC', 'en', 'per_minute',
    %(opened)s, %(opened)s,
    CASE WHEN place = 0 THEN 1 ELSE 2 * place END,
    CASE WHEN place = 0 THEN 2 * least(%(size)s, %(count)s - tree * %(size)s)
         ELSE 2 * place + 1 END,
    %(tree)s + tree, CASE WHEN place = 0 THEN 0 ELSE 1 END
FROM node JOIN grouped ON grouped.name = 'bench ' || node.id
"""
_BALANCES = """
INSERT INTO billing_balance (customer_id, issuer_id, currency_id, mode, amount, reserved,
    credit_limit, last_sequence, period_type, period_timezone, next_period_type, opened_at)
SELECT id, owner_id, 'USD', 'postpaid', (hashint8(id) %% 1000000) / 100.0, 0, 100, 0, 'monthly',
    'UTC', '', %s
FROM customers_customer WHERE id > %s
"""
_OWNERSHIPS = """
INSERT INTO customers_customerownership (customer_id, owner_id, valid_from)
SELECT id, owner_id, %s FROM customers_customer WHERE id > %s
"""
_ASSIGNMENTS = """
INSERT INTO tariffs_tariffassignment (customer_id, tariff_id, valid_from)
SELECT id, %s, %s FROM customers_customer WHERE id > %s
"""
# One trunk with one host, one account and one login of each customer.
_RESOURCES = (
    """
    INSERT INTO accounts_trunk (customer_id, name, status, opened_at, created_at)
    SELECT id, 'Trunk ' || md5(name), 'active', opened_at, opened_at
    FROM customers_customer WHERE id > %(first)s
    """,
    """
    INSERT INTO accounts_host (trunk_id, network, tech_prefix, status, valid_from)
    SELECT id, set_masklen(inet '10.0.0.0' + id, 32)::cidr, '', 'active', opened_at
    FROM accounts_trunk WHERE customer_id > %(first)s
    """,
    """
    INSERT INTO accounts_account (customer_id, kind, name, auth_name, digest_ha1, pin_hash, status,
        opened_at, created_at)
    SELECT id, 'sip', 'Desk ' || id, 'sip' || md5(name), '', '', 'active', opened_at, opened_at
    FROM customers_customer WHERE id > %(first)s
    """,
    """
    INSERT INTO customers_user (customer_id, login, password, is_superuser, name, email, role,
        language, timezone, display_currency, theme, is_active, allowed_networks, preferences,
        created_at)
    SELECT id, 'login' || md5(name), '', false, '', '', 'administrator', '', '', '', 'auto', true,
        '{}', '{}', opened_at
    FROM customers_customer WHERE id > %(first)s
    """,
)
_AFTERWARDS = """
SELECT setval(pg_get_serial_sequence('customers_customer', 'id'),
              (SELECT max(id) FROM customers_customer));
"""
# What autovacuum does in its time: searches would read what was just loaded entry by entry.
_SETTLE = """
SELECT gin_clean_pending_list(c.oid) FROM pg_class c JOIN pg_am a ON a.oid = c.relam
WHERE a.amname = 'gin' AND c.relkind = 'i';
ANALYZE;
"""


def load_resources(*, above: int) -> None:
    """A trunk, host, account and login of every customer whose key is above ``above``."""
    with connection.cursor() as cursor:
        for statement in _RESOURCES:
            cursor.execute(statement, {"first": above})
        cursor.execute(_SETTLE)


def load_forest(count: int, *, size: int) -> Customer:
    """Root and ``count`` customers in trees of ``size``, with balances; returns Root."""
    root = Customer.objects.filter(is_root=True).first() or set_up(
        name="Root", login="operator", password=PASSWORD
    )
    tariff = Tariff.objects.first() or create_tariff(
        actor=system_actor(), name="Wholesale", currency="USD", valid_from=OPENED
    )
    first = Customer.objects.order_by("-pk").values_list("pk", flat=True)[0]
    tree = Customer.objects.order_by("-tree_id").values_list("tree_id", flat=True)[0] + 1
    values: dict[str, int | datetime] = {"count": count, "size": size, "root": root.pk}
    values["opened"] = OPENED
    with connection.cursor() as cursor:
        cursor.execute(_CUSTOMERS, values | {"first": first, "tree": tree})
        cursor.execute(_OWNERSHIPS, [OPENED, first])
        cursor.execute(_BALANCES, [OPENED, first])
        cursor.execute(_ASSIGNMENTS, [tariff.pk, OPENED, first])
        cursor.execute(_AFTERWARDS)
        cursor.execute(_SETTLE)
    if broken_nodes():
        raise RuntimeError("the loaded forest contradicts itself")
    return root
