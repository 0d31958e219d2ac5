"""How long something takes on a machine that does other things as well."""

import time
from collections.abc import Callable


def quickest(work: Callable[[], object], *, below: float, runs: int = 3) -> float:
    """Processor seconds of the quickest of `runs`; no further one is made once a run took less than `below`.

    Others on the same core make a run slower, never quicker.
    """
    best = float("inf")
    for _ in range(runs):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
        if best < below:
            break
    return best
