import pickle  # noqa: TID251 - the point of the test

import pytest

from stsbench import errors

CLASSES = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("cls", CLASSES)
def test_errors_survive_a_process_boundary(cls):
    copy = pickle.loads(pickle.dumps(cls("It broke.", "Mend it.")))
    assert (type(copy), str(copy)) == (cls, "It broke. Mend it.")


@pytest.mark.parametrize("cls", CLASSES)
def test_the_tree_in_the_docstring_is_the_tree(cls):
    line = next(line for line in errors.__doc__.splitlines() if cls.__name__ in line)
    assert issubclass(cls, errors.StsbenchError)
    above = errors.__doc__.splitlines()
    depth = (len(line) - len(line.lstrip("│├└─ "))) // 4
    if depth:
        parents = [
            x for x in above[: above.index(line)] if (len(x) - len(x.lstrip("│├└─ "))) // 4 < depth
        ]
        parent = parents[-1].lstrip("│├└─ ").split("(")[0].split()[0]
        assert cls.__bases__[0].__name__ == parent
