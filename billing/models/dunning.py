"""Dunning: the log of its steps, suspensions, and the day up to which a balance was looked at."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.choices import ONCE, DunningKind
from billing.models.balances import Balance
from billing.models.invoices import Invoice
from billing.querysets import DunningStepQuerySet, SuspensionQuerySet


class DunningCheck(models.Model):
    """The last local day on which dunning looked at a balance: the row that a worker locks."""

    balance = models.OneToOneField(
        Balance, models.CASCADE, primary_key=True, related_name="dunning_check"
    )
    checked_on = models.DateField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.balance_id}: {self.checked_on}"


class Suspension(models.Model):
    """Why the calls of a balance stop, until it is lifted; written under the balance's lock.

    ``since`` is when they stopped last; empty while there was but a promise before it came to
    that. ``promised_until`` is the last day (local) that a promise puts it off. One that is not
    ``until_paid`` is lifted by a person alone.
    """

    balance = models.ForeignKey(Balance, models.PROTECT, related_name="suspensions")
    opened_at = models.DateTimeField()
    since = models.DateTimeField(null=True)
    until_paid = models.BooleanField(default=True)
    promised_until = models.DateField(null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects: ClassVar = SuspensionQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "balance", condition=Q(lifted_at=None), name="suspension_one_open"
            ),
            models.CheckConstraint(
                name="suspension_of_something",
                condition=Q(since__isnull=False)
                | Q(promised_until__isnull=False)
                | Q(lifted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.balance_id}: {self.opened_at:%Y-%m-%d}"

    @property
    def is_stopping(self) -> bool:
        """Whether calls stop now."""
        is_standing = self.lifted_at is None and self.since is not None
        return is_standing and self.promised_until is None


class DunningStep(models.Model):
    """One step, on a local day of the balance; undone it stays in the log, and is not repeated.

    ``days`` of a reminder are those between it and the due date. ``recipient`` is whom a letter
    went to, empty where none did. Nobody but who issues reads ``notes``.
    """

    balance = models.ForeignKey(Balance, models.PROTECT, related_name="dunning_steps")
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, related_name="dunning_steps")
    suspension = models.ForeignKey(Suspension, models.PROTECT, null=True, related_name="steps")
    kind = models.CharField(max_length=15, choices=DunningKind.choices)
    days = models.PositiveSmallIntegerField(default=0)
    on_day = models.DateField()
    at = models.DateTimeField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recipient = models.EmailField(blank=True)
    notes = models.CharField(max_length=300, blank=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects: ClassVar = DunningStepQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "invoice", "kind", "days", condition=Q(kind__in=ONCE), name="dunning_step_once"
            ),
            models.UniqueConstraint(
                "invoice",
                condition=Q(kind=DunningKind.EXCUSED, undone_at=None),
                name="dunning_excused_once",
            ),
        ]
        indexes = [models.Index(fields=["balance", "-at"], name="dunning_step_log")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on_day}"
