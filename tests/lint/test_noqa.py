"""Comments that silence."""

from __future__ import annotations

import pytest

from deloop.lint.noqa import find_silenced_file, is_silenced


@pytest.mark.parametrize(
    "comment",
    ["# noqa", "#noqa", "# NOQA: VEC201", "# noqa: E501, VEC201", "# noqa:VEC2", "# deloop: ignore",
     "# deloop: ignore[VEC201]", "# deloop: ignore[VEC303, VEC2]", "# type: ignore # noqa: VEC201"],
)  # fmt: skip
def test_comment_silences_the_code(comment: str) -> None:
    assert is_silenced("VEC201", f"for i in range(n):  {comment}")


@pytest.mark.parametrize(
    "comment",
    ["", "# noqa: E501", "# deloop: ignore[VEC303]", "# why noqa matters is another question:",
     "# ignore"],
)  # fmt: skip
def test_other_comment_does_not(comment: str) -> None:
    silenced = is_silenced("VEC201", f"for i in range(n):  {comment}")
    assert silenced is False


def test_whole_file_is_silenced_by_a_line_of_its_own() -> None:
    assert find_silenced_file("import x\n# deloop: ignore-file\n") == ["VEC"]
    assert find_silenced_file("# deloop: ignore-file[VEC2, VEC301]\n") == ["VEC2", "VEC301"]
    assert find_silenced_file("s = '# deloop: ignore-file'\n") == []
