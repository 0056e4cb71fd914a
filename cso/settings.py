"""All settings, from the environment. What is missing or wrong stops the start with one line that says what to do.

A secret may stand in a file instead: NAME_FILE names the file that holds NAME.
"""

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from environs import Env, EnvError, validate

from cso import logs, pool

T = TypeVar("T")
BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()


def checked(read: Callable[..., T], name: str, *, hint: str, **options: Any) -> T:
    """The setting, or the end with a hint. The value itself is not shown: it may be a secret."""
    try:
        return read(name, **options)
    except (EnvError, KeyError, ValueError):
        sys.exit(f"{name}: {hint}")


def secret(name: str, *, hint: str, default: str | None = None) -> str:
    """A setting that may stand in the file which NAME_FILE names. It may be empty where the default is."""
    file = env.str(f"{name}_FILE", "")
    if file:
        try:
            value = Path(file).read_text().strip()
        except OSError as error:
            sys.exit(f"{name}_FILE: {file} cannot be read ({error.strerror})")
    else:
        value = env.str(name, default) or ""
    if not value and default != "":
        sys.exit(f"{name}_FILE: {file} is empty" if file else f"{name}: {hint}")
    return value


# mypy, makemigrations and check read the code only; with CSO_OFFLINE=1 they need no servers and no secrets.
OFFLINE = checked(env.bool, "CSO_OFFLINE", default=False, hint="1 or 0")
# Plain http, for `make run` and tests on one's own machine. Everything else is https.
INSECURE_HTTP = checked(env.bool, "CSO_INSECURE_HTTP", default=False, hint="1 allows plain http, else 0")
DEMO = checked(env.bool, "CSO_DEMO", default=False, hint="1 where the invented demo agencies are loaded, else 0")
DEBUG = False

SECRET_KEY = secret(
    "SECRET_KEY",
    default="offline" if OFFLINE else None,
    hint="set it to 50 or more random characters, the same for every process of the installation",
)
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
ALLOWED_HOSTS = [*env.list("ALLOWED_HOSTS", []), "127.0.0.1", "localhost"]
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])

# --- PostgreSQL and Valkey --------------------------------------------------------------------------------------

# Each web process uses one core, and has so many threads and a pool of connections of its own.
WEB_PROCESSES = checked(
    env.int, "CSO_WEB_PROCESSES", default=2, validate=validate.Range(1, 64), hint="a number from 1 to 64, 2 as shipped"
)
WEB_THREADS = checked(
    env.int,
    "CSO_WEB_THREADS",
    default=16,
    validate=validate.Range(1, 256),
    hint="a number from 1 to 256, 16 as shipped",
)


def _database(url: str, *, pooled: bool) -> dict[str, Any]:
    """Django's entry for a PostgreSQL address, e.g. postgresql://cso_app:secret@db.example/cso"""
    if not url.startswith(("postgres://", "postgresql://")):
        sys.exit("DATABASE_URL: postgresql://USER:PASSWORD@HOST/NAME is needed, no other database will do")
    entry: dict[str, Any] = env.dj_db_url("CSO_NO_SUCH_NAME", url)
    options = entry.setdefault("OPTIONS", {})
    options["connect_timeout"] = 3
    if pooled:
        entry["ENGINE"] = "cso.database"
        # A statement is parsed, rewritten for the walls and planned once. PgBouncer has to be in session mode anyway.
        options |= {"server_side_binding": True, "prepare_threshold": 5}
        options["pool"] = {
            "min_size": 1,
            "max_size": WEB_THREADS + 8,
            "timeout": pool.WAIT_S,
            "reconnect_timeout": pool.WAIT_S,
        }
    return entry


DATABASE_URL = secret(
    "DATABASE_URL",
    default="postgresql:///offline" if OFFLINE else None,
    hint="the address of PostgreSQL 15 or newer for the role cso_app; `make run` brings its own",
)
# The owner of the tables; only migrations connect as it, and it may be absent everywhere else.
DATABASE_OWNER_URL = secret("DATABASE_OWNER_URL", default=DATABASE_URL, hint="the address for the role cso_owner")
# Sees across the walls and writes nothing; only backups connect as it, and the site's processes need not know it.
DATABASE_BACKUP_URL = secret("DATABASE_BACKUP_URL", default=DATABASE_URL, hint="the address for the role cso_backup")
AS_OWNER = checked(env.bool, "CSO_AS_OWNER", default=False, hint="1 or 0; manage.py sets it for migrate")
OWNER_DATABASE = _database(DATABASE_OWNER_URL, pooled=False)
# A migration that waits for a lock makes everybody behind it wait: it gives up, and is tried again.
OWNER_DATABASE["OPTIONS"]["options"] = "-c lock_timeout=4s"
DATABASES = {"default": OWNER_DATABASE if AS_OWNER else _database(DATABASE_URL, pooled=not OFFLINE)}
DATA_DIR = checked(env.path, "CSO_DATA_DIR", default=BASE_DIR / ".data", hint="a folder")
BACKUP_DIR = checked(env.path, "CSO_BACKUP_DIR", default=DATA_DIR / "backups", hint="a folder")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = secret("REDIS_URL", default="redis://127.0.0.1:6379/0", hint="redis://HOST:6379/0 or unix:///path")
if urlsplit(REDIS_URL).scheme not in ("redis", "rediss", "unix"):
    sys.exit("REDIS_URL: redis://HOST:6379/0, rediss://... or unix:///path/to/the.sock is needed")

# A dead or frozen Valkey may cost a request 0.2 s once, and then nothing until it answers again.
VALKEY_TIMEOUT_S = 0.2
CACHES = {
    "default": {
        "BACKEND": "cso.cache.ValkeyOrMemory",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cso",
        "OPTIONS": {"socket_timeout": VALKEY_TIMEOUT_S, "socket_connect_timeout": VALKEY_TIMEOUT_S},
    }
}
SESSION_ENGINE = "agencies.signed_in"  # in the database: sign-ins outlive Valkey

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 5, "visibility_timeout": 60}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "cso.beat:Scheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
# Deadlines are rows; a sweep that waited two seconds for a worker has been overtaken by the next one.
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "dispatch.tasks.sweep", "schedule": timedelta(seconds=1), "options": {"expire_seconds": 2}},
    "deliver": {"task": "ledger.tasks.deliver", "schedule": timedelta(seconds=2), "options": {"expire_seconds": 2}},
    "forget": {"task": "api.tasks.forget_keys", "schedule": timedelta(hours=1), "options": {"expire_seconds": 600}},
}
# The web process keeps the clocks itself while no worker does.
STANDBY_CLOCK = checked(env.bool, "CSO_STANDBY_CLOCK", default=True, hint="1, or 0 where something else keeps watch")
DJANGO_CELERY_BEAT_TZ_AWARE = True

# --- The site ---------------------------------------------------------------------------------------------------

ROOT_URLCONF = "cso.urls"
ASGI_APPLICATION = "cso.asgi.application"
AUTH_USER_MODEL = "agencies.User"

INSTALLED_APPS = [
    "agencies",
    "ledger",
    "calls",
    "referrals",
    "dispatch",
    "api",
    "cso",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "cso.apps.OurStaticFiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "django_celery_beat",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "pgtrigger",
    "rest_framework",
    "template_partials",
]

MIDDLEWARE = [
    "cso.logs.RequestLog",
    "api.problems.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "agencies.middleware.AgencyMiddleware",
    "agencies.middleware.TokenMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dispatch.standing.standing",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "template_partials.templatetags.partials",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

USE_TZ = True
TIME_ZONE = "UTC"  # each agency's own zone is applied at the edge
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = checked(env.path, "CSO_STATIC_ROOT", default=BASE_DIR / ".data" / "static", hint="a folder")
# Tests serve the files as they are; everything else serves them under names that change with their content.
STATIC_AS_IS = checked(env.bool, "CSO_STATIC_AS_IS", default=False, hint="1 or 0")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if STATIC_AS_IS else "cso.static.Hashed"
    },
}
WHITENOISE_USE_FINDERS = STATIC_AS_IS
WHITENOISE_MAX_AGE = 0 if STATIC_AS_IS else 3600

EMAIL = checked(env.dj_email_url, "EMAIL_URL", default="dummy://", hint="e.g. smtp+tls://USER:PASSWORD@HOST:587")
if "EMAIL_BACKEND" not in EMAIL:
    sys.exit("EMAIL_URL: e.g. smtp+tls://USER:PASSWORD@HOST:587")
EMAIL_BACKEND = EMAIL["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL["EMAIL_HOST"]
EMAIL_PORT = EMAIL["EMAIL_PORT"]
EMAIL_HOST_USER = EMAIL["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = EMAIL["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = EMAIL.get("EMAIL_USE_TLS", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "console@localhost")

# --- Who comes in -----------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "agencies.signed_in.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "cso.accounts.InvitedOnly"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an administrator invited the person
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None}  # axes counts in the database, which survives Valkey
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "cso.accounts.name_tried"
AXES_IPWARE_META_PRECEDENCE_ORDER = ["REMOTE_ADDR"]  # uvicorn has put the client there, whom it believes
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_VERBOSE = False

# --- What a browser is told -------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "worker-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = not INSECURE_HTTP
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 0 if INSECURE_HTTP else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not INSECURE_HTTP
SECURE_HSTS_PRELOAD = not INSECURE_HTTP
# Two installations on one machine share the browser's cookies unless their names differ.
SESSION_COOKIE_NAME = env.str("CSO_SESSION_COOKIE", "cso_session")
SESSION_COOKIE_AGE = int(timedelta(hours=14).total_seconds())  # a shift and its overtime
SESSION_COOKIE_SECURE = not INSECURE_HTTP
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = not INSECURE_HTTP
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = not INSECURE_HTTP
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Logs -------------------------------------------------------------------------------------------------------

# Whoever has it may read /metrics; where it is empty nobody may.
METRICS_TOKEN = secret("CSO_METRICS_TOKEN", default="", hint="a long random word")
LOGGING_CONFIG = None
logs.configure(level=env.str("CSO_LOG_LEVEL", "INFO").upper())

# --- The API ----------------------------------------------------------------------------------------------------

API_REQUESTS_PER_MINUTE = checked(
    env.int,
    "CSO_API_REQUESTS_PER_MINUTE",
    default=1200,
    validate=validate.Range(1),
    hint="how many a token may make, from 1; 1200 as shipped",
)
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["api.auth.BearerToken"],
    "DEFAULT_PERMISSION_CLASSES": ["api.auth.Members"],
    "DEFAULT_THROTTLE_CLASSES": ["api.throttles.PerToken"],
    "DEFAULT_PARSER_CLASSES": ["api.parsing.StrictJSON"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "api.negotiation.AlwaysJSON",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "api.problems.answer",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "CSO console",
    "DESCRIPTION": "Calls, triage, units, assignments and shifts of one agency: the one that the token names.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": False,
    "SORT_OPERATIONS": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "CallStatus": "api.v1.choices.CALL_STATUSES",
        "AssignmentStatus": "api.v1.choices.ASSIGNMENT_STATUSES",
        "RuleSetStatus": "api.v1.choices.RULE_SET_STATUSES",
        "UnitStatus": "api.v1.choices.UNIT_STATUSES",
        "Route": "api.v1.choices.ROUTES",
        "Source": "api.v1.choices.SOURCES",
        "Role": "api.v1.choices.ROLES",
        "DecidedByKind": "api.v1.choices.DECIDERS",
        "Answer": "api.v1.choices.ANSWERS",
    },
}
