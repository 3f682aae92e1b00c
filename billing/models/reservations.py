"""Reservations: what calls that are going on may still cost, held back from what is available."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billing.models.balances import Balance
from billing.querysets import ReservationQuerySet
from softswitch.core.fields import AmountField


class Reservation(models.Model):
    """Money of one balance that is held until it is released or expires.

    One ``key`` (a live call, say) holds money of several balances, once of each. The live rows of a
    balance add up to ``Balance.reserved``; billing.services.reservations writes both.
    """

    balance = models.ForeignKey(Balance, models.PROTECT, related_name="reservations")
    key = models.CharField(max_length=80)
    amount = AmountField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects: ClassVar = ReservationQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("key", "balance", name="reservation_once"),
            models.CheckConstraint(name="reservation_amount", condition=Q(amount__gte=0)),
        ]
        indexes = [models.Index("expires_at", name="reservation_expires")]

    def __str__(self) -> str:
        return f"{self.key}: {self.amount}"
