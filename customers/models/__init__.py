"""The customer tree, its users, what owners define for customers, the wizard, the audit log."""

from customers.models.audit import AuditEvent
from customers.models.imports import RecordImport
from customers.models.settings import (
    BusinessModel,
    CustomerClass,
    CustomerParameters,
    CustomField,
    CustomFieldValue,
    ParameterSet,
)
from customers.models.tree import (
    Customer,
    CustomerGrant,
    CustomerOwnership,
    CustomerSearch,
    FormerName,
)
from customers.models.users import (
    ApiRequest,
    ApiToken,
    SignIn,
    User,
    UserManager,
    UserSession,
)
from customers.models.wizard import CustomerDraft, CustomerTemplate

__all__ = [
    "ApiRequest",
    "ApiToken",
    "AuditEvent",
    "BusinessModel",
    "CustomField",
    "CustomFieldValue",
    "Customer",
    "CustomerClass",
    "CustomerDraft",
    "CustomerGrant",
    "CustomerOwnership",
    "CustomerParameters",
    "CustomerSearch",
    "CustomerTemplate",
    "FormerName",
    "ParameterSet",
    "RecordImport",
    "SignIn",
    "User",
    "UserManager",
    "UserSession",
]
