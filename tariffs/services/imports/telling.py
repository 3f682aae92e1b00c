"""Tells who uploaded a rate sheet how it has ended: applied or rejected."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from notifications.services.imports import Ended, tell_import
from tariffs.choices import ImportState
from tariffs.models import RateImport


def tell_end(*, rate_import: RateImport, state: ImportState, errors: int, check: str = "") -> None:
    """Tell of ``state``, in the transaction that sets it. A sheet can be rejected once per check.

    ``errors``: how many lines were rejected.
    """
    rate_import.refresh_from_db(fields=["rows_done"])
    ended = Ended(
        file=rate_import.file_name,
        kind=_("Rates"),
        state=state.label,
        rows=rate_import.rows_done,
        errors=errors,
        path=reverse("tariffs:import_detail", args=[rate_import.pk]),
        key=f"rate-import:{rate_import.pk}:{state}:{check}",
    )
    tell_import(user=rate_import.created_by, ended=ended)
