"""All settings but the menu, read from the environment in this one module.

Nothing here needs a database to be reachable, so that the command-line doors (``rate_calls``,
``match_prefixes``, ``billing_periods``) run right after the installation.
"""

from ipaddress import ip_network
from os import cpu_count
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from bootstrap_wrapper import get_bootstrap_dir
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from softswitch.settings import navigation

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)
# For commands and the demo on one machine; `check --deploy` reports it and wsgi.py refuses it.
DEVELOPMENT_KEY = "django-insecure-for-development-only"
# HTTPS is the default; the demo and the tests, on plain HTTP on this machine, say so.
HTTPS = env.bool("HTTPS", default=not DEBUG)
SECRET_KEY = env.str("SECRET_KEY", default="") or DEVELOPMENT_KEY
# Seal PINs and mail passwords in the database: the newest first, the oldest is never taken away.
SEALING_KEYS = env.list("SEALING_KEYS", default=[SECRET_KEY])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# How many trusted proxies stand in front; each adds the address it saw to X-Forwarded-For.
PROXY_COUNT = env.int("PROXY_COUNT", default=0)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "mptt",
    "guardian",
    "djmoney",
    "django_htmx",
    "template_partials",
    "django_tables2",
    "django_filters",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
    "csp",
    "ninja",
    "heroicons",
    "softswitch.core",
    "customers",
    "notifications",
    "accounts",
    "tariffs",
    "billing",
    "calls",
]

MIDDLEWARE = [
    "softswitch.core.middleware.RealAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "softswitch.core.middleware.PrivatePagesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "customers.middleware.ActorMiddleware",
    "customers.api.idempotency.IdempotencyMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "softswitch.urls"
WSGI_APPLICATION = "softswitch.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "softswitch.core.context.shell",
            ],
            "builtins": ["heroicons.templatetags.heroicons"],
        },
    },
]

# Data ------------------------------------------------------------------------------------------
DATABASES = {
    "default": {
        **env.db_url("DATABASE_URL", default="postgres://postgres@127.0.0.1:5432/softswitch"),
        "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
    }
}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL: only PostgreSQL is supported (postgres://...)")
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / ".data" / "media"))

# Jobs ------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_TASK_ROUTES = {"billing.render_*": {"queue": "pdf"}}
CELERY_TIMEZONE = "UTC"
# Beat only ticks: each task looks for due rows itself, so a lost or doubled tick does no harm.
# Work is sent when it arises; these sweeps pick up what a lost message left.
CELERY_BEAT_SCHEDULE = {
    "charge-pending-calls": {"task": "calls.charge_pending", "schedule": 30.0},
    "fold-traffic": {"task": "calls.fold_traffic", "schedule": 60.0},
    "prepare-months": {"task": "calls.prepare_months", "schedule": 6 * 3600.0},
    "archive-months": {"task": "calls.archive_months", "schedule": 24 * 3600.0},
    "resume-what-ifs": {"task": "calls.resume_what_ifs", "schedule": 60.0},
    "resume-cdr-imports": {"task": "calls.resume_imports", "schedule": 60.0},
    "resume-re-ratings": {"task": "calls.resume_re_ratings", "schedule": 60.0},
    "resume-voucher-batches": {"task": "accounts.resume_voucher_batches", "schedule": 60.0},
    "resume-record-imports": {"task": "billing.resume_record_imports", "schedule": 60.0},
    "purge-record-imports": {"task": "billing.purge_record_imports", "schedule": 24 * 3600.0},
    "issue-invoices": {"task": "billing.issue_invoices", "schedule": 300.0},
    "render-invoices": {"task": "billing.resume_documents", "schedule": 60.0},
    "expire-reservations": {"task": "billing.expire_reservations", "schedule": 60.0},
    "top-up-due": {"task": "billing.top_up_due", "schedule": 60.0},
    "look-up-payments": {"task": "billing.look_up_payments", "schedule": 900.0},
    "resume-rate-imports": {"task": "tariffs.resume_imports", "schedule": 60.0},
    "sweep-messages": {"task": "notifications.sweep", "schedule": 30.0},
    "sweep-webhooks": {"task": "notifications.sweep_webhooks", "schedule": 30.0},
    "purge-notifications": {"task": "notifications.purge", "schedule": 24 * 3600.0},
    "purge-report-files": {"task": "calls.purge_report_files", "schedule": 24 * 3600.0},
    "purge-sign-ins": {"task": "customers.purge_sign_ins", "schedule": 24 * 3600.0},
    "purge-drafts": {"task": "customers.purge_drafts", "schedule": 3600.0},
    "check-tree": {"task": "customers.check_tree", "schedule": 24 * 3600.0},
    "close-periods": {"task": "billing.close_periods", "schedule": 60.0},
    "send-daily-reports": {"task": "calls.send_daily_reports", "schedule": 60.0},
    "run-dunning": {"task": "billing.run_dunning", "schedule": 300.0},
    "run-alerts": {"task": "billing.run_alerts", "schedule": 60.0},
    "verify-ledger": {"task": "billing.verify_ledger", "schedule": 24 * 3600.0},
}

# Mail ------------------------------------------------------------------------------------------
# Where people reach the portal: the root of the links in letters.
PORTAL_URL = env.str("PORTAL_URL", default="").rstrip("/") or "http://localhost:8000"
# The sender of all mail: a neutral address, as no owner's mail tells who stands above it.
MAIL_FROM = env.str("MAIL_FROM", default="") or f"no-reply@{urlsplit(PORTAL_URL).hostname}"
_SMTP = env.email_url_config(env.str("SMTP_URL", default="") or "smtp://localhost:25")
EMAIL_HOST = _SMTP["EMAIL_HOST"]
EMAIL_PORT = _SMTP["EMAIL_PORT"] or 25
EMAIL_HOST_USER = _SMTP["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = _SMTP["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = _SMTP.get("EMAIL_USE_TLS", False)  # smtp+tls:// is STARTTLS
EMAIL_USE_SSL = _SMTP.get("EMAIL_USE_SSL", False)  # smtp+ssl:// is TLS from the start

# An own mail server may be slow or gone: so many workers are at one such server at most, and so
# many at all of them together. The other workers are left for the installation's server.
MAIL_AT_ONE_SERVER = env.int("MAIL_AT_ONE_SERVER", default=1)
MAIL_AT_OWN_SERVERS = env.int("MAIL_AT_OWN_SERVERS", default=0) or max(1, (cpu_count() or 1) // 2)

# People ----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "customers.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_MONKEY_PATCH_GROUP = False
ANONYMOUS_USER_NAME = None
# Rights are evaluated over all ancestors at once (customers.selectors), not by has_perm().
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("login", "name", "email")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "customers.services.password_policy.LoginReuseValidator"},
]
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # seconds that a set-password link lasts
ANNEX_LINK_DAYS = 30  # that the link to the calls of an invoice lasts, which needs no login
REPORT_LINK_DAYS = 14  # that the link to a daily CDR file lasts, which needs no login either
REPORT_ATTACHED_CALLS = 20_000  # up to so many calls, about 2 MB, a daily CDR file is attached
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "login"
AXES_USERNAME_FORM_FIELD = "username"  # of the login form; by default it looks for "login"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "login_locked.html"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code"]  # never stored as they were sent
OTP_TOTP_ISSUER = urlsplit(PORTAL_URL).hostname or "Softswitch"  # what an authenticator shows
SIP_REALM = env.str("SIP_REALM", default="softswitch")

# Safety ----------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Says that every name below the portal's is HTTPS too; HSTS_SUBDOMAINS=false where one is not.
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS and env.bool("HSTS_SUBDOMAINS", default=True)
SECURE_HSTS_PRELOAD = SECURE_HSTS_INCLUDE_SUBDOMAINS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "style-src": [SELF],
        "script-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Language, time, files -------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español"), ("ar", "العربية")]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "locale"]
STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / ".data" / "static"))
STATICFILES_DIRS = [BASE_DIR / "static", ("bootstrap", get_bootstrap_dir())]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = DEBUG
# Pictures and fonts are compressed already; source maps are large and only for developers.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("png", "gif", "jpg", "webp", "woff", "woff2", "map")
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
FORMS_URLFIELD_ASSUME_HTTPS = True
DJANGO_TABLES2_TEMPLATE = "components/table.html"

# The product -----------------------------------------------------------------------------------
BASE_CURRENCY = env.str("BASE_CURRENCY", default="USD")  # fixed at first run, see tariffs.Currency
MAX_CALL_SECONDS = 4 * 3600
# Calls older than this many days, or later than now, are refused as a wrong clock.
CDR_MAX_AGE_DAYS = env.int("CDR_MAX_AGE_DAYS", default=5 * 366)
# Calls and charges of months before the last so many are archived; 0 keeps all where they are.
CALL_RETENTION_MONTHS = env.int("CALL_RETENTION_MONTHS", default=0)
# A billing period closes so many hours after its end, when late calls have come in; a call that
# could not be rated holds it back for at most so many more.
CLOSING_DELAY_HOURS = env.int("CLOSING_DELAY_HOURS", default=6)
CLOSING_HOLD_HOURS = env.int("CLOSING_HOLD_HOURS", default=72)
# For so many days are kept: notices that were read, all notices, what was told to webhooks, text
# and files of letters, files of automatic reports. 0: for ever; what waits or is uncertain stays.
NOTICE_READ_DAYS = env.int("NOTICE_READ_DAYS", default=90)
NOTICE_DAYS = env.int("NOTICE_DAYS", default=400)
WEBHOOK_DELIVERY_DAYS = env.int("WEBHOOK_DELIVERY_DAYS", default=90)
MESSAGE_DAYS = env.int("MESSAGE_DAYS", default=400)
REPORT_FILE_DAYS = env.int("REPORT_FILE_DAYS", default=400)
# For so many months ahead the big tables have their partitions before calls come.
PARTITION_MONTHS_AHEAD = env.int("PARTITION_MONTHS_AHEAD", default=3)
# Online payments: where Stripe's API is, and the origins of the pages that it sends payers to.
STRIPE_API_URL = env.str("STRIPE_API_URL", default="https://api.stripe.com")
STRIPE_PAGE_ORIGINS = env.list("STRIPE_PAGE_ORIGINS", default=["https://checkout.stripe.com"])
# Networks that webhooks and mail servers of customers may lie in though they are private ones; the
# portal connects to no other private address (softswitch.core.outbound), and to mail servers
# elsewhere at the ports of mail alone.
OUTBOUND_ALLOWED_NETWORKS = [
    str(ip_network(text)) for text in env.list("OUTBOUND_ALLOWED_NETWORKS", default=[])
]
# The menu has a module of its own.
NAVIGATION = navigation.NAVIGATION
LIST_TABS = navigation.LIST_TABS
SEARCH_RIGHTS = navigation.SEARCH_RIGHTS

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        name: {"level": "WARNING"} for name in ("axes", "weasyprint", "fontTools", "factur-x")
    },
}
