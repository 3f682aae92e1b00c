"""Lists, search and tree of customers with 100,000 of them, against the same with few."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from uuid import uuid4

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models.functions import MD5
from django.test import Client

from customers.models import Customer, User
from customers.services.tree import insert_node
from tests.bench.databases import fresh_database
from tests.bench.forest import OPENED, load_forest, load_resources

# The few fill a page of each list, so that both answers are equally long.
FEW, MANY = 400, 100_000
TREE = 1_000
# By their paths, with the largest ratio allowed. Two paths: the second among MANY, where a narrower
# search fills a page too.
PAGES: dict[str, tuple[str | tuple[str, str], float | None]] = {
    "customer list": ("/customers/", 1.5),
    "all below, by name": ("/customers/?show=all", None),
    "by balance": ("/customers/?sort=-balance", 5.0),
    "all below, by balance": ("/customers/?show=all&sort=-balance", 5.0),
    "part of a name, few found": (
        ("/customers/?show=all&name=cedar", "/customers/?show=all&name=cedar+7"),
        2.0,
    ),
    "part of a name, many found": ("/customers/?show=all&name=cedar", 2.0),
    "limits": ("/customers/limits/", 1.5),
    "tree": ("/customers/tree/", 1.5),
    "hosts": ("/accounts/hosts/", 1.5),
    "hosts of an address": ("/accounts/hosts/?network=10.0.0.9", 1.5),
    "search, few found": ("/search/?q=cedar+7", 2.0),
    "search, most found": ("/search/?q=company", 2.0),
    "search by address": ("/search/?q=10.0.0.9", 2.0),
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
    """The pages, and adding a customer; whether the limits are kept."""
    few, many = _pages(FEW), _pages(MANY)
    lines, is_met = [f"pages with {FEW} and {MANY:,} customers:"], True
    for name, (_path, limit) in PAGES.items():
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
        root = load_forest(count, size=4)  # 100 direct customers at least: a full page
        load_resources(above=root.pk)
        client = Client()
        user = User.objects.get(customer=root)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

        def get(path: str) -> None:
            answer = client.get(path)
            if answer.status_code != 200:
                raise RuntimeError(f"{path}: {answer.status_code}")

        found = {}
        for name, (paths, _limit) in PAGES.items():
            path = paths if isinstance(paths, str) else paths[count == MANY]
            found[name] = median_ms(partial(get, path))
        return found


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
