"""Keep freed memory for the next array instead of giving it back to the system at once.

Rules owned here:
- A repair makes and frees hundreds of arrays of some megabytes. glibc returns what is freed at the
  end of its heap, and each page asked for again costs a fault: at 200k faces 20 of 350 CPU ms.
- Up to `KEPT_BYTES` stay with the process. Blocks above `_MAPPED_BYTES` are mapped and unmapped. At a
  million faces 48 MiB rather than 16 take 25,000 faults a repair instead of 45,000, at the same peak.
- Where the C library has no `mallopt` nothing changes.
- This belongs to a process that repairs files, so the verb that does asks for it; no import does.

Source: mallopt(3), Linux man-pages.
"""

import ctypes
from functools import cache

__all__ = ["KEPT_BYTES", "keep_freed_memory"]

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
