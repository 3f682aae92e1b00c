"""The framework under all apps: views, tables, forms, money, locks, jobs, errors."""
