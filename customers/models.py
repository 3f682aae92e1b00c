"""The customer tree, its dated ownership, its users, the rights granted to it, the audit log."""

from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, Group, PermissionsMixin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Deferrable, F, Q
from django.db.models.functions import Lower, Trim
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase
from mptt.managers import TreeManager
from mptt.models import MPTTModel, TreeForeignKey
from timezone_field import TimeZoneField

from customers.choices import Kind, ProfitUnit, Role, Status, Theme
from customers.permissions import RIGHTS
from customers.querysets import AuditQuerySet, CustomerQuerySet, UserQuerySet
from softswitch.core.constraints import never_twice
from softswitch.core.fields import OptionalPriceField

if TYPE_CHECKING:
    from customers.tenancy import Actor


class Customer(MPTTModel):
    """A node of the tree: Root, a reseller, or whoever buys from one.

    ``owner`` is who sells to it and bills it (empty for Root only). ``parent`` is the same within
    the nested sets, where every direct customer of Root starts a tree of its own and has none.
    """

    is_root = models.BooleanField(default=False, editable=False)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.ACTIVE
    )
    owner = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="customers", editable=False
    )
    parent = TreeForeignKey(
        "self", models.PROTECT, null=True, related_name="children", editable=False
    )
    rights_group = models.OneToOneField(Group, models.PROTECT, editable=False)
    max_depth = models.PositiveSmallIntegerField(_("levels allowed below"), null=True, blank=True)

    company_name = models.CharField(_("company"), max_length=200, blank=True)
    main_email = models.EmailField(_("main e-mail"), blank=True)
    noc_email = models.EmailField(_("NOC e-mail"), blank=True)
    billing_email = models.EmailField(_("billing e-mail"), blank=True)
    rates_email = models.EmailField(_("rates e-mail"), blank=True)
    tax_id = models.CharField(_("tax id"), max_length=40, blank=True)
    address = models.TextField(_("address"), blank=True)
    contact = models.CharField(_("contact"), max_length=200, blank=True)
    internal_notes = models.TextField(_("internal notes"), blank=True)

    timezone = TimeZoneField(verbose_name=_("time zone"), default="UTC", use_pytz=False)
    language = models.CharField(_("language"), max_length=10, default="en")
    call_limit = models.PositiveIntegerField(_("call limit"), null=True, blank=True)
    cps_limit = models.PositiveIntegerField(_("CPS limit"), null=True, blank=True)
    min_profitability = OptionalPriceField(_("minimum profitability"), blank=True)
    min_profitability_unit = models.CharField(
        max_length=10, choices=ProfitUnit.choices, default=ProfitUnit.PER_MINUTE
    )

    opened_at = models.DateTimeField(_("in service since"), default=now)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = TreeManager.from_queryset(CustomerQuerySet)()

    class Meta:
        permissions = [(right.codename, right.code) for right in RIGHTS if right.delegated]
        default_permissions = ()
        indexes = [
            models.Index(
                "owner", Lower("name"), name="customer_by_owner", condition=Q(archived_at=None)
            ),
            models.Index(Lower("name"), "id", name="customer_by_name"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower(Trim("name")),
                name="customer_name_taken",
                violation_error_message=_("This name is taken."),
            ),
            models.UniqueConstraint("is_root", condition=Q(is_root=True), name="customer_one_root"),
            models.CheckConstraint(
                name="customer_owner_or_root",
                condition=Q(is_root=True, owner=None, parent=None)
                | (Q(is_root=False, owner__isnull=False) & (Q(parent=None) | Q(parent=F("owner")))),
            ),
            models.UniqueConstraint(
                "tree_id", condition=Q(parent=None), name="customer_one_top_per_tree"
            ),
            *(
                ExclusionConstraint(
                    name=f"customer_{column}_once",
                    expressions=[
                        ("tree_id", RangeOperators.EQUAL),
                        (column, RangeOperators.EQUAL),
                    ],
                    deferrable=Deferrable.DEFERRED,
                )
                for column in ("lft", "rght")
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_direct_of(self, actor: "Actor") -> bool:
        """Whether the actor's customer owns this one: the pair between which money moves."""
        return self.owner_id == actor.customer_id


class CustomerOwnership(models.Model):
    """Who owned a customer when: what a call's chain is read from."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="ownerships")
    owner = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    valid_from = models.DateTimeField()
    valid_till = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [never_twice("ownership_no_overlap", "customer")]

    def __str__(self) -> str:
        return f"{self.customer_id} of {self.owner_id}"


class CustomerGrant(GroupObjectPermissionBase):
    """A right delegated to a customer: held by its group, on the customer itself (guardian)."""

    content_object = models.ForeignKey(Customer, models.CASCADE, related_name="grants")

    class Meta(GroupObjectPermissionBase.Meta):
        default_permissions = ()


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Finds users by login, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.get(login=(username or "").strip().lower())
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A web login of a customer, or of one of its accounts."""

    login = models.CharField(_("login"), max_length=150, unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="users")
    account = models.ForeignKey(
        "accounts.Account", models.PROTECT, null=True, blank=True, related_name="users"
    )
    role = models.CharField(max_length=13, choices=Role.choices, default=Role.ADMINISTRATOR)
    language = models.CharField(_("language"), max_length=10, blank=True)
    timezone = TimeZoneField(verbose_name=_("time zone"), blank=True, use_pytz=False)
    display_currency = models.CharField(_("display currency"), max_length=3, blank=True)
    theme = models.CharField(max_length=5, choices=Theme.choices, default=Theme.SYSTEM)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "login"
    objects: ClassVar = UserManager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="user_login_lower_case", condition=Q(login=Lower(Trim("login")))
            )
        ]

    def __str__(self) -> str:
        return self.name or self.login


class AuditEvent(models.Model):
    """One thing done to a customer or to something of its: who, as whom, what, from where.

    ``user`` is the real user (empty: the system), ``acting_as`` the effective customer.
    ``is_private`` marks what an owner keeps about the customer: hidden from the customer itself.
    """

    at = models.DateTimeField(default=now)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="audit_events")
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    acting_as = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    stack = models.JSONField(default=list)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    changes = models.JSONField(default=dict)
    is_private = models.BooleanField(default=False)
    ip = models.GenericIPAddressField(null=True)

    objects: ClassVar = AuditQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["customer", "-at"], name="audit_by_customer")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
