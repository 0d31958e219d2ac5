"""Access tokens for XOAUTH2, as Gmail and Microsoft 365 demand for IMAP and SMTP."""

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from mail.models import Mailbox

TIMEOUT_SECONDS = 10
EARLY_SECONDS = 60
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class NoToken(RuntimeError):
    """No access token was to be had. The message says why in a sentence, without any secret."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


_opener = urllib.request.build_opener(_NoRedirect)
_lock = threading.Lock()
_tokens: dict[tuple, tuple[str, float]] = {}


def access_token(*, mailbox: Mailbox, secret: str) -> str:
    """A token that works now. `secret` is a refresh token when the mailbox has a token address, else the token itself.

    Tokens are kept in memory until a minute before they end. Raises NoToken.
    """
    if not mailbox.oauth_token_url:
        return secret
    key = (mailbox.oauth_token_url, mailbox.oauth_client_id, mailbox.oauth_client_secret, secret)
    with _lock:
        token, ends_at = _tokens.get(key, ("", 0.0))
        if ends_at > time.monotonic():
            return token
        token, seconds = _refresh(*key)
        _tokens[key] = (token, time.monotonic() + seconds - EARLY_SECONDS)
        return token


def forget(*, mailbox: Mailbox) -> None:
    """Drop the kept tokens of a mailbox; its server refused one."""
    with _lock:
        for key in [key for key in _tokens if key[:2] == (mailbox.oauth_token_url, mailbox.oauth_client_id)]:
            del _tokens[key]


def sasl(*, username: str, token: str) -> str:
    """The initial client response of SASL XOAUTH2, before base64."""
    return f"user={username}\x01auth=Bearer {token}\x01\x01"


def _refresh(url: str, client_id: str, client_secret: str, refresh_token: str) -> tuple[str, float]:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise NoToken("The token address of this mailbox has to begin with https://.")
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": client_id}
    if client_secret:
        form["client_secret"] = client_secret
    request = urllib.request.Request(url, urllib.parse.urlencode(form).encode(), {"Accept": "application/json"})  # noqa: S310 - the scheme was checked
    try:
        with _opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            values = json.loads(answer.read(100_000))
        return str(values["access_token"]), float(values.get("expires_in", 300))
    except urllib.error.HTTPError as error:
        raise NoToken(f"{parts.hostname} refused to renew the sign-in of this mailbox ({error.code}).") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoToken(f"{parts.hostname} gave no access token for this mailbox.") from error
