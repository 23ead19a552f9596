"""What becomes of freed memory: kept for the next array, or given back to the system.

Rules owned here:
- A repair makes and frees hundreds of arrays of some megabytes. glibc returns what is freed at the
  end of its heap, and each page asked for again costs a fault: at 200k faces 20 of 350 CPU ms.
- Up to `KEPT_BYTES` stay with the process. Blocks above `_MAPPED_BYTES` are mapped and unmapped. At a
  million faces 48 MiB rather than 16 take 25,000 faults a repair instead of 45,000, at the same peak.
- A kernel rests for minutes between two pieces of work and others run beside it: its bench gives back
  what the work has freed. glibc by itself returns only the end of its heap, and a small object that
  is still in use holds all below it: 8 to 20 MB of free memory in a kernel of 180.
- Where the C library has no `mallopt` or `malloc_trim` nothing changes.
- Both belong to a process, so who owns it asks for them; no import does.

Source: mallopt(3) and malloc_trim(3), Linux man-pages.
"""

import ctypes
from functools import cache

__all__ = ["KEPT_BYTES", "give_back_freed_memory", "keep_freed_memory"]

KEPT_BYTES = 64 << 20
_MAPPED_BYTES = 48 << 20
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3


@cache
def keep_freed_memory() -> bool:
    """Let the C library keep freed memory; return whether it does."""
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return False
    return bool(set_option(_MMAP_THRESHOLD, _MAPPED_BYTES)) and bool(
        set_option(_TRIM_THRESHOLD, KEPT_BYTES)
    )


def give_back_freed_memory() -> bool:
    """Give every free page of the heaps back to the system; return whether it took any.

    Some milliseconds for a heap of 100 MB; other threads wait for them only where they allocate.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return False
    return bool(trim(ctypes.c_size_t(0)))
