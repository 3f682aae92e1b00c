"""Addresses of customers, their tree, the own profile and the audit log."""

from django.urls import path

from customers.views import audit, customers, detail, logins, session, tree

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
    path("<int:pk>/users/", logins.UserListView.as_view(), name="customer_users"),
    path("<int:pk>/users/new/", logins.UserCreateView.as_view(), name="customer_user_add"),
    path("<int:pk>/rights/", logins.RightsView.as_view(), name="customer_rights"),
    path("<int:pk>/switch/", session.SwitchView.as_view(), name="switch_to"),
    path("users/<int:pk>/password/", logins.UserPasswordView.as_view(), name="user_password"),
    path("switch-back/", session.SwitchBackView.as_view(), name="switch_back"),
    path("profile/", session.ProfileView.as_view(), name="profile"),
    path("profile/password/", session.PasswordView.as_view(), name="password"),
    path("audit-log/", audit.AuditListView.as_view(), name="audit_list"),
]
