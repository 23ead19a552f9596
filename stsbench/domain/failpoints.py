"""Named places where a test may kill the process, to prove that nothing is left half-written.

A failpoint does nothing unless `STSBENCH_FAILPOINT` holds its name; then the process ends at once,
as at a power cut: no handler, no flush, no clean-up runs.
"""

import os
import signal

__all__ = ["VARIABLE", "failpoint"]

VARIABLE = "STSBENCH_FAILPOINT"


def failpoint(name: str) -> None:
    """Kill this process here when the environment names this place.

    Parameters
    ----------
    name : str
        `module.place`, such as "atomic.before_rename".
    """
    if os.environ.get(VARIABLE) == name:
        # Windows has no SIGKILL; there SIGTERM ends a process as abruptly.
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
