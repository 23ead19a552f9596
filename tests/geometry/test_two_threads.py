"""The helper thread: same answers, no deadlock, errors where they belong."""

import subprocess
import sys
import threading

import pytest

from stsbench.geometry.two_threads import in_threads, side_by_side


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_results_keep_the_order_of_the_chunks(threads):
    assert in_threads(lambda x: x * x, range(7), threads=threads) == [x * x for x in range(7)]


@pytest.mark.parametrize("chunks", [[], [3]])
def test_little_work_stays_in_the_calling_thread(chunks):
    here = threading.get_ident()
    assert in_threads(lambda _: threading.get_ident(), chunks) == [here] * len(chunks)


def test_two_things_at_once_run_on_two_threads():
    both = threading.Barrier(2, timeout=20)

    def meet():
        both.wait()  # breaks, and fails the test, unless the other one runs now too
        return threading.get_ident()

    first, second = side_by_side(meet, meet)
    assert first != second


def test_the_helper_is_kept():
    both = threading.Barrier(2, timeout=20)
    runs = [
        set(in_threads(lambda _: (both.wait(), threading.get_ident())[1], range(2)))
        for _ in range(3)
    ]
    assert runs[0] == runs[1] == runs[2]


def test_calls_within_calls_never_wait_for_each_other():
    def outer(x):
        return sum(in_threads(lambda y: sum(side_by_side(lambda: x, lambda: y)), range(4)))

    assert in_threads(outer, range(5)) == [4 * x + 6 for x in range(5)]


def test_several_callers_share_the_helper():
    found = [[] for _ in range(4)]

    def call(n):
        for _ in range(20):
            found[n].append(in_threads(lambda x: x + n, range(5)))

    callers = [threading.Thread(target=call, args=(n,)) for n in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(30)
    assert all(found[n] == [[x + n for x in range(5)]] * 20 for n in range(4))


@pytest.mark.parametrize("threads", [1, 2])
def test_the_first_error_comes_out(threads):
    def fail(x):
        if x >= 2:
            raise ValueError(f"chunk {x}")
        return x

    for _ in range(20):
        with pytest.raises(ValueError, match="chunk 2"):
            in_threads(fail, range(6), threads=threads)
    assert in_threads(abs, [-1, -2]) == [1, 2]


@pytest.mark.skipif(not hasattr(sys, "getdlopenflags"), reason="no fork on this system")
def test_a_forked_child_has_a_helper_of_its_own():
    code = """
import os, signal, threading
from stsbench.geometry.two_threads import in_threads
def idents():
    both = threading.Barrier(2, timeout=20)
    return in_threads(lambda _: (both.wait(), threading.get_ident())[1], range(2))
assert len(set(idents())) == 2
child = os.fork()
if child == 0:
    signal.alarm(30)
    os._exit(0 if len(set(idents())) == 2 else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=120)
