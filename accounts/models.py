"""What owns a call: accounts (by auth name) and trunks with hosts (by address and tech prefix)."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.choices import AccountKind, Charging, ResourceStatus
from accounts.querysets import AccountQuerySet, HostQuerySet, TrunkQuerySet
from softswitch.core.constraints import never_twice, validity
from softswitch.core.fields import NetworkField, PrefixField


def status_field() -> "models.CharField[str, str]":
    """The manual status that accounts, trunks and hosts share."""
    return models.CharField(
        _("status"), max_length=8, choices=ResourceStatus.choices, default=ResourceStatus.ACTIVE
    )


class Account(models.Model):
    """A SIP user agent of a customer. Its auth name is unique in the whole system."""

    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="accounts")
    kind = models.CharField(max_length=4, choices=AccountKind.choices, default=AccountKind.SIP)
    name = models.CharField(_("name"), max_length=120, blank=True)
    auth_name = models.CharField(_("auth name"), max_length=80)
    digest_ha1 = models.CharField(max_length=32, blank=True, editable=False)
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
        indexes = [models.Index("customer", Lower("auth_name"), name="account_by_customer")]
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


class Trunk(models.Model):
    """A customer's ingress resource: calls come in from its hosts."""

    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="trunks")
    name = models.CharField(_("name"), max_length=120)
    status = status_field()
    call_limit = models.PositiveIntegerField(_("call limit"), null=True, blank=True)
    cps_limit = models.PositiveIntegerField(_("CPS limit"), null=True, blank=True)
    opened_at = models.DateTimeField(_("in service since"), default=now)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = TrunkQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "customer",
                Lower("name"),
                condition=Q(archived_at=None),
                name="trunk_name_taken",
                violation_error_message=_("A trunk of this name exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class TrunkOwnership(models.Model):
    """Which customer a trunk belonged to, when."""

    trunk = models.ForeignKey(Trunk, models.PROTECT, related_name="ownerships")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    valid_from = models.DateTimeField()
    valid_till = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [never_twice("trunk_ownership_no_overlap", "trunk")]

    def __str__(self) -> str:
        return f"{self.trunk_id} of {self.customer_id}"


class Host(models.Model):
    """An address or network, with an optional tech prefix, that leads to a trunk while valid.

    A change closes the row and opens another. One address and tech prefix lead to one trunk.
    """

    trunk = models.ForeignKey(Trunk, models.PROTECT, related_name="hosts")
    network = NetworkField(_("IP or network"))
    port = models.PositiveIntegerField(_("port"), null=True, blank=True)
    tech_prefix = PrefixField(_("tech prefix"), max_length=16, blank=True)
    status = status_field()
    call_limit = models.PositiveIntegerField(_("call limit"), null=True, blank=True)
    cps_limit = models.PositiveIntegerField(_("CPS limit"), null=True, blank=True)
    valid_from = models.DateTimeField(default=now)
    valid_till = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = HostQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            ExclusionConstraint(
                name="host_taken",
                expressions=[
                    (OpClass(F("network"), name="inet_ops"), "&&"),
                    ("tech_prefix", RangeOperators.EQUAL),
                    ("trunk", RangeOperators.NOT_EQUAL),
                    (validity(), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="host_tech_prefix", condition=Q(tech_prefix__regex=r"^[0-9*#]*$")
            ),
        ]

    def __str__(self) -> str:
        return self.network
