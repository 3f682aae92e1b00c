"""Tells who uploaded a file of records how it has ended: applied or failed."""

from django.urls import reverse

from customers.choices import ImportState, RecordKind
from customers.models import RecordImport
from notifications.services.imports import Ended, tell_import


def tell_end(*, job: RecordImport, state: ImportState, errors: int) -> None:
    """Tell once of a file that has ended in ``state``, in the transaction that sets it.

    Its page opens to its own customer alone: who acted as that one is led to where one switches.
    """
    page = reverse("billing:record_import_detail", args=[job.pk])
    if job.user.customer_id != job.owner_id:
        page = reverse("customers:customer_detail", args=[job.owner_id])
    ended = Ended(
        file=job.filename,
        kind=RecordKind(job.kind).label,
        state=state.label,
        rows=job.total,
        errors=errors,
        path=page,
        key=f"record-import:{job.pk}:ended",
    )
    tell_import(user=job.user, ended=ended)
