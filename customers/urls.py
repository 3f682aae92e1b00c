"""Addresses of customers, their tree, the own profile and the audit log."""

from django.urls import path

from customers.views import (
    audit,
    customers,
    detail,
    profile,
    rights,
    session,
    sessions,
    tree,
    users,
)

app_name = "customers"
urlpatterns = [
    path("", customers.CustomerListView.as_view(), name="customer_list"),
    path("new/", customers.CustomerCreateView.as_view(), name="customer_create"),
    path("tree/", tree.CustomerTreeView.as_view(), name="customer_tree"),
    path("company/", detail.CompanyView.as_view(), name="company"),
    path("company/edit/", detail.CompanyEditView.as_view(), name="company_edit"),
    path("<int:pk>/", detail.CustomerDetailView.as_view(), name="customer_detail"),
    path("<int:pk>/edit/", customers.CustomerEditView.as_view(), name="customer_edit"),
    path("<int:pk>/activate/", customers.ActivateView.as_view(), name="customer_activate"),
    path("<int:pk>/deactivate/", customers.DeactivateView.as_view(), name="customer_deactivate"),
    path("<int:pk>/close/", customers.CloseView.as_view(), name="customer_close"),
    path("<int:pk>/archive/", customers.ArchiveView.as_view(), name="customer_archive"),
    path("<int:pk>/customers/", detail.SubCustomerListView.as_view(), name="customer_customers"),
    path("<int:pk>/users/", users.UserListView.as_view(), name="customer_users"),
    path("<int:pk>/users/new/", users.UserCreateView.as_view(), name="customer_user_add"),
    path("<int:pk>/rights/", rights.RightsView.as_view(), name="customer_rights"),
    path("<int:pk>/switch/", session.SwitchView.as_view(), name="switch_to"),
    path("users/<int:pk>/", users.UserDetailView.as_view(), name="user_detail"),
    path("users/<int:pk>/edit/", users.UserEditView.as_view(), name="user_edit"),
    path("users/<int:pk>/password/", users.UserPasswordView.as_view(), name="user_password"),
    path("users/<int:pk>/link/", users.UserLinkView.as_view(), name="user_send_link"),
    path("users/<int:pk>/block/", users.UserBlockView.as_view(), name="user_block"),
    path("users/<int:pk>/unblock/", users.UserUnblockView.as_view(), name="user_unblock"),
    path(
        "users/<int:pk>/second-factor/",
        users.SecondFactorResetView.as_view(),
        name="user_second_factor",
    ),
    path("users/<int:pk>/sessions/", sessions.UserSessionsView.as_view(), name="user_sessions"),
    path("users/<int:pk>/sign-ins/", sessions.UserSignInsView.as_view(), name="user_sign_ins"),
    path("users/<int:pk>/log-out/", sessions.UserLogOutView.as_view(), name="user_log_out"),
    path("sessions/<int:pk>/end/", sessions.SessionEndView.as_view(), name="session_end"),
    path("switch-back/", session.SwitchBackView.as_view(), name="switch_back"),
    path("profile/", profile.ProfileView.as_view(), name="profile"),
    path("profile/password/", profile.PasswordView.as_view(), name="password"),
    path("profile/second-factor/", profile.SecondFactorView.as_view(), name="second_factor"),
    path("profile/second-factor/on/", profile.SetUpView.as_view(), name="second_factor_set_up"),
    path(
        "profile/second-factor/codes/",
        profile.RenewCodesView.as_view(),
        name="second_factor_codes",
    ),
    path("profile/second-factor/off/", profile.TurnOffView.as_view(), name="second_factor_off"),
    path("profile/sessions/", sessions.OwnSessionsView.as_view(), name="own_sessions"),
    path("profile/sign-ins/", sessions.OwnSignInsView.as_view(), name="own_sign_ins"),
    path("audit-log/", audit.AuditListView.as_view(), name="audit_list"),
]
