"""The description is right: every operation is driven from it with data that fits and data that does not."""

import os
import re
from dataclasses import replace

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client, override_settings
from django.utils import timezone
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from accounts.choices import Role
from accounts.rest import doors
from supportdesk.api import description
from supportdesk.wsgi import application
from tests.factories.accounts import make_member, make_organisation, make_staff
from tests.factories.api import make_token
from tests.factories.knowledgebase import make_article, make_process, make_space
from tests.factories.shop import make_shop
from tests.factories.tickets import make_ticket
from tickets.actions.flows.by_hand import begin_by_hand
from tickets.actions.processes import start_run
from tickets.models import Flow

# `API_EXAMPLES=100 pytest tests/api/test_schema.py` is the long run.
EXAMPLES = int(os.environ.get("API_EXAMPLES", "20"))
schema = schemathesis.openapi.from_wsgi("/api/schema/", application)


@pytest.fixture
def one_connection():
    """Requests share the test's own connection, whose transaction a real request would end."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def world(db, one_connection, monkeypatch):
    """A token and the numbers of rows that exist, by the first word of an address."""
    monkeypatch.setattr(doors, "WRONG_TOKENS", replace(doors.WRONG_TOKENS, times=10**6))
    organisation, agent = make_organisation(), make_staff(Role.LEAD, Role.AGENT)
    member = make_member(organisation=organisation)
    ticket = make_ticket(requester=member)
    numbers = {"tickets": ticket.pk, "messages": ticket.last_message_id, "organisations": organisation.pk}
    shop = make_shop(organisation)
    named = {"customer": "buyer", "product": "product", "order": "order", "shipment": "ready", "subscription": "plan",
             "invoice": "invoice", "payment": "payment", "refund": "refund"}  # fmt: skip
    numbers |= {f"{word}s": shop[name] for word, name in named.items()}
    numbers["refund-requests"] = shop["refund_request"]
    run = start_run(ticket=ticket, article=make_process(), by=agent, now=timezone.now())
    case = begin_by_hand(flow=Flow.objects.get(key="proposal"), ticket=ticket, by=agent, now=timezone.now())
    numbers |= {"processes": run.pk, "process-steps": run.steps.earliest("pk").pk, "cases": case.pk}
    numbers["articles"] = make_article(make_space(), "Our W-8BEN-E", "The form.").pk
    return {"secret": make_token(agent, now=timezone.now())[1], "people": member.pk, **numbers}


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=True,
)
def test_an_operation_is_as_the_schema_says(case, world):
    kind = case.path.split("/")[2]
    number = case.path_parameters.get("id")
    if isinstance(number, int) and number % 2 == 0 and kind in world:
        case.path_parameters["id"] = world[kind]

    with override_settings(API_REQUESTS_A_MINUTE=10**6):
        case.call_and_validate(
            # This client says that it takes gzip and then does not unpack it.
            headers={"Authorization": f"Bearer {world['secret']}", "Accept-Encoding": "identity"},
            excluded_checks=[
                # What the desk refuses (422) cannot all be said in a schema: an hour that has passed, a closed ticket.
                checks.positive_data_acceptance,
            ],
        )


def test_the_description_is_valid_and_was_made_without_a_warning():
    GENERATOR_STATS.reset()
    description.cache_clear()

    validate_schema(description())

    assert not (GENERATOR_STATS._warn_cache or GENERATOR_STATS._error_cache)


def operations():
    for path, methods in description()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


@pytest.mark.parametrize(
    ("name", "operation"), list(operations()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_operation_names_itself_its_scope_and_its_errors(name, operation):
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation["operationId"])
    assert operation["summary"][0].isupper()
    assert "scope `" in operation["description"] or operation["operationId"] == "me_read"
    assert {"400", "401", "403", "404", "429"} <= operation["responses"].keys()
    assert {"token": []} in operation["security"]
    for status, answer in operation["responses"].items():
        if status >= "400":
            [content] = answer["content"].values()
            assert content["schema"]["$ref"].endswith(("/ErrorAnswer", "/StaleAnswer", "/ConflictAnswer"))
    if "requestBody" in operation:
        assert {"413", "415"} <= operation["responses"].keys()


def test_no_two_operations_have_one_name():
    names = [operation["operationId"] for _, operation in operations()]

    assert len(names) == len(set(names)) == 101


def test_anybody_may_read_the_description_and_nothing_in_it_is_loaded_from_elsewhere(anybody):
    schema_answer, page = anybody.get("schema/"), anybody.get("")

    assert schema_answer.json() == description()
    assert schema_answer.headers["Content-Type"] == "application/vnd.oai.openapi+json"
    assert page.status_code == 200
    text = page.content.decode()
    for _, operation in operations():
        assert f'id="{operation["operationId"]}"' in text
    loaded = re.findall(r'(?:src|href|action)="([^"]+)"', text)
    assert loaded and all(address.startswith(("/", "#")) for address in loaded)
    assert "<script" not in text and "style=" not in text


def test_the_description_is_read_only(anybody):
    assert {anybody(method, "schema/").status_code for method in ("POST", "PUT", "DELETE")} == {405}
    assert Client().head("/api/").status_code == 200
