"""The cache of rate books: one per tariff and revision, the least recently used go first."""

from calls.services.rate_books import RateBooks
from tariffs.models import Tariff
from tests.world import RATES, World


def test_a_book_is_kept_until_its_tariff_changes(world: World) -> None:
    books, tariff = RateBooks(), Tariff.objects.get(name="Street")
    first = books.get(tariff.pk, 5)
    assert books.get(tariff.pk, 5) is first
    assert books.get(tariff.pk, 6) is not first
    assert sorted(first.columns.prefixes) == sorted(RATES)


def test_the_least_recently_used_make_room(world: World) -> None:
    books = RateBooks(max_rates=2 * len(RATES))
    one, two, three = Tariff.objects.order_by("pk").values_list("pk", flat=True)
    first = books.get(one, 0)
    books.get(two, 0)
    assert books.get(one, 0) is first
    books.get(three, 0)  # the second goes
    assert books.get(one, 0) is first
    second = books.get(two, 0)  # the third goes
    assert books.get(two, 0) is second
    assert books.get(one, 0) is first


def test_a_book_larger_than_the_cache_is_kept_alone(world: World) -> None:
    books = RateBooks(max_rates=1)
    one, two, _three = Tariff.objects.order_by("pk").values_list("pk", flat=True)
    first = books.get(one, 0)
    assert books.get(one, 0) is first
    books.get(two, 0)
    assert books.get(one, 0) is not first
