"""Customer pages and the tree with 100,000 customers, against the same with few."""

import statistics
import time
from collections.abc import Callable
from uuid import uuid4

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models.functions import MD5
from django.test import Client
from django.urls import reverse

from customers.models import Customer, User
from customers.services.tree import insert_node
from tests.bench.databases import fresh_database
from tests.bench.forest import OPENED, load_forest

FEW, MANY = 100, 100_000
TREE = 1_000
PAGES = {
    "default order": ("", 1.5),
    "all below, by name": ("?show=all", None),
    "by balance": ("?sort=-balance", 5.0),
    "all below, by balance": ("?show=all&sort=-balance", 5.0),
}


def median_ms(function: Callable[[], object], times: int = 15) -> float:
    """The median of ``times`` runs after two to warm up, in milliseconds."""
    spent = []
    for _ in range(times + 2):
        start = time.perf_counter()
        function()
        spent.append(1000 * (time.perf_counter() - start))
    return statistics.median(spent[2:])


def run() -> tuple[list[str], bool]:
    """Page 1 of the customer list, and adding a customer; whether the limits are kept."""
    few, many = _pages(FEW), _pages(MANY)
    lines, is_met = [f"customer list, page 1, {FEW} and {MANY:,} customers:"], True
    for name, (_query, limit) in PAGES.items():
        ratio = many[name] / few[name]
        lines.append(
            f"  {name}: {few[name]:.1f} and {many[name]:.1f} ms, ratio {ratio:.2f}"
            + (f" (limit {limit})" if limit else "")
        )
        is_met = is_met and (limit is None or ratio <= limit)
    small, large = _inserts(TREE, TREE), _inserts(MANY, TREE)
    single = _inserts(MANY, MANY)
    ratio = large / small
    lines += [
        (
            f"adding a customer, trees of {TREE:,}: {small:.1f} ms in {TREE:,}, {large:.1f} ms in"
            f" {MANY:,}, ratio {ratio:.2f} (limit 1.5)"
        ),
        f"  in one tree of {MANY:,}: {single:.1f} ms",
    ]
    return lines, is_met and ratio <= 1.5


def _pages(count: int) -> dict[str, float]:
    with fresh_database():
        root = load_forest(count, size=4)  # 25 direct customers at least: a full page
        client = Client()
        user = User.objects.get(customer=root)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        url = reverse("customers:customer_list")

        def get(query: str) -> None:
            answer = client.get(url + query)
            if answer.status_code != 200:
                raise RuntimeError(f"{url}{query}: {answer.status_code}")

        return {name: median_ms(lambda q=query: get(q)) for name, (query, _) in PAGES.items()}  # type: ignore[misc]


def _inserts(count: int, size: int) -> float:
    """The structural write of one customer, in milliseconds, at random places inside the trees.

    Below a top row nothing would have to be renumbered: the owners are nodes further down.
    """
    with fresh_database():
        load_forest(count, size=size)
        inside = Customer.objects.filter(parent__isnull=False)
        owners = list(inside.order_by(MD5("name"))[:60])

        def insert(number: list[int]) -> None:
            owner = owners[number[0] % len(owners)]
            number[0] += 1
            with transaction.atomic():
                group = Group.objects.create(name=str(uuid4()))
                customer = Customer(
                    name=str(uuid4()), kind="business", rights_group=group, opened_at=OPENED
                )
                insert_node(customer=customer, owner=owner)

        counter = [0]
        return median_ms(lambda: insert(counter), times=60)
