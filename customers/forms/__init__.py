"""Forms of signing in, of users, and of customers."""

from customers.forms.customers import (
    ArchiveForm,
    CompanyForm,
    CustomerForm,
    NewCustomerForm,
    TermsFields,
    ZoneField,
    zone_choices,
)
from customers.forms.logins import NewLoginForm, NewPasswordForm, RightsForm, password_field
from customers.forms.session import LoginForm, PasswordForm, ProfileForm

__all__ = [
    "ArchiveForm",
    "CompanyForm",
    "CustomerForm",
    "LoginForm",
    "NewCustomerForm",
    "NewLoginForm",
    "NewPasswordForm",
    "PasswordForm",
    "ProfileForm",
    "RightsForm",
    "TermsFields",
    "ZoneField",
    "password_field",
    "zone_choices",
]
