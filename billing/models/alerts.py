"""How far the alerts about a balance have come."""

from typing import ClassVar

from django.db import models

from billing.models.balances import Balance
from billing.querysets import AlertStateQuerySet


class AlertState(models.Model):
    """What was told of a balance: the row that a worker locks, so that nothing is told twice.

    ``low_since``: since when less is available than what is warned about; it ends with some margin
    above that (billing.selectors.alerts), and what was told of it is forgotten. ``low_told_noon``:
    noon of the local day that it was told of last: whatever the hour of the rule becomes, that day
    is told. ``low_told_days``: on how many local days it was told. ``credit_step``: the highest
    threshold of the credit limit, in percent, that is passed and told; 0: none.
    """

    balance = models.OneToOneField(
        Balance, models.CASCADE, primary_key=True, related_name="alert_state"
    )
    low_since = models.DateTimeField(null=True)
    low_told_at = models.DateTimeField(null=True)
    low_told_noon = models.DateTimeField(null=True)
    low_told_days = models.PositiveIntegerField(default=0)
    trunks_disabled_at = models.DateTimeField(null=True)
    empty_since = models.DateTimeField(null=True)
    credit_step = models.PositiveSmallIntegerField(default=0)

    objects: ClassVar = AlertStateQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.balance_id}: {self.low_since}"
