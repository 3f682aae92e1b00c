"""Accounts: SIP user agents and prepaid cards, and how each is charged when."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Upper
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.choices import AccountKind, Charging, ResourceStatus
from accounts.querysets import AccountQuerySet
from softswitch.core.constraints import never_twice


def status_field() -> "models.CharField[str, str]":
    """The manual status that accounts, trunks and hosts share."""
    return models.CharField(
        _("status"), max_length=8, choices=ResourceStatus.choices, default=ResourceStatus.ACTIVE
    )


class Account(models.Model):
    """A SIP user agent of a customer, or a prepaid card.

    Its auth name, for a card its number, is unique in the whole system. A card's life of
    ``lifetime_days`` starts with its first use; it ends with ``expires_at``.
    """

    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="accounts")
    kind = models.CharField(max_length=4, choices=AccountKind.choices, default=AccountKind.SIP)
    name = models.CharField(_("name"), max_length=120, blank=True)
    auth_name = models.CharField(_("auth name"), max_length=80)
    digest_ha1 = models.CharField(max_length=32, blank=True, editable=False)
    batch = models.ForeignKey(
        "accounts.CardBatch", models.PROTECT, null=True, editable=False, related_name="cards"
    )
    pin_hash = models.CharField(max_length=64, blank=True, editable=False)
    lifetime_days = models.PositiveSmallIntegerField(_("lifetime (days)"), null=True, blank=True)
    first_used_at = models.DateTimeField(_("first use"), null=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    status = status_field()
    max_sessions = models.PositiveIntegerField(_("max sessions"), null=True, blank=True)
    cps_limit = models.PositiveIntegerField(_("CPS limit"), null=True, blank=True)
    max_call_seconds = models.PositiveIntegerField(_("max call seconds"), null=True, blank=True)
    opened_at = models.DateTimeField(_("in service since"), default=now)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = AccountQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index("customer", Lower("auth_name"), name="account_by_customer"),
            GinIndex(OpClass(Upper("auth_name"), name="gin_trgm_ops"), name="account_part"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="account_name_part"),
            models.Index(Upper("auth_name"), "id", name="account_start"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("auth_name"),
                name="account_auth_name_taken",
                violation_error_message=_("This auth name is taken."),
            ),
            models.CheckConstraint(
                name="account_auth_name_trimmed", condition=Q(auth_name__regex=r"^\S+$")
            ),
        ]

    def __str__(self) -> str:
        return self.auth_name


class AccountTerms(models.Model):
    """How an account is charged, when: with its customer, or by itself at ``tariff``."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="terms")
    charging = models.CharField(max_length=13, choices=Charging.choices)
    tariff = models.ForeignKey(
        "tariffs.Tariff", models.PROTECT, null=True, related_name="account_terms"
    )
    valid_from = models.DateTimeField()
    valid_till = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            never_twice("account_terms_no_overlap", "account"),
            models.CheckConstraint(
                name="account_terms_tariff",
                condition=Q(charging=Charging.WITH_CUSTOMER, tariff=None)
                | Q(charging=Charging.BY_ITSELF, tariff__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.charging}"
