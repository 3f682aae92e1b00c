"""Signed links to the calls behind an invoice: no login, for a limited time."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from billing.choices import InvoiceState
from billing.models import Invoice

_SALT = "billing.annex"


def annex_url(invoice: Invoice) -> str:
    """Where whoever has the link reads the calls of an issued invoice for ANNEX_LINK_DAYS."""
    token = signing.dumps(invoice.pk, salt=_SALT)
    return settings.PORTAL_URL + reverse("billing:annex_by_link", args=[token])


def invoice_of_link(token: str) -> Invoice | None:
    """The invoice that a token of ``annex_url`` names; None if it is none of ours.

    Raises SignatureExpired for one that was good once.
    """
    seconds = settings.ANNEX_LINK_DAYS * 24 * 3600
    try:
        pk = signing.loads(token, salt=_SALT, max_age=seconds)
    except signing.SignatureExpired:
        raise
    except signing.BadSignature:
        return None
    issued = Invoice.objects.exclude(state=InvoiceState.DRAFT)
    found: Invoice | None = issued.select_related("period", "balance").filter(pk=pk).first()
    return found
