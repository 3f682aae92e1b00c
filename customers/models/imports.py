"""Files of customers or accounts that are being imported: checked, shown, then written at once."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.choices import ImportState, RecordKind
from customers.models.tree import Customer
from customers.models.users import User
from customers.querysets import RecordImportQuerySet


class RecordImport(models.Model):
    """One uploaded file: its rows as read, the errors by row, how far the job has come.

    ``rows`` are ``[number, {column: text}]`` (a SIP password is only its digest there), ``errors``
    ``[number, column, reason]``; both are large and gone some time after the end, or once the file
    is discarded; their numbers stay in ``total`` and ``wrong``. ``stack`` and ``ip`` are the
    uploader's, for the audit log. ``new_users`` are the logins made, ``mailed`` of which got their
    letter.
    """

    owner = models.ForeignKey(Customer, models.PROTECT, related_name="record_imports")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    stack = models.JSONField(default=list)
    ip = models.GenericIPAddressField(null=True)
    kind = models.CharField(_("records"), max_length=8, choices=RecordKind.choices)
    filename = models.CharField(_("file"), max_length=200)
    state = models.CharField(_("state"), max_length=9, choices=ImportState.choices)
    columns: models.JSONField[Any, Any] = models.JSONField(default=list)
    rows: models.JSONField[Any, Any] = models.JSONField(default=list)
    errors: models.JSONField[Any, Any] = models.JSONField(default=list)
    total = models.PositiveIntegerField(_("rows"), default=0)
    done = models.PositiveIntegerField(default=0)
    wrong = models.PositiveIntegerField(_("errors"), default=0)
    reason = models.CharField(max_length=500, blank=True)
    new_users: models.JSONField[Any, Any] = models.JSONField(default=list)
    letters = models.PositiveIntegerField(default=0)
    mailed = models.PositiveIntegerField(default=0)
    leased_till = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    finished_at = models.DateTimeField(_("applied"), null=True)

    objects: ClassVar = RecordImportQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.filename
