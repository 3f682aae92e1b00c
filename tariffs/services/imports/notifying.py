"""Mails the customers of a tariff what an applied rate sheet changes for them."""

import io
import zipfile
from collections.abc import Iterator
from decimal import Decimal

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import override

from customers.models import Customer
from customers.tenancy import Actor
from notifications.choices import Event
from notifications.models import Attachment
from notifications.services.events import News, tell
from notifications.services.outbox import keep_attachment
from notifications.values import Table
from softswitch.core.exports import csv_lines
from tariffs.choices import Change, ImportState
from tariffs.models import RateImport
from tariffs.selectors.imports import paying_customers

PACKED_FROM = 1_000_000  # bytes of CSV: mail servers refuse large letters
HEAD = [
    "Prefix", "Destination", "Country", "Change", "Price now", "New price 1", "New price N",
    "Interval 1", "Interval N", "Forbidden", "Valid from", "Valid till",
]  # fmt: skip
_FIELDS = (
    "prefix", "destination", "country", "change", "price_before", "price_1", "price_n",
    "interval_1", "interval_n", "is_forbidden", "valid_from", "valid_till",
)  # fmt: skip


def notify_customers(import_id: int) -> None:
    """Tell each customer that pays by the tariff of an applied import, if that was asked for.

    One transaction under the import's lock: all are told, once, or none. Letters go from the
    tariff's owner to the rates e-mail, else the main one; who has none is counted, and told by the
    bell and by webhooks alone.
    """
    with transaction.atomic():
        rows = RateImport.objects.select_related("tariff__owner")
        rate_import = rows.select_for_update(of=("self",)).get(pk=import_id)
        is_due = rate_import.notifies and rate_import.notified_at is None
        if rate_import.state != ImportState.APPLIED or not is_due:
            return
        customers = list(paying_customers(rate_import.tariff))
        changes = sum(count for _change, count in _counts(rate_import))
        addressed = [one for one in customers if _address(one)] if changes else []
        attachment = _attachment(rate_import) if addressed else None
        for customer in customers if changes else []:
            _tell(rate_import, customer, changes, attachment)
        rate_import.notified_at = now()
        rate_import.letters = {
            "mailed": len(addressed),
            "without_address": sum(not _address(one) for one in customers),
        }
        rate_import.save(update_fields=["notified_at", "letters"])


def _tell(
    rate_import: RateImport, customer: Customer, changes: int, attachment: Attachment | None
) -> None:
    owner = rate_import.tariff.owner
    with override(customer.language):
        rows = tuple((str(change.label), count) for change, count in _counts(rate_import))
        summary = Table((_("Change"), _("Rates")), rows)
    news = News(
        event=Event.RATES,
        owner=owner,
        customer=customer,
        values={
            "changes": changes,
            "summary": summary,
            "currency": rate_import.tariff.currency_id,
        },
        key=f"rates:{rate_import.pk}:{customer.pk}",
        attachment=attachment,
    )
    tell(actor=Actor(user=None, customer=owner, stack=(owner.pk,)), news=news)


def _address(customer: Customer) -> str:
    return customer.rates_email or customer.main_email


def _counts(rate_import: RateImport) -> list[tuple[Change, int]]:
    counts = rate_import.counts
    return [(c, counts[c]) for c in Change if c != Change.UNCHANGED and counts.get(c)]


def _attachment(rate_import: RateImport) -> Attachment:
    """The differences as CSV, packed where they are many."""
    content = b"".join(csv_lines(HEAD, _lines(rate_import)))
    name, kind = "rates.csv", "text/csv"
    if len(content) > PACKED_FROM:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        content, name, kind = packed.getvalue(), "rates.zip", "application/zip"
    return keep_attachment(name=name, content_type=kind, content=content)


def _lines(rate_import: RateImport) -> Iterator[list[object]]:
    rows = rate_import.rows.exclude(change=Change.UNCHANGED).order_by("prefix", "valid_from")
    for row in rows.values_list(*_FIELDS).iterator():
        cells = [f"{cell.normalize():f}" if isinstance(cell, Decimal) else cell for cell in row]
        cells[0] = row[0] or "default"
        cells[9] = "yes" if row[9] else "no"
        if row[3] == Change.CLOSED:
            cells[5] = cells[6] = None
        yield cells
