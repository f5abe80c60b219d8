"""Settings: what is read, what is refused, which codes they want."""

from __future__ import annotations

from pathlib import Path

import pytest

from deloop.config import Config, ConfigError, find_config, load_config


def write(folder: Path, text: str) -> Path:
    file = folder / "pyproject.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_settings_are_read_with_dashes_and_underscores(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        '[tool.deloop]\nselect = ["VEC2"]\nextend-exclude = ["gen"]\n'
        '[tool.deloop.per-file-ignores]\n"tests/*" = ["VEC3"]\n',
    )
    config = load_config(file, tmp_path)
    assert config.select == ("VEC2",)
    assert config.extend_exclude == ("gen",)
    assert config.per_file_ignores == {"tests/*": ("VEC3",)}
    assert config.root == tmp_path


def test_nearest_file_with_the_table_counts(tmp_path: Path) -> None:
    outer = write(tmp_path, "[tool.deloop]\n")
    (tmp_path / "a" / "b").mkdir(parents=True)
    write(tmp_path / "a", "[tool.other]\n")
    assert find_config(tmp_path / "a" / "b") == outer


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[tool.deloop]\nselct = []\n", "no setting 'selct'"),
        ("[tool.deloop]\nselect = 'VEC'\n", "list of strings"),
        ("[tool.deloop]\nselect = ['E501']\n", "'E501' is no code"),
        ("[tool.deloop]\nstrict = 1\n", "true or false"),
        ("[tool.deloop\n", "pyproject.toml"),
        ("[tool.deloop]\nper-file-ignores = []\n", "table of patterns"),
    ],
)
def test_what_nobody_understands_is_one_line(text: str, part: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text), tmp_path)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_longest_beginning_decides() -> None:
    config = Config(select=("VEC2", "VEC303"), ignore=("VEC201", "VEC3"))
    wanted = [c for c in ("VEC201", "VEC202", "VEC301", "VEC303", "VEC401") if config.wants(c)]
    assert wanted == ["VEC202", "VEC303"]
