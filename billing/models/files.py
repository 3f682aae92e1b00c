"""The files of invoices as they were made once, kept so that nobody ever reads another one."""

from typing import ClassVar

from django.db import models

from billing.choices import FileKind
from billing.models.invoices import Invoice


class InvoiceFile(models.Model):
    """An issued invoice, or a credit note, as PDF, HTML or XML: made once and never changed.

    ``sha256`` (hexadecimal) is of ``content``, so that a copy can be proved.
    """

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="files")
    kind = models.CharField(max_length=4, choices=FileKind.choices)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = models.Manager["InvoiceFile"]()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("invoice", "kind", name="invoice_file_once")]

    def __str__(self) -> str:
        return f"{self.invoice_id}.{self.kind}"
