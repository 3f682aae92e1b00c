"""What is generated in batches: prepaid cards and vouchers, and the tries to redeem one."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.choices import VoucherStatus
from accounts.models.accounts import Account
from accounts.querysets import CardBatchQuerySet, VoucherBatchQuerySet, VoucherQuerySet
from softswitch.core.fields import AmountField


class Batch(models.Model):
    """What both kinds of batch share. ``sealed_pins`` is emptied by the one export of the PINs."""

    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    count = models.PositiveIntegerField(_("count"))
    value = AmountField(_("value"))
    currency = models.ForeignKey(
        "tariffs.Currency", models.PROTECT, verbose_name=_("currency"), related_name="+"
    )
    sealed_pins = models.BinaryField(null=True, editable=False)
    exported_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=now)

    class Meta:
        abstract = True
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class CardBatch(Batch):
    """Prepaid cards made at once; each is an account of its own."""

    objects: ClassVar = CardBatchQuerySet.as_manager()

    class Meta(Batch.Meta):
        pass


class VoucherBatch(Batch):
    """Vouchers made at once, for the accounts and the direct customers of ``customer``.

    A large batch is made by a job in parts: ``made`` of ``count`` vouchers are there.
    """

    made = models.PositiveIntegerField(default=0, editable=False)
    activates_at = models.DateTimeField(_("valid from"), default=now)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)

    objects: ClassVar = VoucherBatchQuerySet.as_manager()

    class Meta(Batch.Meta):
        constraints = [
            models.CheckConstraint(name="voucher_batch_value", condition=Q(value__gt=0)),
            models.CheckConstraint(
                name="voucher_batch_forward",
                condition=Q(expires_at=None) | Q(expires_at__gt=F("activates_at")),
            ),
        ]
        indexes = [
            models.Index("id", name="voucher_batch_unmade", condition=Q(made__lt=F("count"))),
        ]

    @property
    def is_made(self) -> bool:
        """Whether all its vouchers are there."""
        return self.made == self.count


class Voucher(models.Model):
    """One voucher: ``status`` is active, used or blocked; its batch's dates make it new or expired.

    The PIN is stored as a keyed hash (softswitch.core.sealing), by which a voucher is found.
    """

    batch = models.ForeignKey(VoucherBatch, models.PROTECT, related_name="vouchers")
    serial = models.CharField(_("serial"), max_length=20, unique=True)
    pin_hash = models.CharField(max_length=64, unique=True, editable=False)
    status = models.CharField(
        _("status"), max_length=7, choices=VoucherStatus.choices, default=VoucherStatus.ACTIVE
    )
    used_at = models.DateTimeField(null=True, editable=False)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    entry = models.OneToOneField(
        "billing.LedgerEntry", models.PROTECT, null=True, editable=False, related_name="voucher"
    )

    objects: ClassVar = VoucherQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="voucher_used_with_entry",
                condition=Q(status="used", entry__isnull=False, used_at__isnull=False)
                | (~Q(status="used") & Q(entry=None, used_at=None)),
            )
        ]
        indexes = [models.Index("batch", "status", name="voucher_by_status")]

    def __str__(self) -> str:
        return self.serial


class VoucherAttempt(models.Model):
    """A wrong PIN: counted by user and by the account or customer it was for."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField(default=now)

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index("user", "at", name="voucher_attempt_by_user"),
            models.Index("customer", "at", name="voucher_attempt_by_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.at}"
