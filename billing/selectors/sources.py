"""Where a ledger entry comes from: invoice, voucher, online payment, re-rating, another entry."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Voucher
from billing.models import Invoice, LedgerEntry, OnlinePayment
from customers.tenancy import Actor


@dataclass(frozen=True, slots=True)
class Source:
    """``kind`` is invoice, voucher (``pk`` of its batch), online, re_rating or entry.

    ``name`` is for people.
    """

    kind: str
    pk: int
    name: str


def sources_of(actor: Actor, entry_ids: Collection[int]) -> dict[int, Source]:
    """The source of each of some entries, where it has one that the actor may open."""
    return dict(_found(actor, entry_ids)) if entry_ids else {}


def _found(actor: Actor, ids: Collection[int]) -> Iterator[tuple[int, Source]]:
    reversals = LedgerEntry.objects.filter(pk__in=ids, reverses__isnull=False)
    for entry in reversals.only("reverses"):
        back = entry.reverses_id
        if back is not None:
            yield entry.pk, Source("entry", back, _("Entry %(number)s") % {"number": back})
    invoices = Invoice.objects.visible_to(actor).filter(entries__in=ids)
    for pk, invoice_pk, number in invoices.values_list("entries", "pk", "number"):
        yield pk, Source("invoice", invoice_pk, number)
    yield from _online(actor, ids)
    if actor.can("vouchers.view"):
        vouchers = Voucher.objects.visible_to(actor).filter(entry__in=ids)
        for pk, batch_pk, serial in vouchers.values_list("entry", "batch", "serial"):
            yield pk, Source("voucher", batch_pk, serial)


def _online(actor: Actor, ids: Collection[int]) -> Iterator[tuple[int, Source]]:
    """What a payment posted, and what was given or taken back of it: its key names the payment."""
    entries = LedgerEntry.objects.filter(pk__in=ids, source="online", reverses=None)
    keys = dict(entries.values_list("pk", "idempotency_key"))
    paid = {pk: int(key.split(":")[1]) for pk, key in keys.items()}
    rows = OnlinePayment.objects.visible_to(actor).filter(pk__in=paid.values())
    seen = set(rows.values_list("pk", flat=True)) if paid else set()
    for pk, payment_pk in paid.items():
        if payment_pk in seen:
            yield pk, Source("online", payment_pk, _("Online payment"))
