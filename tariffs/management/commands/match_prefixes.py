"""Door for `tariffs.rating`: find the longest prefix of a number, without a database."""

import sys

from django.core.management.base import BaseCommand

from softswitch.core.jsonlines import Fields, LineError, answer_lines
from tariffs.rating.match import longest_prefix
from tariffs.rating.terms import check_prefix


class Command(BaseCommand):
    help = "Read JSON lines with prefixes and a number; write the longest prefix that fits or null."
    requires_system_checks = ()

    def handle(self, *args: object, **options: object) -> None:
        answer_lines(sys.stdin.buffer, self.stdout, _match_prefixes)


def _match_prefixes(line: Fields) -> dict[str, object]:
    prefixes, number = line.texts("prefixes"), line.text("number")
    for prefix in prefixes:
        check_prefix(prefix)
    if not (number.isascii() and number.isdigit()):
        raise LineError("number must be digits only")
    return {"prefix": longest_prefix(prefixes, number)}
