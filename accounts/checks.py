"""Settings that cannot be meant. Each has an id and says what to write instead."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.http.request import validate_host

SHORTEST_KEY = 32


@register(Tags.security)
def second_factor(app_configs, **kwargs) -> list:
    """E001, W002."""
    if settings.STAFF_SECOND_FACTOR not in ("required", "offered"):
        return [
            Error(
                f"STAFF_SECOND_FACTOR is {settings.STAFF_SECOND_FACTOR!r}.",
                hint='Write "required" or "offered".',
                id="accounts.E001",
            )
        ]
    if settings.IS_HTTPS and settings.STAFF_SECOND_FACTOR == "offered":
        return [
            Warning(
                "Staff may sign in with one factor only.",
                hint="Set STAFF_SECOND_FACTOR=required on a desk that customers use.",
                id="accounts.W002",
            )
        ]
    return []


@register(Tags.security)
def address_of_the_site(app_configs, **kwargs) -> list:
    """E003, E004, E005: mailed links start at SITE_URL, and only known hosts are answered (S43)."""
    parts, found = urlsplit(settings.SITE_URL), []
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or parts.username:
        found.append(
            Error(
                f"SITE_URL is {settings.SITE_URL!r}.",
                hint="Write the scheme and the host alone, like https://desk.example.com",
                id="accounts.E003",
            )
        )
    elif not validate_host(parts.hostname, settings.ALLOWED_HOSTS):
        found.append(
            Error(
                f"ALLOWED_HOSTS does not name {parts.hostname}, so the links that we mail would be refused.",
                hint=f"Add {parts.hostname} to ALLOWED_HOSTS.",
                id="accounts.E004",
            )
        )
    if "*" in settings.ALLOWED_HOSTS:
        found.append(Error("ALLOWED_HOSTS takes any host.", hint="Name the hosts of this desk.", id="accounts.E005"))
    return found


@register(Tags.security)
def proxies(app_configs, **kwargs) -> list:
    """E006, E010."""
    if settings.IS_HTTPS and settings.TRUSTED_PROXIES == 0:
        return [
            Error(
                "SITE_URL begins with https, and no proxy is trusted to say that a request came by it.",
                hint="The web processes speak http: put a proxy before them and set TRUSTED_PROXIES=1.",
                id="accounts.E010",
            )
        ]
    if settings.TRUSTED_PROXIES >= 0:
        return []
    return [
        Error(
            f"TRUSTED_PROXIES is {settings.TRUSTED_PROXIES}.",
            hint="Write how many proxies stand in front of this process; 0 when it is reached directly.",
            id="accounts.E006",
        )
    ]


@register(Tags.security)
def secrets(app_configs, **kwargs) -> list:
    """E007, E008: errors are shown to nobody, and sessions are signed with a key that cannot be guessed (S57)."""
    found = []
    if settings.IS_HTTPS and settings.DEBUG:
        found.append(Error("DEBUG shows settings and code to visitors.", hint="Take DEBUG out.", id="accounts.E007"))
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if settings.IS_HTTPS and any(len(key) < SHORTEST_KEY for key in keys):
        found.append(
            Error(
                f"SECRET_KEY is shorter than {SHORTEST_KEY} characters.",
                hint="Leave it out, and one is made and kept in VAR_DIR; or write a long random one.",
                id="accounts.E008",
            )
        )
    return found


@register(Tags.security)
def counting(app_configs, **kwargs) -> list:
    """E009: limits that each process counts for itself are no limits (S46)."""
    backend = settings.CACHES["default"]["BACKEND"]
    if backend == "supportdesk.lib.cache.PostgresCache":
        return []
    return [
        Error(
            f"The cache is {backend}, which loses the counts of failed sign-ins.",
            hint="Leave CACHES as it is.",
            id="accounts.E009",
        )
    ]
