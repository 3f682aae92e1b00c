"""Signed links to the calls behind an invoice: no login, for a limited time."""

from django.conf import settings

from billing.choices import InvoiceState
from billing.models import Invoice
from softswitch.core.signed_links import signed_pk, signed_url

_SALT = "billing.annex"


def annex_url(invoice: Invoice) -> str:
    """Where whoever has the link reads the calls of an issued invoice for ANNEX_LINK_DAYS."""
    return signed_url("billing:annex_by_link", invoice.pk, salt=_SALT)


def invoice_of_link(token: str) -> Invoice | None:
    """The invoice that a token of ``annex_url`` names; None if it is none of ours.

    Raises SignatureExpired for one that was good once.
    """
    pk = signed_pk(token, salt=_SALT, days=settings.ANNEX_LINK_DAYS)
    if pk is None:
        return None
    issued = Invoice.objects.exclude(state=InvoiceState.DRAFT)
    found: Invoice | None = issued.select_related("period", "balance").filter(pk=pk).first()
    return found
