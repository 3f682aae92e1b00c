"""Addresses of customers, their tree, the own profile and the audit log."""

from django.urls import path

from customers.views import (
    audit,
    business_models,
    classes,
    custom_fields,
    customers,
    detail,
    edit,
    lifecycle,
    moves,
    profile,
    rights,
    row_actions,
    session,
    sessions,
    templates,
    tokens,
    tree,
    users,
    wizard,
)

app_name = "customers"
urlpatterns = [
    path("", customers.CustomerListView.as_view(), name="customer_list"),
    path("new/", wizard.CustomerCreateView.as_view(), name="customer_create"),
    *(
        path(
            f"new/wizard/{slug.replace('_', '-')}/",
            wizard.WizardView.as_view(slug=slug),
            name=f"wizard_{slug}",
        )
        for slug in wizard.SLUGS
    ),
    path("templates/", templates.TemplateListView.as_view(), name="template_list"),
    path("templates/new/", templates.TemplateCreateView.as_view(), name="template_create"),
    path("templates/<int:pk>/", templates.TemplateEditView.as_view(), name="template_edit"),
    *(
        path(
            f"templates/<int:pk>/{slug.replace('_', '-')}/",
            templates.TemplateStepView.as_view(slug=slug),
            name=f"template_{slug}",
        )
        for slug in templates.TEMPLATE_SLUGS
    ),
    path("templates/<int:pk>/use/", templates.TemplateUseView.as_view(), name="template_use"),
    path("templates/<int:pk>/copy/", templates.TemplateCopyView.as_view(), name="template_copy"),
    path(
        "templates/<int:pk>/delete/",
        templates.TemplateDeleteView.as_view(),
        name="template_delete",
    ),
    path("tree/", tree.CustomerTreeView.as_view(), name="customer_tree"),
    path("company/", detail.CompanyView.as_view(), name="company"),
    path("company/edit/", detail.CompanyEditView.as_view(), name="company_edit"),
    path("<int:pk>/", detail.CustomerDetailView.as_view(), name="customer_detail"),
    path("<int:pk>/edit/", edit.CustomerEditView.as_view(), name="customer_edit"),
    path("<int:pk>/edit/company/", edit.CompanyTabView.as_view(), name="customer_edit_company"),
    path("<int:pk>/edit/report/", edit.ReportTabView.as_view(), name="customer_edit_report"),
    path(
        "<int:pk>/edit/short-calls/",
        edit.ShortCallTabView.as_view(),
        name="customer_edit_short_calls",
    ),
    path("<int:pk>/edit/invoice/", edit.InvoiceTabView.as_view(), name="customer_edit_invoice"),
    path("<int:pk>/edit/portal/", edit.PortalTabView.as_view(), name="customer_edit_portal"),
    path(
        "<int:pk>/edit/notifications/",
        edit.NotificationTabView.as_view(),
        name="customer_edit_notifications",
    ),
    path("<int:pk>/activate/", lifecycle.ActivateView.as_view(), name="customer_activate"),
    path("<int:pk>/deactivate/", lifecycle.DeactivateView.as_view(), name="customer_deactivate"),
    path("<int:pk>/close/", lifecycle.CloseView.as_view(), name="customer_close"),
    path("<int:pk>/archive/", lifecycle.ArchiveView.as_view(), name="customer_archive"),
    path("<int:pk>/move/", moves.MoveView.as_view(), name="customer_move"),
    path("<int:pk>/reset/", row_actions.ResetView.as_view(), name="customer_reset"),
    path("<int:pk>/alert/", row_actions.LowBalanceView.as_view(), name="customer_low_balance"),
    path("<int:pk>/welcome/", row_actions.WelcomeView.as_view(), name="customer_welcome"),
    path("<int:pk>/password/", row_actions.PasswordView.as_view(), name="customer_password"),
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
    path("profile/tokens/", tokens.TokenListView.as_view(), name="token_list"),
    path("profile/tokens/new/", tokens.TokenCreateView.as_view(), name="token_create"),
    path(
        "profile/tokens/<int:pk>/revoke/", tokens.TokenRevokeView.as_view(), name="token_revoke"
    ),
    path("profile/sessions/", sessions.OwnSessionsView.as_view(), name="own_sessions"),
    path("profile/sign-ins/", sessions.OwnSignInsView.as_view(), name="own_sign_ins"),
    path("classes/", classes.ClassListView.as_view(), name="class_list"),
    path("classes/new/", classes.ClassCreateView.as_view(), name="class_create"),
    path("classes/<int:pk>/", classes.ClassEditView.as_view(), name="class_edit"),
    path("classes/<int:pk>/copy/", classes.ClassCopyView.as_view(), name="class_copy"),
    path("classes/<int:pk>/delete/", classes.ClassDeleteView.as_view(), name="class_delete"),
    path(
        "classes/<int:pk>/fields/",
        custom_fields.CustomFieldListView.as_view(),
        name="class_fields",
    ),
    path(
        "classes/<int:pk>/fields/new/",
        custom_fields.CustomFieldCreateView.as_view(),
        name="class_field_add",
    ),
    path(
        "class-fields/<int:pk>/",
        custom_fields.CustomFieldEditView.as_view(),
        name="class_field_edit",
    ),
    path(
        "class-fields/<int:pk>/archive/",
        custom_fields.CustomFieldArchiveView.as_view(),
        name="class_field_archive",
    ),
    path(
        "class-fields/<int:pk>/restore/",
        custom_fields.CustomFieldRestoreView.as_view(),
        name="class_field_restore",
    ),
    path(
        "business-models/",
        business_models.BusinessModelListView.as_view(),
        name="business_model_list",
    ),
    path(
        "business-models/new/",
        business_models.BusinessModelCreateView.as_view(),
        name="business_model_create",
    ),
    path(
        "business-models/<int:pk>/",
        business_models.BusinessModelEditView.as_view(),
        name="business_model_edit",
    ),
    path(
        "business-models/<int:pk>/delete/",
        business_models.BusinessModelDeleteView.as_view(),
        name="business_model_delete",
    ),
    path("audit-log/", audit.AuditListView.as_view(), name="audit_list"),
]
