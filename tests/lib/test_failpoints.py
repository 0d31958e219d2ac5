"""A failpoint kills where it is told to and does nothing anywhere else."""

import os
import signal
import subprocess
import sys

import pytest

PROGRAM = """
from supportdesk.lib.failpoints import failpoint
for step in range(4):
    failpoint("other")
    failpoint("here")
    print(step, flush=True)
"""


@pytest.mark.parametrize(
    ("setting", "steps", "code"),
    [("", "0123", 0), ("elsewhere", "0123", 0), ("here", "", -signal.SIGKILL), ("here:3", "01", -signal.SIGKILL)],
)
def test_a_failpoint_kills_at_the_named_pass_only(setting, steps, code):
    """F3."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={**os.environ, "FAILPOINT": setting}, capture_output=True, text=True
    )

    assert (done.stdout.split(), done.returncode) == (list(steps), code)
