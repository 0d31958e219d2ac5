"""Settings, from the environment. Every one is described in docs/settings.md.

A secret may come from a file: set NAME_FILE instead of NAME.
"""

import os
import secrets
from pathlib import Path

import environ

from supportdesk.lib.cluster import Cluster
from supportdesk.lib.logging import configure_structlog, settings_for

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))


def _kept_secret(name: str) -> str:
    """A secret made at the first start and kept in a 0600 file below VAR_DIR. It appears whole; the first one stays."""
    path = VAR_DIR / name
    if not path.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        fresh = VAR_DIR / f"{name}.{os.getpid()}.new"
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text()


DEBUG = False
SECRET_KEY = env.str("SECRET_KEY", default="") or _kept_secret("secret.key")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
SITE_URL = env.str("SITE_URL", default=f"http://127.0.0.1:{env.str('PORT', default='8000')}").rstrip("/")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "pgtrigger",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "accounts",
    "mail",
    "webhooks",
    "timers",
    "knowledgebase",
    "billing",
    "tickets",
    "training",
    "selfservice",
    "insights",
    "supportdesk",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "supportdesk.lib.compression.PageCompression",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "supportdesk.lib.wrong_method.wrong_method_in_words",
    "accounts.middleware.SameSiteOnly",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.as_this_person",
    "accounts.middleware.second_factor_first",
]

# `make bench` only: the floor that pages are held against, and the number of queries on every answer.
BENCH = env.bool("BENCH", default=False)
if BENCH:
    MIDDLEWARE.insert(0, "supportdesk.bench.floor.count_queries")

ROOT_URLCONF = "supportdesk.urls"
WSGI_APPLICATION = "supportdesk.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.about_person",
                "billing.context.store",
            ]
        },
    }
]

# With no DATABASE_URL our own PostgreSQL below VAR_DIR is started on first use.
DATABASE_URL = env.str("DATABASE_URL", default="") or Cluster(VAR_DIR).start()
DATABASES = {"default": {**env.db_url_config(DATABASE_URL), "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

# Folders in here can be brought into the wiki, and into the desk, from the settings.
IMPORT_DIR = Path(env.str("IMPORT_DIR", default=str(VAR_DIR / "import")))

# Files on their way in lie on the disk, since /tmp of a container is memory. Whatever a killed process left is swept.
FILE_UPLOAD_TEMP_DIR = VAR_DIR / "uploads"
FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "supportdesk.lib.bundles.BundleFinder",
]
_AGENT_SCRIPTS = (
    "desk", "keys", "palette", "drafts", "writing", "select", "live", "outbox", "presence", "views", "macros", "panes",
    "ahead", "narrow", "processes",
)  # fmt: skip
STATIC_BUNDLES = {
    "js/agent.js": [
        "django_htmx/htmx-2.min.js",
        "vendor/idiomorph-ext.min.js",
        *(f"js/{name}.js" for name in _AGENT_SCRIPTS),
    ],
    "css/all.css": ["css/desk.css"],
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "files": {"BACKEND": "mail.storage.DurableFileStorage", "OPTIONS": {"location": str(VAR_DIR / "files")}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Mail. With no EMAIL_URL, letters become files in VAR_DIR/outbox, a maildir that any mail program reads.
EMAIL_URL = env.str("EMAIL_URL", default="")
MAIL_OUTBOX = VAR_DIR / "outbox"
DEFAULT_MAIL_FROM = env.str("DEFAULT_MAIL_FROM", default="support@localhost")
MAIL_VAULT_KEYS = env.list("MAIL_VAULT_KEY", default=[]) or [_kept_secret("mail-vault.key")]
MAIL_MAX_BYTES = 25 * 1024 * 1024
SMTP_HOST = env.str("SMTP_HOST", default="127.0.0.1")
SMTP_PORT = env.int("SMTP_PORT", default=2525)
WEBHOOK_SECRET = env.str("WEBHOOK_SECRET", default="")
MAIL_WEBHOOK_PROVIDERS = env.list("MAIL_WEBHOOK_PROVIDERS", default=[])
_SIGNATURE_KEYS = (
    "MAILERSEND_INBOUND_SECRET", "MAILERSEND_SIGNING_SECRET", "MAILGUN_WEBHOOK_SIGNING_KEY",
    "MANDRILL_WEBHOOK_KEY", "MANDRILL_WEBHOOK_URL", "POSTAL_WEBHOOK_KEY",
)  # fmt: skip
ANYMAIL = {
    "WEBHOOK_SECRET": WEBHOOK_SECRET if ":" in WEBHOOK_SECRET else f"supportdesk:{WEBHOOK_SECRET}",
    **{name: env.str(name, default="") for name in _SIGNATURE_KEYS if env.str(name, default="")},
}
EMAIL_BACKEND = "mail.backend.QueueBackend"

# Outgoing webhooks go to public hosts, and to these ("host" or "host:port") wherever they are.
WEBHOOK_INTERNAL_HOSTS = [host.lower() for host in env.list("WEBHOOK_INTERNAL_HOSTS", default=[])]

# Files that customers prove something with are looked at by clamd before they are kept: "host:port" or a socket's path.
CLAMD_ADDRESS = env.str("CLAMD_ADDRESS", default="").strip()

# Payments. With no secret key, payments are played: billing/gateways/sandbox. STRIPE_SANDBOX=1 plays beside a test key.
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="").strip()
STRIPE_PUBLISHABLE_KEY = env.str("STRIPE_PUBLISHABLE_KEY", default="").strip()
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", default="").strip()
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="").rstrip("/")
STRIPE_SANDBOX = env.bool("STRIPE_SANDBOX", default=False)

# Live screens: how many may listen at `/live`, and how often their sessions are looked at again.
LIVE_MAX_STREAMS = env.int("LIVE_MAX_STREAMS", default=500)
LIVE_MAX_STREAMS_A_PERSON = env.int("LIVE_MAX_STREAMS_A_PERSON", default=20)
LIVE_RECHECK_SECONDS = env.int("LIVE_RECHECK_SECONDS", default=30)

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = settings_for(LOG_LEVEL)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
configure_structlog()

SITE_NAME = env.str("SITE_NAME", default="supportdesk")

# Signing in. Sessions, limits and used codes live in PostgreSQL: nothing of them is lost with Redis.
IS_HTTPS = SITE_URL.startswith("https://")
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
STAFF_SECOND_FACTOR = env.str("STAFF_SECOND_FACTOR", default="offered")
AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["accounts.backends.PersonBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ["email", "name"]}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]  # fmt: skip
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
CACHES = {"default": {"BACKEND": "supportdesk.lib.cache.PostgresCache"}}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]  # asked by the machine itself, over http
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS and TRUSTED_PROXIES else None
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_VERIFICATION = "none"  # the code that signs a person in has proven the address
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_REAUTHENTICATION_REQUIRED = False  # accounts.proof asks instead, of everybody, not only of those with a password
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS

# Background work. Rows hold the work and Celery wakes; without Redis, files in a folder carry the wake-ups.
REDIS_URL = env.str("REDIS_URL", default="")
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object]
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 10, "socket_keepalive": True}
else:
    _broker = VAR_DIR / "broker"
    _broker.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_URL = "folder://localhost"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker),
        "data_folder_out": str(_broker),
        "control_folder": str(_broker / "control"),
        "polling_interval": 0.2,
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False  # a task that kills its process is not handed to the next one
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 120  # for tasks that declare none
CELERY_TASK_TIME_LIMIT = 150
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_POOL = "supportdesk.lib.worker_pool:TaskPool"  # a killed process never holds up the others
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # kB; a leak ends with its process (F31)
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"
# What beat wakes, and how often in seconds. Each app adds its line; the task finds its own work.
BEAT_SWEEPS = {
    "accounts.tidy": 3600,
    "accounts.note_journal_head": 24 * 3600,
    "billing.charge_plans": 60,
    "billing.events_due": 5,
    "billing.payments_due": 10,
    "billing.reconcile": 3600,
    "billing.refunds_due": 5,
    "billing.sandbox_due": 5,
    "billing.tidy_carts": 3600,
    "billing.make_documents": 60,
    "insights.gather": 20,
    "insights.gather_all": 3600,
    "insights.tell_of_fixes": 10,
    "insights.look_after_programmes": 60,
    "insights.keep_activity": 300,
    "insights.keep_all_activity": 24 * 3600,
    "insights.mail_the_week": 600,
    "knowledgebase.check_links": 600,
    "knowledgebase.count_popularity": 3600,
    "knowledgebase.look_after_checks": 300,
    "mail.deliver_due": 5,
    "mail.fetch_all": 60,
    "mail.tidy": 3600,
    "timers.sweep": 5,
    "timers.forget": 24 * 3600,
    "tickets.keep_day": 60,
    "tickets.take_in_pending": 5,
    "tickets.read_files": 10,
    "tickets.learn_words": 120,
    "tickets.mark_asked_again": 60,
    "tickets.mark_all_asked_again": 24 * 3600,
    "tickets.tidy": 3600,
    "tickets.train_reasons": 900,
    "tickets.forget_import_files": 3600,
    "tickets.forget_runs": 24 * 3600,
    "webhooks.deliver_due": 5,
    "webhooks.tidy": 3600,
}
# A wake-up older than its interval says nothing that the next one does not.
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": seconds, "options": {"expires": seconds}} for name, seconds in BEAT_SWEEPS.items()
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

# The API. Requests are counted for each person, through whichever door they come.
API_REQUESTS_A_MINUTE = env.int("API_REQUESTS_A_MINUTE", default=600)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.rest.doors.BearerToken", "accounts.rest.doors.OwnSession"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.rest.rights.Rights"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "supportdesk.lib.rest.json_body.AlwaysJson",
    "DEFAULT_PARSER_CLASSES": ["supportdesk.lib.rest.json_body.JsonBody"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "supportdesk.lib.rest.schema.Described",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "supportdesk.lib.rest.errors.answer",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "rest_framework.renderers.MultiPartRenderer",
    ],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "supportdesk",
    "VERSION": "1",
    "DESCRIPTION": "Tickets, messages, people and organisations of this desk, for programs of its staff.",
    "SCHEMA_PATH_PREFIX": "/api/",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "Category": "tickets.choices.Category",
        "Priority": "tickets.choices.Priority",
        "TicketType": "tickets.choices.TicketType",
        "Channel": "tickets.choices.Channel",
        "Delivery": "tickets.choices.Delivery",
        "RelationKind": "tickets.choices.RelationKind",
        "FieldKind": "tickets.choices.FieldKind",
        "ArticleKind": "knowledgebase.choices.ArticleKind",
        "PersonRole": "accounts.choices.Role",
        "Scope": "accounts.choices.Scope",
        "InvoiceState": "billing.choices.InvoiceState",
        "PaymentState": "billing.choices.PaymentState",
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "style-src": ["'self'"],
        "script-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
# Not "no-referrer": under it browsers send "Origin: null" with our own forms, and the CSRF check refuses them.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
