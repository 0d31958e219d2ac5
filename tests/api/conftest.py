"""A program that calls the API."""

import json
from dataclasses import dataclass

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories.api import make_token


@dataclass
class Program:
    """Calls with one token, or with none. Every answer that is not a file is JSON."""

    secret: str = ""

    def __call__(self, method: str, path: str, body: object = None, **headers: str):
        """`body` is made JSON unless it is bytes. Header names are written with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.secret:
            sent.setdefault("Authorization", f"Bearer {self.secret}")
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        client = Client(raise_request_exception=False)
        return client.generic(method, f"/api/{path}", content, content_type="application/json", headers=sent)

    def get(self, path: str, **headers: str):
        return self("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str):
        return self("POST", path, body, **headers)

    def patch(self, path: str, body: object, **headers: str):
        return self("PATCH", path, body, **headers)


@pytest.fixture
def program():
    """The program of a person, with the scopes that are named or with all: `program(agent, "tickets:read")`."""

    def program_of(person, *scopes: str) -> Program:
        return Program(make_token(person, *scopes, now=timezone.now())[1])

    return program_of


@pytest.fixture
def anybody() -> Program:
    """A program without a token."""
    return Program()
