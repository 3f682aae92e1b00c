"""Gives staged lines the country and the name of their prefix where the sheet has none."""

from django.db import connection

from tariffs.choices import Change
from tariffs.models import RateImportRow
from tariffs.parsers.destinations import place_of

_PLACES = """
CREATE TEMPORARY TABLE named_places (prefix text COLLATE "C" PRIMARY KEY, country text, name text)
ON COMMIT DROP
"""
_NAME = """
UPDATE tariffs_rateimportrow staged SET
    country = coalesce(nullif(staged.country, ''), named_places.country),
    destination = coalesce(nullif(staged.destination, ''), named_places.name)
FROM named_places
WHERE staged.rate_import_id = %s AND staged.prefix = named_places.prefix
  AND '' IN (staged.country, staged.destination) AND staged.change <> ALL(%s)
"""
_UNTOUCHED = (Change.UNCHANGED.value, Change.CLOSED.value)


def name_places(import_id: int) -> None:
    """Fill in what neither the sheet nor the tariff says, in the caller's transaction."""
    rows = RateImportRow.objects.filter(rate_import=import_id).exclude(change__in=_UNTOUCHED)
    nameless = (rows.filter(country="") | rows.filter(destination="")).order_by()
    prefixes = list(nameless.values_list("prefix", flat=True).distinct())
    if not prefixes:
        return
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS named_places")
        cursor.execute(_PLACES)
        with cursor.copy("COPY named_places FROM STDIN") as copy:
            for prefix in prefixes:
                place = place_of(prefix)
                copy.write_row((prefix, place.country, place.name[:120]))
        cursor.execute("ANALYZE named_places")
        cursor.execute(_NAME, [import_id, list(_UNTOUCHED)])
