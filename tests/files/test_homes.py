import pytest

from stsbench.errors import InputError
from stsbench.files.homes import HomeSettings, find_home, read_home_settings


def test_a_home_without_settings_is_safe(tmp_path):
    assert read_home_settings(tmp_path) == HomeSettings("allow", "samples", "en", "fdi", 16)


def test_settings_are_read(tmp_path):
    text = 'loose_files = "refuse"\nminor_age = 18\nlanguage = "zh"\ntooth_numbers = "palmer"\n'
    (tmp_path / "settings.toml").write_text(text)
    assert read_home_settings(tmp_path) == HomeSettings("refuse", "samples", "zh", "palmer", 18)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no TOML", "loose_files = refuse"),
        ("not UTF-8", "loose_files = '\udcff'"),
        ("mistyped name", 'loose_file = "refuse"'),
        ("mistyped choice", 'loose_files = "no"'),
        ("a language nobody translated to", 'language = "fr"'),
        ("a word for an age", 'minor_age = "18"'),
        ("a switch for an age", "minor_age = true"),
    ],
)
def test_a_mistyped_setting_is_refused(name, text, tmp_path):
    (tmp_path / "settings.toml").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError) as caught:
        read_home_settings(tmp_path)
    assert caught.value.remedy
    assert str(tmp_path) not in str(caught.value)


def test_the_environment_names_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("STSBENCH_HOME", str(tmp_path / "x" / ".." / "y"))
    assert find_home() == tmp_path / "y"
    assert find_home(tmp_path) == tmp_path
