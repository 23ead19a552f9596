"""The order of the whole run: the longest files start first, so that no core waits at the end."""

import pytest

_LONGEST_FIRST = (
    "test_demo.py",
    "test_task_list.py",
    "test_viewer_lab.py",
    "test_hole_filling.py",
    "test_arches.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the order within a file and among the others stays."""
    place = {name: number for number, name in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))
