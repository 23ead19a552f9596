"""Freed memory serves the next array or goes back: in a process of its own, for it stays that way."""

import platform
import subprocess
import sys

import pytest

CYCLES = """
import resource
import numpy as np
{first}
def cycle():
    for size in (3, 5, 9, 14):
        parts = [np.ones(size << 17) for _ in range(3)]
        del parts
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
cycle()
cycle()
before = faults()
for _ in range(5):
    cycle()
print(faults() - before)
"""
HELD = """
import resource
import numpy as np
from stsbench.workflow.freed_memory import give_back_freed_memory
def resident_mb():
    with open("/proc/self/statm") as told:
        return int(told.read().split()[1]) * resource.getpagesize() / 2**20
arrays = [np.ones(8000) for _ in range(1000)]  # 61 MB in blocks too small to be mapped
held = arrays[-1]
del arrays
before = resident_mb()
print(give_back_freed_memory(), before - resident_mb())
"""
KEEP = "from stsbench.workflow.freed_memory import keep_freed_memory\nassert keep_freed_memory()"


pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be asked")


def said_by(code):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def faults(first):
    return int(said_by(CYCLES.format(first=first)))


def test_pages_are_not_asked_for_again():
    assert faults(KEEP) < 100 < faults("")


def test_free_pages_below_one_in_use_are_given_back():
    given, mb = said_by(HELD).split()
    assert given == "True"
    assert float(mb) > 50
