"""Named places at which a test may kill the process, to prove that nothing is lost or done twice there.

`FAILPOINT=mail.deliver.before_commit` kills at the first pass, `FAILPOINT=mail.deliver.before_commit:3` at the
third. Nothing else happens at a failpoint, ever; without the variable it costs one comparison.
"""

import os
import signal

_name, _, _nth = os.environ.get("FAILPOINT", "").partition(":")
_passes_left = int(_nth or "1")


def failpoint(name: str) -> None:
    """Die here as by kill -9 if the environment says so."""
    global _passes_left
    if name != _name:
        return
    _passes_left -= 1
    if _passes_left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
