"""What every test may rely on."""

import os
from pathlib import Path

import pytest

from supportdesk.lib.cluster import Cluster


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave no server behind. With xdist the controller alone stops it, after its workers."""
    if "PYTEST_XDIST_WORKER" not in os.environ and "supportdesk-tests-" in os.environ.get("VAR_DIR", ""):
        Cluster(Path(os.environ["VAR_DIR"]), durable=False).stop()
