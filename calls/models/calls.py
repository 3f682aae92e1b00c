"""Calls as switches deliver them, what still waits to be charged, and deliveries of CDR files.

``Call`` is append-only and partitioned by month of set-up. Whether it is charged is not written
on it: it waits in ``PendingCall``, stands in ``UnratedCall``, or has its charges.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.choices import HoldReason
from calls.choices import CdrFormat, CdrImportState, Grain
from calls.querysets import (
    CallQuerySet,
    CdrImportQuerySet,
    ConflictQuerySet,
    SwitchQuerySet,
    UnratedQuerySet,
)
from softswitch.core.fields import AmountField, ZoneColumn


class Switch(models.Model):
    """A switch that delivers CDRs, with the rules to read its numbers and times."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    token_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001
    source_addresses = models.TextField(_("source addresses"), blank=True)
    timezone = ZoneColumn(verbose_name=_("time zone of its CDRs"), default="UTC")
    international_prefixes = models.CharField(
        _("international prefixes"), max_length=60, default="+ 00 011"
    )
    default_country_code = models.CharField(_("default country code"), max_length=4, blank=True)
    national_prefix = models.CharField(_("national prefix"), max_length=4, blank=True)
    tech_prefix_separator = models.CharField(max_length=2, default="#", blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = SwitchQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class Call(models.Model):
    """One call leg that entered from a customer, as the switch sent it.

    Identity: switch, native id, leg, ``setup_at``. Numbers are kept cleaned (E.164 digits) and
    raw; ``duration_ms`` is answer to end. ``content_hash`` tells a repeat from a conflict.
    """

    pk = models.CompositePrimaryKey("id", "setup_at")
    id = models.BigIntegerField()
    setup_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField()
    duration_ms = models.IntegerField()
    switch = models.ForeignKey(Switch, models.DO_NOTHING, related_name="+", db_constraint=False)
    native_id = models.CharField(max_length=255)
    leg = models.CharField(max_length=64, blank=True)
    customer = models.ForeignKey(
        "customers.Customer", models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    account = models.ForeignKey(
        "accounts.Account", models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    trunk = models.ForeignKey(
        "accounts.Trunk", models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    caller_number = models.CharField(max_length=64, blank=True)
    called_number = models.CharField(max_length=32, blank=True)
    called_raw = models.CharField(max_length=128, blank=True)
    auth_name = models.CharField(max_length=80, blank=True)
    source_ip = models.GenericIPAddressField(null=True)
    tech_prefix = models.CharField(max_length=16, blank=True)
    sip_code = models.SmallIntegerField(null=True)
    hangup_cause = models.SmallIntegerField(null=True)
    pdd_ms = models.IntegerField(null=True)
    content_hash = models.UUIDField()
    cdr_import_id = models.BigIntegerField(null=True)

    objects: ClassVar = CallQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.caller_number} to {self.called_number}"


class PendingCall(models.Model):
    """A stored call that waits to be charged; the row goes in the transaction that charges it."""

    call_id = models.BigIntegerField(primary_key=True)
    setup_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.call_id)


class UnratedCall(models.Model):
    """A call that some level could not charge: which level, why; nothing of it is charged."""

    call_id = models.BigIntegerField(primary_key=True)
    setup_at = models.DateTimeField()
    customer = models.ForeignKey("customers.Customer", models.PROTECT, null=True, related_name="+")
    account = models.ForeignKey("accounts.Account", models.PROTECT, null=True, related_name="+")
    level_customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, null=True, related_name="+"
    )
    is_account_level = models.BooleanField(default=False)
    reason = models.CharField(max_length=16, choices=HoldReason.choices)
    since = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = UnratedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["customer", "-setup_at"], name="unrated_by_customer")]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.reason}"


class CallSettlement(models.Model):
    """A level of an unrated call that its owner, or one above, settled at 0: who, why."""

    call_id = models.BigIntegerField()
    setup_at = models.DateTimeField()
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    is_account_level = models.BooleanField(default=False)
    reason = models.CharField(_("reason"), max_length=500)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    settled_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "call_id", "customer", "is_account_level", name="call_settlement_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.call_id}: 0"


class CallConflict(models.Model):
    """The identity of a stored call came again with other contents; nothing was changed."""

    call_id = models.BigIntegerField()
    setup_at = models.DateTimeField()
    content_hash = models.UUIDField()
    contents = models.JSONField()
    cdr_import_id = models.BigIntegerField(null=True)
    received_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = ConflictQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("call_id", "content_hash", name="call_conflict_once")
        ]

    def __str__(self) -> str:
        return str(self.call_id)


class CdrImport(models.Model):
    """A delivered CDR file or batch: read in batches, each its own transaction with the cursor."""

    switch = models.ForeignKey(Switch, models.PROTECT, related_name="imports")
    format = models.CharField(_("format"), max_length=20, choices=CdrFormat.choices)
    template = models.CharField(_("template"), max_length=40, blank=True)
    file = models.FileField(_("file"), upload_to="cdr-imports/%Y/%m", blank=True)
    file_name = models.CharField(max_length=255)
    file_size = models.BigIntegerField(default=0)
    state = models.CharField(
        max_length=7, choices=CdrImportState.choices, default=CdrImportState.WAITING
    )
    records_done = models.BigIntegerField(default=0)
    bytes_done = models.BigIntegerField(default=0)
    calls_new = models.BigIntegerField(default=0)
    calls_repeated = models.BigIntegerField(default=0)
    calls_conflicting = models.BigIntegerField(default=0)
    lines_rejected = models.BigIntegerField(default=0)
    lines_skipped = models.JSONField(default=dict)
    failure = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar = CdrImportQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.file_name


class CdrImportError(models.Model):
    """One line of a CDR file that could not be read: where, which field, and why."""

    cdr_import = models.ForeignKey(CdrImport, models.CASCADE, related_name="errors")
    line = models.BigIntegerField()
    field = models.CharField(max_length=40)
    reason = models.CharField(max_length=300)
    raw = models.CharField(max_length=500)

    class Meta:
        default_permissions = ()
        indexes = [models.Index("cdr_import", "line", name="cdr_error_by_line")]

    def __str__(self) -> str:
        return f"{self.line}: {self.field}"


class OpenTransaction(models.Model):
    """A Kamailio transaction whose other half has not come yet; the next file completes it."""

    switch = models.ForeignKey(Switch, models.PROTECT, related_name="+")
    key = models.CharField(max_length=400)
    contents = models.JSONField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("switch", "key", name="open_transaction_once")]

    def __str__(self) -> str:
        return self.key


class Destination(models.Model):
    """What rates call a destination, and its country, as traffic names them; filled on demand."""

    name = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=2, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["name", "country"], name="destination_once")]

    def __str__(self) -> str:
        return self.name


class TrafficBase(models.Model):
    """Sums over the charges of one level, of calls set up within a slot of time (UTC).

    Ids are 0 where there is none; account and trunk are kept at the level of the call's own
    customer. ``issuer_amount`` is what the issuer itself pays for the same calls, in the currency
    of ``issuer_balance_id``. ``is_origin``: no level of these calls lies below. ``reached`` counts
    what NER does: answered, busy, no answer and rejected.
    """

    slot = models.DateTimeField()
    level = models.SmallIntegerField()
    is_origin = models.BooleanField()
    issuer_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    balance_id = models.BigIntegerField()
    issuer_balance_id = models.BigIntegerField()
    account_id = models.BigIntegerField()
    trunk_id = models.BigIntegerField()
    destination_id = models.BigIntegerField()
    attempts = models.BigIntegerField()
    answered = models.BigIntegerField()
    reached = models.BigIntegerField()
    pdd_calls = models.BigIntegerField()
    pdd_ms = models.BigIntegerField()
    duration_ms = models.BigIntegerField()
    billed_seconds = models.BigIntegerField()
    amount = AmountField()
    issuer_amount = AmountField()

    class Meta:
        abstract = True
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.slot}: {self.attempts} calls, {self.amount}"


class Traffic(TrafficBase):
    """Traffic folded, once in each grain: one row per key. Partitioned by month."""

    pk = models.CompositePrimaryKey(
        "issuer_id", "grain", "slot", "balance_id", "issuer_balance_id", "level", "is_origin",
        "account_id", "trunk_id", "destination_id",
    )  # fmt: skip
    grain = models.SmallIntegerField(choices=Grain.choices)


class TrafficDelta(TrafficBase):
    """What batches added to traffic since it was folded: any number of rows per key, no index.

    The slots are quarters of an hour.
    """

    pk = models.CompositePrimaryKey(
        "issuer_id", "slot", "balance_id", "issuer_balance_id", "level", "is_origin",
        "account_id", "trunk_id", "destination_id",
    )  # fmt: skip
