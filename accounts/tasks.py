"""Jobs of vouchers."""

from accounts.services import vouchers
from softswitch.core.jobs import task


@task("accounts.make_vouchers")
def make_vouchers(batch_id: int) -> None:
    """Make what is missing of a batch."""
    vouchers.make_vouchers(batch_id=batch_id)


@task("accounts.resume_voucher_batches")
def resume_voucher_batches() -> None:
    """Send again what a lost message or a dead worker left lying."""
    vouchers.resume_batches()
