"""Jobs of rate imports."""

from softswitch.core.jobs import task
from tariffs.services.imports import applying, checking, leases, notifying


@task("tariffs.check_import")
def check_import(import_id: int) -> None:
    """Check an uploaded sheet; starts from zero if a worker died in it."""
    checking.check_import(import_id)


@task("tariffs.apply_import")
def apply_import(import_id: int) -> None:
    """Apply a checked sheet, once."""
    applying.apply_import(import_id)


@task("tariffs.notify_customers")
def notify_customers(import_id: int) -> None:
    """Mail what an applied sheet changes, once."""
    notifying.notify_customers(import_id)


@task("tariffs.resume_imports")
def resume_imports() -> None:
    """Send again what a lost message or a dead worker left lying."""
    leases.resume_stale()
