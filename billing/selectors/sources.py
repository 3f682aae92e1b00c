"""Where a ledger entry comes from: an invoice, a voucher, an online payment, another entry."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Voucher
from billing.models import Invoice, LedgerEntry, OnlinePayment
from customers.tenancy import Actor


@dataclass(frozen=True, slots=True)
class Source:
    """``kind`` is invoice, voucher (``pk`` of its batch), online or entry; ``name`` for people."""

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
    online = OnlinePayment.objects.visible_to(actor).filter(entry__in=ids)
    for pk, payment_pk in online.values_list("entry", "pk"):
        yield pk, Source("online", payment_pk, _("Online payment"))
    if actor.can("vouchers.view"):
        vouchers = Voucher.objects.visible_to(actor).filter(entry__in=ids)
        for pk, batch_pk, serial in vouchers.values_list("entry", "batch", "serial"):
            yield pk, Source("voucher", batch_pk, serial)
