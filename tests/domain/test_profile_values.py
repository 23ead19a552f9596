"""What a craft's table of profiles may say: only fields that exist, of the type of their default."""

import sys
from dataclasses import dataclass

import pytest

from stsbench.domain.order import Profile
from stsbench.domain.profile_values import profile_from_table
from stsbench.errors import InputError


@dataclass(frozen=True)
class Shape:
    name: Profile
    body: str = "solid"
    wall_mm: float = 2.0
    open_below: bool = False


@pytest.fixture
def craft(tmp_path, monkeypatch, request):
    """Return the name of a package whose table of the study profile is the test's."""
    name = f"craft_{abs(hash(request.node.name))}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("")
    (tmp_path / name / "profiles.toml").write_text(f"[study]\n{request.param}\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("craft", "expected"),
    [
        ("", Shape(Profile.STUDY)),
        ("wall_mm = 3", Shape(Profile.STUDY, wall_mm=3)),
        ('body = "hollow"\nopen_below = true', Shape(Profile.STUDY, "hollow", open_below=True)),
    ],
    indirect=["craft"],
)
def test_a_table_replaces_defaults(craft, expected):
    assert profile_from_table(craft, "study", Shape) == expected


@pytest.mark.parametrize(
    ("craft", "said"),
    [
        ("wall = 3.0", "wall"),
        ('name = "study"', "name"),
        ('wall_mm = "3"', "wall_mm"),
        ("wall_mm = true", "wall_mm"),
        ("open_below = 1", "open_below"),
        ("body = 1", "body"),
    ],
    indirect=["craft"],
)
def test_a_table_that_would_not_take_effect_is_refused(craft, said):
    with pytest.raises(InputError, match=said):
        profile_from_table(craft, "study", Shape)


@pytest.mark.parametrize("craft", [""], indirect=True)
@pytest.mark.parametrize("name", ["", "Study", "study "])
def test_an_unknown_profile_is_refused(craft, name):
    with pytest.raises(InputError, match="not a profile"):
        profile_from_table(craft, name, Shape)
