"""A vault of its own for the tests of this folder, found the way notebooks find it."""

import pytest

from tests.vault.house import home_of_notebooks


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home that STSBENCH_HOME names; its broker is stopped when the module is done."""
    with home_of_notebooks(tmp_path_factory.mktemp("bench") / "home") as folder:
        yield folder
