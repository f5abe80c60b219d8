"""Control flow brought to the forms that are read, and only where it means the same."""

from __future__ import annotations

import ast
import textwrap

import pytest

from deloop.frontend.normalize import normalize


def function_of(body: str, parameters: str = "x, n") -> ast.FunctionDef:
    """A function around statements."""
    text = f"def f({parameters}):\n" + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    node = ast.parse(text).body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


def normal(body: str) -> str:
    """The body after normalisation, as text."""
    return "\n".join(ast.unparse(s) for s in normalize(function_of(body)).body)


def text(body: str) -> str:
    """A body as `ast` writes it."""
    return "\n".join(ast.unparse(s) for s in function_of(body).body)


def assert_becomes(before: str, after: str) -> None:
    assert normal(before) == text(after)


def assert_stays(body: str) -> None:
    node = function_of(body)
    assert normalize(node) is node


def counting(condition: str, step: str, after: str = "") -> str:
    """A loop over `i` with that condition and step."""
    return f"i = 0\nwhile {condition}:\n    x[i] = 1\n    {step}\n{after}"


@pytest.mark.parametrize(
    ("condition", "step", "header"),
    [
        ("i < n", "i += 1", "range(i, n)"),
        ("i <= n", "i += 1", "range(i, n + 1)"),
        ("i != n", "i += 1", "range(i, n)"),
        ("i < n", "i += 3", "range(i, n, 3)"),
        ("i < n", "i = i + 1", "range(i, n)"),
        ("i < n", "i = 1 + i", "range(i, n)"),
        ("n > i", "i += 1", "range(i, n)"),
        ("i + 1 < n", "i += 1", "range(i, n - 1)"),
        ("i - 1 <= n", "i += 1", "range(i, n + 2)"),
        ("i > 0", "i -= 1", "range(i, 0, -1)"),
        ("i >= 0", "i -= 2", "range(i, 0 - 1, -2)"),
        ("i >= n", "i = i - 1", "range(i, n - 1, -1)"),
        ("i != n", "i -= 1", "range(i, n, -1)"),
        ("i < len(x)", "i += 1", "range(i, len(x))"),
        ("i < x.shape[-1]", "i += 1", "range(i, x.shape[-1])"),
        ("i < x.size(0) * n - 1", "i += 1", "range(i, x.size(0) * n - 1)"),
        ("i < x.numel() // 2", "i += 1", "range(i, x.numel() // 2)"),
    ],
)
def test_while_that_counts_becomes_a_for(condition: str, step: str, header: str) -> None:
    assert_becomes(counting(condition, step), f"i = 0\nfor i in {header}:\n    x[i] = 1")


@pytest.mark.parametrize(
    ("leave", "header"),
    [("i >= n", "range(i, n)"), ("i > n", "range(i, n + 1)"), ("i == n", "range(i, n)")],
)
def test_endless_loop_that_leaves_at_its_top_becomes_a_for(leave: str, header: str) -> None:
    before = f"while True:\n    if {leave}:\n        break\n    x[i] = 1\n    i += 1"
    assert_becomes(before, f"for i in {header}:\n    x[i] = 1")


def test_loop_that_only_counts_keeps_a_body() -> None:
    assert_becomes("while i < n:\n    i += 1", "for i in range(i, n):\n    pass")


def test_for_takes_the_place_of_the_while() -> None:
    node = function_of(counting("i < n", "i += 1"))
    old, new = node.body[1], normalize(node).body[1]
    assert isinstance(new, ast.For)
    for name in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
        assert getattr(new, name) == getattr(old, name)
    assert all(hasattr(inner, "lineno") for inner in ast.walk(new) if isinstance(inner, ast.expr))


def test_tree_that_went_in_is_not_changed() -> None:
    node = function_of(counting("i < n", "i += 1") + "for k in x:\n    x[k] = 2\nelse:\n    n = 1")
    before = ast.dump(node, include_attributes=True)
    assert normalize(node) is not node
    assert ast.dump(node, include_attributes=True) == before


def test_statements_beside_a_changed_loop_are_the_same_objects() -> None:
    node = function_of("for k in x:\n    x[k] = 2\n" + counting("i < n", "i += 1"))
    changed = normalize(node)
    assert changed.body[0] is node.body[0]
    assert changed.body[1] is node.body[1]


def test_tree_without_such_loops_is_the_same_object() -> None:
    assert_stays(
        """
        for i in range(n):
            if x[i] > 0:
                continue
            while x[i] < 1:
                x[i] += 1
            for j in x:
                if j:
                    break
            else:
                x[i] = 2
        """
    )


def test_while_inside_of_other_blocks_is_found() -> None:
    before = """
        with n:
            if x:
                for k in range(n):
                    i = 0
                    while i < n:
                        x[i] = 1
                        i += 1
    """
    assert "for i in range(i, n)" in normal(before)


def test_nested_counting_loops_both_become_for() -> None:
    before = """
        i = 0
        while i < n:
            j = i
            while j < n:
                x[i, j] = 1
                j += 1
            i += 1
    """
    after = """
        i = 0
        for i in range(i, n):
            j = i
            for j in range(j, n):
                x[i, j] = 1
    """
    assert_becomes(before, after)


@pytest.mark.parametrize(
    ("condition", "step"),
    [
        ("i < n", "i += 0.5"),
        ("i < n", "i += True"),
        ("i < n", "i += k"),
        ("i < n", "i += 0"),
        ("i < n", "i *= 2"),
        ("i < n", "i -= 1"),
        ("i > n", "i += 1"),
        ("i != n", "i += 2"),
        ("i == n", "i += 1"),
        ("i < 2.5", "i += 1"),
        ("i < n / 2", "i += 1"),
        ("i < i + n", "i += 1"),
        ("i < n[0]", "i += 1"),
        ("i < n.shape", "i += 1"),
        ("i < f(n)", "i += 1"),
        ("i < x.sum()", "i += 1"),
        ("i < n and x[i]", "i += 1"),
        ("0 <= i < n", "i += 1"),
        ("not i", "i += 1"),
        ("i < n", "j += 1"),
        ("x[i]", "i += 1"),
    ],
)
def test_while_that_does_not_simply_count_stays(condition: str, step: str) -> None:
    assert_stays(counting(condition, step))


@pytest.mark.parametrize(
    "statement",
    [
        "i = 3",
        "i += 1",
        "n = 3",
        "n -= 1",
        "x = x[1:]",
        "x.append(1)",
        "x.resize_(3)",
        "x.data = y",
        "del x[0]",
        "y = (i := 2)",
        "for i in y:\n        pass",
        "for k in y:\n        n = k",
        "import n",
        "import n.path",
        "with y as n:\n        pass",
        "try:\n        pass\n    except E as i:\n        pass",
        "def n():\n        pass",
        "global n",
        "if y:\n        continue",
        "match y:\n        case [n]:\n            pass",
    ],
)
def test_body_that_touches_what_is_counted_keeps_the_while(statement: str) -> None:
    assert_stays(f"i = 0\nwhile i < n + len(x):\n    {statement}\n    i += 1")


@pytest.mark.parametrize("leave", ["break", "return x", "raise E"])
def test_while_that_may_count_past_its_end_until_it_leaves_stays(leave: str) -> None:
    assert_stays(f"i = 0\nwhile i != n:\n    if x[i]:\n        {leave}\n    i += 1")
    assert "for i" in normal(f"i = 0\nwhile i < n:\n    if x[i]:\n        {leave}\n    i += 1")


@pytest.mark.parametrize("statement", ["x[i] = 2", "x[i].add_(1)", "y = x.sum()", "y.append(n)"])
def test_body_that_writes_elements_does_not_keep_the_while(statement: str) -> None:
    assert "for i" in normal(f"i = 0\nwhile i < len(x):\n    {statement}\n    i += 1")


@pytest.mark.parametrize(
    "after",
    [
        "return i",
        "i += 1",
        "del i",
        "i = i + 1",
        "if n:\n    i = 0\nreturn i",
        "for i in range(n):\n    pass\nreturn i",
        "x[i], i = 1, 2",
        "y = [i for k in x]",
        "print(f'{i}')",
    ],
)
def test_counter_that_is_read_behind_the_loop_goes_on_counting(after: str) -> None:
    loop = "i = 0\nfor i_2 in range(i, n):\n    x[i] = 1\n    i += 1\n"
    assert_becomes(counting("i < n", "i += 1", after), loop + after)


@pytest.mark.parametrize(
    "after",
    [
        "return x",
        "i = 0\nreturn i",
        "i: int = 0\nreturn i",
        "i, j = n\nreturn i",
        "for i in range(n):\n    x[i] = 2",
        "if n:\n    i = 0\n    x[0] = 1",
        "return x\ni += 1",
    ],
)
def test_counter_that_is_set_anew_before_it_is_read_does_not_keep_the_while(after: str) -> None:
    assert "for i in range(i, n)" in normal(counting("i < n", "i += 1", after))


@pytest.mark.parametrize(
    "body",
    [
        # The next iteration of the loop around comes with the counter as it was left.
        "i = 0\nfor k in x:\n    while i < n:\n        i += 1",
        "while x[i]:\n    i = 0\n    while i < n:\n        i += 1",
        "for k in x:\n    y = i\n    i = 0\n    while i < n:\n        i += 1",
        # A way out between the loop and where its counter is set anew.
        "for k in x:\n    i = 0\n    while i < n:\n        i += 1\n    if k:\n        break\n"
        "    i = 0\nreturn i",
        "for k in x:\n    i = 0\n    while i < n:\n        i += 1\nreturn i",
    ],
)
def test_counter_that_another_iteration_may_see_goes_on_counting(body: str) -> None:
    assert "for i_2 in range(i, n):" in normal(body)
    assert "i += 1" in normal(body)
    assert "while i < n" not in normal(body)


def test_counter_that_is_read_behind_a_loop_that_leaves_keeps_the_while() -> None:
    assert_stays("i = 0\nwhile i < n:\n    if x[i]:\n        break\n    i += 1\nreturn i")


def test_name_of_a_counted_range_is_a_new_one() -> None:
    before = "i_2 = i = 0\nwhile i < n:\n    i += 1\nreturn i, i_2"
    assert "for i_3 in range(i, n):" in normal(before)


@pytest.mark.parametrize(
    "body",
    [
        # Somebody else sees the name.
        "def g():\n    return i\ni = 0\nwhile i < n:\n    i += 1",
        "g = lambda: i\nwhile i < n:\n    i += 1",
        "g = (i for k in x)\nwhile i < n:\n    i += 1",
        "global i\ni = 0\nwhile i < n:\n    i += 1",
        "def g():\n    nonlocal n\n    n = 1\nwhile i < n:\n    i += 1",
        "try:\n    i = 0\n    while i < n:\n        i += 1\nfinally:\n    print(i)",
    ],
)
def test_counter_that_may_be_seen_elsewhere_keeps_the_while(body: str) -> None:
    assert "while i < n" in normal(body)
    assert "for i" not in normal(body)


def test_else_of_a_loop_without_break_follows_it() -> None:
    before = "for k in x:\n    x[k] = 1\nelse:\n    n = 2\n    n = 3\nreturn n"
    assert_becomes(before, "for k in x:\n    x[k] = 1\nn = 2\nn = 3\nreturn n")
    before = "while x[0] < 1:\n    x[0] += 1\nelse:\n    n = 2"
    assert_becomes(before, "while x[0] < 1:\n    x[0] += 1\nn = 2")


def test_else_of_a_counting_loop_follows_it() -> None:
    before = "i = 0\nwhile i < n:\n    x[i] = 1\n    i += 1\nelse:\n    n = 2"
    assert_becomes(before, "i = 0\nfor i in range(i, n):\n    x[i] = 1\nn = 2")


def test_counter_that_is_read_in_the_else_goes_on_counting() -> None:
    before = "i = 0\nwhile i < n:\n    x[i] = 1\n    i += 1\nelse:\n    n = i"
    assert_becomes(before, "i = 0\nfor i_2 in range(i, n):\n    x[i] = 1\n    i += 1\nn = i")


def test_loop_ends_where_its_body_ends_when_its_else_was_moved() -> None:
    node = function_of("for k in x:\n    x[k] = 1\nelse:\n    n = 2")
    loop, moved = normalize(node).body
    assert (loop.lineno, loop.end_lineno, moved.lineno) == (2, 3, 5)
    assert moved is node.body[0].orelse[0]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "body",
    [
        "    break",
        "    if k:\n        break",
        "    with n:\n        break",
        "    try:\n        pass\n    except E:\n        break",
        "    for j in x:\n        if j:\n            break\n    else:\n        break",
        "    match k:\n        case 1:\n            break",
    ],
)
def test_else_of_a_loop_that_breaks_stays(body: str) -> None:
    assert "else:\n    n = 2" in normal(f"for k in x:\n{body}\nelse:\n    n = 2")


@pytest.mark.parametrize(
    "body",
    [
        "    for j in x:\n        break",
        "    while n:\n        break",
        "    continue",
        "    return n",
        "    def g():\n        for j in x:\n            break",
    ],
)
def test_break_of_an_inner_loop_does_not_keep_the_else(body: str) -> None:
    assert "else:" not in normal(f"for k in x:\n{body}\nelse:\n    n = 2")


def test_else_of_an_inner_loop_moves_within_its_block() -> None:
    before = (
        "for k in x:\n    for j in x:\n        x[j] = k\n    else:\n        continue\n    n = 1"
    )
    after = "for k in x:\n    for j in x:\n        x[j] = k\n    continue\n    n = 1"
    assert_becomes(before, after)
