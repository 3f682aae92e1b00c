"""Addresses in the portal, whole, for letters: their reader signs in there."""

from django.conf import settings
from django.urls import reverse

from billing.choices import InvoiceStatus


def invoice_url(key: int) -> str:
    """The page of an invoice or credit note."""
    return settings.PORTAL_URL + reverse("billing:invoice_detail", args=[key])


def overdue_url() -> str:
    """The reader's invoices that are overdue."""
    return f"{settings.PORTAL_URL}{reverse('billing:invoice_list')}?status={InvoiceStatus.OVERDUE}"
