"""What a project asked for: ``[tool.deloop]`` in its ``pyproject.toml``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]


class ConfigError(Exception):
    """The configuration says something that nobody understands; the text is one line."""


@dataclass(frozen=True)
class Config:
    """The settings of ``deloop check``.

    Parameters
    ----------
    root:
        The folder of the ``pyproject.toml``; patterns are relative to it.
    select, ignore, extend_select:
        Codes or their beginnings.
    exclude, extend_exclude:
        Patterns of files and folders, as in ``.gitignore``.
    per_file_ignores:
        Codes by pattern of file.
    respect_gitignore:
        Whether what git ignores is left out.
    strict:
        Whether loops are shown for which less evidence speaks.
    """

    root: Path = field(default_factory=Path.cwd)
    select: tuple[str, ...] = ("VEC",)
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    respect_gitignore: bool = True
    strict: bool = False

    def wants(self, code: str) -> bool:
        """Whether a code is selected: the longest beginning that names it decides."""
        chosen = max((len(p) for p in (*self.select, *self.extend_select) if code.startswith(p)),
                     default=-1)  # fmt: skip
        ignored = max((len(p) for p in self.ignore if code.startswith(p)), default=-1)
        return chosen >= 0 and chosen >= ignored if chosen != ignored else False


_LISTS = ("select", "ignore", "extend_select", "exclude", "extend_exclude")
_FLAGS = ("respect_gitignore", "strict")


def find_config(start: Path) -> Path | None:
    """The nearest ``pyproject.toml`` with a ``[tool.deloop]`` table, at `start` or above it."""
    folder = start if start.is_dir() else start.parent
    for candidate in (folder, *folder.parents):
        file = candidate / "pyproject.toml"
        try:
            if b"[tool.deloop" in file.read_bytes():
                return file
        except OSError:
            continue
    return None


def load_config(file: Path | None, root: Path) -> Config:
    """The settings in a file, the defaults where there is none. Raises `ConfigError`."""
    if file is None:
        return Config(root=root)
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from error
    table = document.get("tool", {}).get("deloop", {})
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: tool.deloop is not a table")
    return replace(read_table(table, str(file)), root=file.parent)


def read_table(table: Mapping[str, Any], file: str) -> Config:
    """``{"select": ["VEC2"]}`` as settings. Raises `ConfigError` for what is not understood."""
    known = {f.name for f in fields(Config)} - {"root"}
    found: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in known:
            raise ConfigError(f"{file}: tool.deloop has no setting {key!r}")
        if name in _LISTS:
            found[name] = _strings(value, key, file)
        elif name in _FLAGS:
            if not isinstance(value, bool):
                raise ConfigError(f"{file}: tool.deloop.{key} is true or false, not {value!r}")
            found[name] = value
        else:
            if not isinstance(value, dict):
                raise ConfigError(f"{file}: tool.deloop.{key} is a table of patterns")
            found[name] = {str(p): _strings(codes, key, file) for p, codes in value.items()}
    codes = [c for n in ("select", "ignore", "extend_select") for c in found.get(n, ())]
    for ignored in found.get("per_file_ignores", {}).values():
        codes.extend(ignored)
    check_codes(codes, file)
    return Config(**found)


def check_codes(codes: list[str], file: str) -> None:
    """Raise `ConfigError` for a code that can name nothing."""
    for code in codes:
        rest = code.removeprefix("VEC")
        if not code.startswith("VEC") or not (rest == "" or (rest.isdecimal() and len(rest) <= 3)):
            raise ConfigError(f"{file}: {code!r} is no code: they are VEC and up to three digits")


def _strings(value: object, key: str, file: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ConfigError(f"{file}: tool.deloop.{key} is a list of strings, not {value!r}")
    return tuple(value)
