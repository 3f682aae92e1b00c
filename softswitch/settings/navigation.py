"""The main menu, and which of its pages are tabs of each other."""

# The menu: label, URL name, icon, right that shows it, children. Read by softswitch.core.context.
NAVIGATION: tuple[tuple[object, ...], ...] = (
    ("Dashboard", "dashboard", "squares-2x2", None, ()),
    (
        "Customers",
        "",
        "users",
        None,
        (
            ("Customer list", "customers:customer_list", "", "customers.view", ()),
            ("Customer tree", "customers:customer_tree", "", "customers.view", ()),
            ("Limits", "customers:limit_list", "", "customers.view", ()),
            ("Templates", "customers:template_list", "", "customers.add", ()),
            ("Classes", "customers:class_list", "", "customers.edit", ()),
            ("Business models", "customers:business_model_list", "", "customers.edit", ()),
            ("Imports", "billing:customer_import_list", "", "customers.add", ()),
        ),
    ),
    (
        "Accounts & Trunks",
        "",
        "phone",
        None,
        (
            ("Accounts", "accounts:account_list", "", "accounts.view", ()),
            ("Imports", "billing:account_import_list", "", "accounts.add", ()),
            ("Prepaid cards", "accounts:card_batch_list", "", "vouchers.view", ()),
            ("Trunks", "accounts:trunk_list", "", "trunks.view", ()),
            ("Hosts", "accounts:host_list", "", "trunks.view", ()),
            ("Voucher batches", "accounts:voucher_batch_list", "", "vouchers.view", ()),
            ("Vouchers", "accounts:voucher_list", "", "vouchers.view", ()),
        ),
    ),
    (
        "Tariffs & Currencies",
        "",
        "currency-dollar",
        None,
        (
            ("Tariffs", "tariffs:tariff_list", "", "tariffs.view", ()),
            ("Time-of-day profiles", "tariffs:profile_list", "", "tariffs.view", ()),
            ("Destination groups", "tariffs:group_list", "", "tariffs.view", ()),
            ("My rates", "tariffs:own_rates", "", "rates.view", ()),
            ("Rate simulator", "tariffs:simulator", "", "rates.view", ()),
            ("Exchange rates", "tariffs:exchange_list", "", "rates.view", ()),
            ("Re-rating", "calls:re_rating_list", "", "tariffs.edit", ()),
        ),
    ),
    (
        "Calls",
        "",
        "phone-arrow-up-right",
        None,
        (
            ("CDRs", "calls:call_list", "", "cdrs.view", ()),
            ("Unrated calls", "calls:unrated_list", "", "cdrs.view", ()),
            ("Reports", "calls:report", "", "reports.view", ()),
            ("Automatic reports", "calls:daily_report_list", "", "reports.view", ()),
            ("What if", "calls:what_if_list", "", "tariffs.view", ()),
            ("CDR deliveries", "calls:import_list", "", "system.settings", ()),
        ),
    ),
    (
        "Billing",
        "",
        "banknotes",
        None,
        (
            ("Invoices", "billing:invoice_list", "", "invoices.view", ()),
            ("Payments", "billing:payment_list", "", "balance.view", ()),
            ("Online payments", "billing:online_list", "", "balance.view", ()),
            ("Redeem voucher", "billing:redeem", "", "payments.make", ()),
            ("Statement", "billing:own_ledger", "", "balance.view", ()),
            ("Ledger entries", "billing:entry_list", "", "balance.view", ()),
            ("Billing periods", "billing:period_list", "", "balance.view", ()),
            ("Closing", "billing:closing_list", "", "balance.view", ()),
            ("Dunning", "billing:dunning_list", "", "money.manage", ()),
            ("Alert rules", "billing:alert_list", "", "money.manage", ()),
            ("Aging", "billing:aging", "", "invoices.view", ()),
            ("Revenue", "billing:revenue", "", "invoices.view", ()),
        ),
    ),
    (
        "Billing settings",
        "",
        "adjustments-horizontal",
        None,
        (
            ("Invoice settings", "billing:invoice_settings_list", "", "money.manage", ()),
            ("Payment terms", "billing:payment_term_list", "", "money.manage", ()),
            ("Tax settings", "billing:tax_list", "", "money.manage", ()),
            ("Invoices of accounts", "customers:account_parameters_all", "", "money.manage", ()),
            ("Payment provider", "billing:payment_provider", "", "money.manage", ()),
        ),
    ),
    (
        "System",
        "",
        "cog-6-tooth",
        None,
        (
            ("Switches", "calls:switch_list", "", "system.settings", ()),
            ("Storage", "calls:storage", "", "system.settings", ()),
            ("My company", "customers:company", "", "profile.edit", ()),
            ("Messages", "notifications:message_list", "", "audit.view", ()),
            ("Message templates", "notifications:template_list", "", "profile.edit", ()),
            ("Webhooks", "notifications:webhook_list", "", "profile.edit", ()),
            ("Mail settings", "notifications:mail_settings", "", "profile.edit", ()),
            ("Audit log", "customers:audit_list", "", "audit.view", ()),
        ),
    ),
)
# Who holds one of these has the search in the top bar (customers.views.search).
SEARCH_RIGHTS = ("customers.view", "accounts.view", "trunks.view")
# Pages of the menu that are shown as tabs of each other.
LIST_TABS: tuple[tuple[str, ...], ...] = (
    (
        "customers:customer_list",
        "customers:customer_tree",
        "customers:limit_list",
        "accounts:host_list",
    ),
    ("billing:period_list", "billing:closing_list"),
)
