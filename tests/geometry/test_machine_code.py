"""Stored machine code gives what numba gives, and whatever is wrong with it numba makes good."""

import ctypes
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from llvmlite import binding

from stsbench.geometry.elf_symbols import read_symbols
from stsbench.geometry.machine_code import call_key, load_code, store_code

PACKAGE = Path(__file__).parents[2] / "stsbench"
CALLEE = "from stsbench.geometry.compiled import kernel\n@kernel\ndef grown(x):\n    return x + 1\n"
KERNELS = """
from typing import NamedTuple
import numpy as np
from stsbench.geometry.compiled import kernel
from stsbench.geometry.callee import grown

class Pair(NamedTuple):
    first: np.ndarray
    second: np.ndarray

@kernel
def doubled(values, times):
    out = np.empty(values.shape[0])
    for i in range(values.shape[0]):
        out[i] = grown(values[i]) * times
    return out

@kernel
def checked(number):
    if number < 0:
        raise ValueError("below zero")
    return np.sqrt(number)

@kernel
def added(pair):
    total = 0.0
    for i in range(pair.first.shape[0]):
        total += pair.first[i] * pair.second[i]
    return total
"""
START = """
import json, sys
import numpy as np
from stsbench.geometry.samples import Pair, added, checked, doubled
def say(*results):
    print(json.dumps([*results, "numba" in sys.modules]))
values = np.arange(4.0)
"""
USE = "say(doubled(values, 2).tolist(), checked(4.0), added(Pair(values, values)))"
USED = [[2.0, 4.0, 6.0, 8.0], 2.0, 14.0]


def run(package, code, **environment):
    done = subprocess.run(
        [sys.executable, "-P", "-c", START + code],
        env=os.environ
        | {"PYTHONPATH": str(package / "site"), "STSBENCH_CACHE": str(package / "cache")}
        | environment,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compiled")
    for layer in ("geometry", "domain"):
        shutil.copytree(
            PACKAGE / layer,
            folder / "site" / "stsbench" / layer,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for name in ("__init__.py", "errors.py"):
        shutil.copy(PACKAGE / name, folder / "site" / "stsbench" / name)
    (folder / "site" / "stsbench" / "geometry" / "samples.py").write_text(KERNELS)
    (folder / "site" / "stsbench" / "geometry" / "callee.py").write_text(CALLEE)
    assert run(folder, USE) == [*USED, True]
    return folder


@pytest.fixture
def package(compiled, tmp_path):
    (tmp_path / "site").symlink_to(compiled / "site")
    shutil.copytree(compiled / "cache", tmp_path / "cache")
    return tmp_path


def test_a_kernel_compiled_before_needs_no_numba(compiled):
    assert run(compiled, USE) == [*USED, False]


def spoil_nothing_left(data):
    return b""


def spoil_end(data):
    return data[: len(data) // 2]


def spoil_code(data):
    return data[:-200] + bytes([data[-200] ^ 1]) + data[-199:]


def spoil_list(data):
    return data[:80] + bytes([data[80] ^ 1]) + data[81:]


def spoil_version(data):
    return data.replace(b"machine code 1", b"machine code 0")


@pytest.mark.parametrize(
    "spoil", [None, spoil_nothing_left, spoil_end, spoil_code, spoil_list, spoil_version]
)
def test_what_is_damaged_is_made_anew(package, spoil):
    (file,) = package.glob("cache/kernels/*/doubled-*.code")
    before = file.read_bytes()
    if spoil is None:
        file.unlink()
    else:
        file.write_bytes(spoil(before))
        assert file.read_bytes() != before
    assert run(package, USE) == [*USED, True]
    assert file.read_bytes() == before
    assert run(package, USE) == [*USED, False]


def test_a_file_under_another_name_is_not_taken(package):
    """The name is a digest of the kinds of arguments: what the file says must agree."""
    (doubled,) = package.glob("cache/kernels/*/doubled-*.code")
    (checked,) = package.glob("cache/kernels/*/checked-*.code")
    shutil.copy(checked, doubled)
    assert run(package, USE) == [*USED, True]


def test_other_kinds_of_arguments_are_never_read_as_the_stored_kind(package):
    code = """
others = [
    values.astype(np.float32), values.astype(np.int64), values.astype(np.uint64),
    np.arange(8.0)[::2], np.asfortranarray(np.ones((4, 2)))[:, 0],
]
fixed = values.copy()
fixed.flags.writeable = False
say([doubled(other, 2).tolist() for other in (*others, fixed)], doubled(values, 0.5).tolist())
"""
    plain = [2.0, 4.0, 6.0, 8.0]
    results, halves, numba = run(package, code)
    assert results == [plain, plain, plain, [2.0, 6.0, 10.0, 14.0], [4.0] * 4, plain]
    assert halves == [0.5, 1.0, 1.5, 2.0]
    assert numba
    assert run(package, "say(doubled(values.astype(np.float32), 2).tolist())") == [plain, False]


@pytest.mark.parametrize(
    "call",
    ["doubled(values.astype('>f8'), 2)", "doubled('1234', 2)", "doubled(values)", "doubled()"],
)
def test_what_numba_refuses_is_refused(package, call):
    code = f"""
try:
    {call}
    say("taken")
except Exception as error:
    say(type(error).__name__)
"""
    assert run(package, code)[0] in {"TypingError", "TypeError", "NumbaValueError"}


def test_errors_of_a_kernel_come_through(compiled):
    code = """
try:
    checked(-1.0)
except ValueError as error:
    say(str(error))
"""
    assert run(compiled, code) == ["below zero", False]


def test_threads_share_one_kernel(compiled):
    code = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    results = list(pool.map(lambda n: doubled(np.full(1000, float(n)), 2).sum(), range(64)))
say(results)
"""
    assert run(compiled, code) == [[2000.0 * (n + 1) for n in range(64)], False]


def test_a_fork_keeps_what_is_loaded_and_loads_more(compiled):
    code = """
import os
before = doubled(values, 2).tolist()
child = os.fork()
if child == 0:
    right = doubled(values, 2).tolist() == before and added(Pair(values, values)) == 14.0
    os._exit(0 if right and "numba" not in sys.modules else 1)
say(before, os.waitpid(child, 0)[1])
"""
    assert run(compiled, code) == [USED[0], 0, False]


@pytest.mark.parametrize("first", [True, False])
def test_numba_and_stored_kernels_live_together(compiled, first):
    use = "a = doubled(values, 2).tolist()\nc = checked(4.0)\n"
    numba = """
import numba
b = numba.njit(lambda x: np.full(2, x))(3.0).tolist()
try:
    numba.njit(lambda x: 1 // x)(0)
except ZeroDivisionError as error:
    d = type(error).__name__
"""
    code = use + numba if first else numba + use
    after = "say(a, b, c, d, added(Pair(values, values)))"
    assert run(compiled, code + after) == [
        USED[0],
        [3.0, 3.0],
        2.0,
        "ZeroDivisionError",
        14.0,
        True,
    ]


@pytest.mark.parametrize("name", ["NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK"])
def test_a_wish_to_numba_is_heard(package, name):
    assert run(package, USE, **{name: "1"}) == [*USED, True]


def test_it_can_be_switched_off(package):
    assert run(package, USE, STSBENCH_MACHINE_CODE="off") == [*USED, True]


def test_a_repair_gives_the_same_bytes_both_ways(tmp_path):
    code = """
import hashlib, sys
from stsbench.files.records import encode_edits
from stsbench.files.scans import decode_scan, encode_ply, encode_stl
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from stsbench.workflow.machine import _damaged_dome
scan = decode_scan(encode_stl(_damaged_dome()))
result = repair_scan(scan, profile=load_profile("study"))
print(hashlib.sha256(encode_ply(result.mesh) + encode_edits(result.edits)).hexdigest())
print("numba" in sys.modules)
"""
    answers = []
    for switch in ("off", "on", "on"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"STSBENCH_MACHINE_CODE": switch},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        answers.append(done.stdout.split())
    digests, numba = zip(*answers, strict=True)
    assert len(set(digests)) == 1
    assert numba[0] == "True"
    assert numba[2] == "False"


def read_only(values):
    values.flags.writeable = False
    return values


KINDS = {
    "float64": np.zeros(3), "float32": np.zeros(3, np.float32), "int64": np.zeros(3, np.int64),
    "rows": np.zeros((3, 2)), "read-only": read_only(np.zeros(3)),
    "big": np.zeros(3, ">f8"), "record": np.zeros(3, [("a", "f4"), ("b", "i4")]),
    "record, other names": np.zeros(3, [("a", "f4"), ("c", "i4")]),
    "number": 1, "fraction": 1.0, "truth": True, "nothing": None, "short": np.int32(1),
    "tuple": (np.zeros(3),), "longer tuple": (np.zeros(3), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_a_key_of_its_own(name):
    own = call_key((KINDS[name],))
    assert hash(own) == hash(call_key((KINDS[name],)))
    assert [other for other in KINDS if call_key((KINDS[other],)) == own] == [name]


@pytest.mark.parametrize(
    "argument",
    [
        np.zeros(6)[::2], np.zeros((3, 2)).T, np.zeros(3).view(np.recarray), "text", b"octets",
        [1.0], 2**63, -(2**63) - 1, np.frombuffer(bytes(17), np.float64, 2, 1), (np.zeros(6)[::2],),
        1j, np.float16(1), {},
    ],
)  # fmt: skip
def test_kinds_that_are_left_to_numba(argument):
    with pytest.raises(KeyError):
        call_key((argument,))


OBJECT = """
@shared = common global ptr null
declare void @{needed}()
define linkonce_odr void @weak() {{ ret void }}
define void @wrapper() {{
  call void @{needed}()
  call void @weak()
  store ptr null, ptr @shared
  ret void
}}
"""


def object_code(needed):
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_triple(binding.get_process_triple())
    machine = target.create_target_machine(reloc="static")
    return machine.emit_object(binding.parse_assembly(OBJECT.format(needed=needed)))


def test_symbols_of_an_object_file():
    symbols = read_symbols(object_code("abort"))
    assert symbols.strong == {"wrapper"}
    assert symbols.defined == {"wrapper", "weak", "shared"}
    assert symbols.needed == {"abort"}


@pytest.mark.parametrize("size", [0, 10, 63, 64, 200, -1])
def test_what_is_no_object_file_has_no_symbols(size):
    assert read_symbols(object_code("abort")[:size]) is None


@pytest.mark.parametrize(
    ("needed", "wrapper", "environments"),
    [
        ("no_such_function_anywhere", "wrapper", {"shared": ()}),
        ("abort", "weak", {"shared": ()}),
        ("abort", "elsewhere", {"shared": ()}),
        ("abort", "wrapper", {"elsewhere": ()}),
        ("abort", "wrapper", {"shared": ("text",)}),
    ],
)
def test_what_could_not_be_loaded_is_not_stored(tmp_path, needed, wrapper, environments):
    code = object_code(needed)
    key = call_key(())
    assert not store_code(tmp_path, "a", key, code=code, wrapper=wrapper, environments=environments)
    assert list(tmp_path.iterdir()) == []
    assert load_code(tmp_path, "a", key, sys.modules[__name__]) is None


def test_a_symbol_that_went_missing_does_not_end_the_process(tmp_path):
    """LLVM would: the object needs a function that only the process that stored it had."""
    function = ctypes.cast(ctypes.CDLL(None).abort, ctypes.c_void_p).value
    binding.add_symbol("only_here", function)
    code = object_code("only_here")
    key = call_key(())
    assert store_code(tmp_path, "a", key, code=code, wrapper="wrapper", environments={"shared": ()})
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from pathlib import Path\n"
         "from stsbench.geometry.machine_code import load_code\n"
         f"print(load_code(Path({str(tmp_path)!r}), 'a', (), sys))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "None\n"


def test_a_folder_that_cannot_be_written_is_no_harm(tmp_path):
    code = object_code("abort")
    gone = tmp_path / "gone"
    assert not store_code(gone, "a", (), code=code, wrapper="wrapper", environments={"shared": ()})
