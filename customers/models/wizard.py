"""What the wizard keeps: templates of an owner, and the draft of a user at work."""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from customers.models.tree import Customer
from customers.models.users import User
from customers.querysets import CustomerTemplateQuerySet


class CustomerTemplate(models.Model):
    """Answers of the wizard under a name, never passwords or balances; nobody follows changes."""

    owner = models.ForeignKey(Customer, models.PROTECT, related_name="templates")
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=300, blank=True)
    answers: models.JSONField[Any, Any] = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar = CustomerTemplateQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                name="customer_template_name_taken",
                violation_error_message=_("A template of this name exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class CustomerDraft(models.Model):
    """The wizard's answers so far, of one user below one owner; never a password.

    Gone after Submit, Cancel, or a day without a change.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="drafts")
    owner = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    answers: models.JSONField[Any, Any] = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("user", "owner", name="customer_draft_once")]

    def __str__(self) -> str:
        return f"{self.user_id} below {self.owner_id}"
