"""What a process that holds keys or names does to itself before it touches either.

Rules owned here:
- No core dump, no debugger of the same user (PR_SET_DUMPABLE), files for the owner only.
- What could not be done is returned as a sentence; the doctor shows it, nobody pretends.

References
----------
prctl(2), section PR_SET_DUMPABLE.
"""

import ctypes
import os
import sys

__all__ = ["harden_process", "limit_resources"]

_PR_SET_DUMPABLE = 4


def harden_process() -> tuple[str, ...]:
    """Close the side doors of this process; return one sentence per door that stays open."""
    os.umask(0o077)
    open_doors: list[str] = []
    if not _no_core_dumps():
        open_doors.append("Core dumps cannot be switched off on this system.")
    if not _no_debugger():
        open_doors.append("Another process of the same user may read the broker's memory.")
    return tuple(open_doors)


def limit_resources(*, memory_bytes: int, cpu_s: int) -> None:
    """Bound the memory and processor time of this process, where the system can."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - there is none on Windows

        for what, amount in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CPU, cpu_s)):
            _soft, hard = resource.getrlimit(what)
            bound = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
            resource.setrlimit(what, (bound, bound))


def _no_core_dumps() -> bool:
    if sys.platform == "win32":
        return False
    import resource  # noqa: PLC0415 - there is none on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return True


def _no_debugger() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    return int(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)) == 0
