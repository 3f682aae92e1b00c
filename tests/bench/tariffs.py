"""The rate table of a tariff of 200,000 rates against one of 2,000, and a copy of the large one."""

import time
from decimal import Decimal
from uuid import uuid4

from django.test import Client
from django.urls import reverse

from billing.services.first_run import set_up
from customers.models import User
from customers.selectors import actor_for
from tariffs.services.copies import Markup, copy_tariff
from tariffs.services.tariffs import create_tariff
from tests.bench.customers import median_ms
from tests.bench.databases import fresh_database
from tests.bench.rates import load_rates

FEW, MANY = 2_000, 200_000
# By their queries, with the largest ratio allowed; a sort by price reads all rates of the tariff.
PAGES = {
    "page 1": ("", 1.5),
    "page 40": ("page=40", 1.5),
    "by destination": ("sort=destination", 1.5),
    "newest first": ("sort=-valid_from", 1.5),
    "by price": ("sort=-price_1", None),
    "prefix": ("prefix=1000*", 1.5),
    "dialled number": ("number=100008714123", 1.5),
    "part of a destination, few found": ("destination=place+1503+mobile", 1.5),
    "part of a destination, many found": ("destination=mobile", 1.5),
    "country": ("country=GB", 1.5),
    "future": ("state=future", 1.5),
    "closed": ("state=closed", 1.5),
    "forbidden": ("state=forbidden", 1.5),
    "all dates": ("state=all", 1.5),
}


def run() -> tuple[list[str], bool]:
    """The pages of both tariffs; whether the limits are kept."""
    few, many, copied = _measured()
    lines, is_met = [f"rate tables of {FEW:,} and {MANY:,} rates:"], True
    for name, (_query, limit) in PAGES.items():
        ratio = many[name] / few[name]
        lines.append(
            f"  {name}: {few[name]:.1f} and {many[name]:.1f} ms, ratio {ratio:.2f}"
            + (f" (limit {limit})" if limit else "")
        )
        is_met = is_met and (limit is None or ratio <= limit)
    lines.append(f"  copying {MANY:,} rates with a mark-up: {copied:.1f} s")
    return lines, is_met


def _measured() -> tuple[dict[str, float], dict[str, float], float]:
    with fresh_database():
        set_up(name="Root", login="operator", password="correct horse battery")
        user = User.objects.get(login="operator")
        actor = actor_for(user)
        tariffs = {}
        for size in (FEW, MANY):
            tariffs[size] = create_tariff(actor=actor, name=f"Rates {size}", currency="USD")
            load_rates(tariffs[size], size)
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

        def get(url: str) -> None:
            answer = client.get(url)
            if answer.status_code != 200:
                raise RuntimeError(f"{url}: {answer.status_code}")

        def pages_of(size: int) -> dict[str, float]:
            page = reverse("tariffs:tariff_detail", args=[tariffs[size].pk])
            return {
                name: median_ms(lambda query=query: get(f"{page}?{query}"))  # type: ignore[misc]
                for name, (query, _limit) in PAGES.items()
            }

        few, many = pages_of(FEW), pages_of(MANY)
        start = time.perf_counter()
        markup = Markup(percent=Decimal("7.5"), minimum=Decimal("0.001"), decimals=4)
        copy_tariff(
            actor=actor,
            source=tariffs[MANY],
            name="Copy",
            currency="USD",
            markup=markup,
            key=uuid4(),
        )
        return few, many, time.perf_counter() - start
