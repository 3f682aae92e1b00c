"""Forms of signing in, of users, and of customers."""

from customers.forms.customers import (
    ArchiveForm,
    CompanyForm,
    NewCustomerForm,
    TermsFields,
)
from customers.forms.logins import LogOutForm, NewPasswordForm, RightsForm, password_field
from customers.forms.profile import (
    PasswordForm,
    ProfileForm,
    RenewForm,
    SetUpForm,
    TurnOffForm,
)
from customers.forms.session import CodeForm, LoginForm
from customers.forms.users import EditAccountLoginForm, EditLoginForm, NewLoginForm

__all__ = [
    "ArchiveForm",
    "CodeForm",
    "CompanyForm",
    "EditAccountLoginForm",
    "EditLoginForm",
    "LogOutForm",
    "LoginForm",
    "NewCustomerForm",
    "NewLoginForm",
    "NewPasswordForm",
    "PasswordForm",
    "ProfileForm",
    "RenewForm",
    "RightsForm",
    "SetUpForm",
    "TermsFields",
    "TurnOffForm",
    "password_field",
]
