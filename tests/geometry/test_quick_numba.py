"""numba loads without what no kernel needs, and nobody else notices."""

import json
import subprocess
import sys

CODE = """
import json, sys
from stsbench.geometry.quick_numba import numba
from numba.np import arraymath
early = sorted({"scipy", "coverage", "yaml", "cffi"} & set(sys.modules))
import scipy.sparse
import numpy as np
total = numba.njit(lambda values: values.sum())(np.arange(4.0))
print(json.dumps([early, arraymath._HAVE_BLAS, total]))
"""


def test_numba_loads_alone_and_keeps_blas():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[], True, 6.0]


def test_numba_that_is_loaded_already_is_left_alone():
    code = "import numba; from stsbench.geometry import quick_numba as q; print(q.numba is numba)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
