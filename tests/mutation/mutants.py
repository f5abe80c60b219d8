"""The mutants: what the engine must not get wrong, broken once each."""

from __future__ import annotations

from .mutant import Mutant

_PAIRS = "tests/hazards/test_dependence_pairs.py"
_VIEWS = "tests/hazards/test_hazard_01_views.py"
_LISTS = "tests/hazards/test_hazard_01_lists.py"
_WRAP = "tests/hazards/test_hazard_02_wrapping.py"
_PROMOTION = "tests/hazards/test_hazard_03_promotion.py"
_CASTING = "tests/hazards/test_hazard_04_casting_stores.py"
_NUMBERS = "tests/hazards/test_hazard_05_python_numbers.py"
_INTEGERS = "tests/hazards/test_hazard_06_integers.py"
_NAN = "tests/hazards/test_hazard_07_nan.py"
_BRANCHES = "tests/hazards/test_hazard_08_branch_gradients.py"
_TIES = "tests/hazards/test_hazard_09_ties.py"
_WINNERS = "tests/hazards/test_hazard_09_winners.py"
_SIZES = "tests/hazards/test_hazard_10_degenerate_sizes.py"
_AFTER = "tests/hazards/test_hazard_11_after_the_loop.py"
_SCATTER = "tests/hazards/test_hazard_12_scatter.py"
_ALIASES = "tests/hazards/test_hazard_13_aliases.py"
_IN_PLACE = "tests/hazards/test_hazard_14_in_place.py"
_RECORDED = "tests/hazards/test_hazard_14_recorded_gradients.py"
_EFFECTS = "tests/hazards/test_hazard_15_effects.py"
_EXITS = "tests/hazards/test_hazard_16_exits.py"
_TRIPS = "tests/hazards/test_hazard_16_trip_counts.py"
_HOLES = "tests/hazards/test_holes_found_by_mutants.py"
_ROWS = "tests/hazards/test_row_operations.py"
_LOOKUPS = "tests/hazards/test_lookups_under_conditions.py"
_WAVEFRONTS = "tests/hazards/test_wavefronts.py"
_DISPATCH = "tests/decorator/test_dispatch.py"
_VECTORIZED = "tests/decorator/test_vectorized.py"
_POLY = "tests/poly/test_dependence.py"

_DEPENDENCE = "deloop.poly.dependence"
_DISTRIBUTE = "deloop.transform.distribute"
_BOUNDS = "deloop.analysis.bounds"
_FACTS = "deloop.analysis.facts"
_DESCRIBE = "deloop.decorator.describe:Description"
_RECURRENCE = "deloop.analysis.recurrence"
_IF_CONVERT = "deloop.transform.if_convert"
_COVERAGE = "deloop.analysis.coverage"

MUTANTS: tuple[Mutant, ...] = (
    # ------------------------------------------------------------------ dependences
    Mutant(
        "flow dependences dropped", "dependence", f"{_DEPENDENCE}:_conflicting_accesses",
        "(DependenceKind.FLOW, writes, sink.reads),", "", (_PAIRS,),
    ),
    Mutant(
        "anti dependences dropped", "dependence", f"{_DEPENDENCE}:_conflicting_accesses",
        "(DependenceKind.ANTI, reads, sink.writes),", "", (_PAIRS,),
    ),
    Mutant(
        "output dependences dropped", "dependence", f"{_DEPENDENCE}:_conflicting_accesses",
        "(DependenceKind.OUTPUT, writes, sink.writes),", "", (_PAIRS,),
    ),
    Mutant(
        "loop-independent dependences dropped", "dependence",
        f"{_DEPENDENCE}:_StatementPair.levels", "range(0 if self.is_before else 1,", "range(1,",
        (_PAIRS,),
    ),
    Mutant(
        "distance 1 overlooked", "dependence", f"{_DEPENDENCE}:_level_is_possible",
        "forced.constant.get(level - 1, 1) > 0", "forced.constant.get(level - 1, 2) > 1",
        (_PAIRS,),
    ),
    Mutant(
        "direction turned round", "dependence", f"{_DEPENDENCE}:_StatementPair.difference",
        'direction = -1 if sign == ">" else 1', 'direction = -1 if sign == "<" else 1', (_PAIRS,),
    ),
    Mutant(
        "outermost loop carries nothing", "dependence", f"{_DISTRIBUTE}:is_cyclic",
        "0 < d.level <= depth", "1 < d.level <= depth", (_PAIRS,),
    ),
    Mutant(
        "cycle of two statements overlooked", "dependence", f"{_DISTRIBUTE}:is_cyclic",
        "if len(component) > 1:", "if len(component) > 2:", (_PAIRS,),
    ),
    Mutant(
        "statements in reverse order", "dependence", f"{_DISTRIBUTE}:_components",
        "ordered.append(component)", "ordered.insert(0, component)", (_PAIRS,),
    ),
    Mutant(
        "order within an iteration forgotten", "dependence",
        f"{_DISTRIBUTE}:_Distribution.generate", "(d.level == 0 or d.level > level)",
        "d.level > level", (_PAIRS,),
    ),
    Mutant(
        "what an index reads forgotten", "dependence", "deloop.analysis.legality:_reads",
        "found.extend(scalar.loads(subscript))", "pass",
        ("tests/hazards/test_hazard_12_index_dependences.py",),
    ),
    # ------------------------------------------------------------------ guards
    Mutant(
        "guard of an inequality left out", "guard", f"{_FACTS}:Facts.assume",
        "self.assumptions.append(Assumption(*_sentence(constraint), reason))", "pass",
        (_WRAP, _SIZES),
    ),
    Mutant(
        "guard of an equality left out", "guard", f"{_FACTS}:Facts._assume_equal",
        "self.assumptions.append(Assumption(guard, guard, reason))", "pass", (_SIZES, _WRAP),
    ),
    Mutant(
        "guard flipped", "guard", f"{_FACTS}:_sentence",
        'word = "==" if constraint.sign is Sign.ZERO else ">="',
        'word = "==" if constraint.sign is Sign.ZERO else "<="', (_WRAP, _SIZES),
    ),
    Mutant(
        "guard one off", "guard", f"{_BOUNDS}:Bounds._subscript",
        "at_least(size - 1, subscript)", "at_least(size, subscript)", (_WRAP, _SIZES),
    ),
    Mutant(
        "guard on data met by any element", "guard", "deloop.transform.guards:guard_data",
        'word = "all" if requirement.every else "any"', 'word = "any"', (_NAN, _NUMBERS, _SCATTER),
    ),
    Mutant(
        "NaN guard left out", "guard", "deloop.transform.reduce:require_comparable",
        "isinstance(node, (Reduce, Scan)) and node.skips_nan", "False", (_HOLES, _NAN, _TIES),
    ),
    Mutant(
        "NaN guard of a search left out", "guard",
        "deloop.transform.winner:_Lifting._require_data",
        'self._need(harmless, "no value compared is NaN")', "pass", (_WINNERS, _NAN),
    ),
    Mutant(
        "start of a search taken as beaten", "guard",
        "deloop.transform.winner:_Lifting._require_data",
        "self._need(condition, reason, every=bool(kept))", "pass", (_WINNERS,),
    ),
    Mutant(
        "iteration taken for granted", "guard", "deloop.analysis.carried:require_updates",
        "needed: list[DataRequirement] = []",
        "needed: list[DataRequirement] = []\n    return needed", (_HOLES, _SIZES, _AFTER, _NUMBERS),
    ),
    Mutant(
        "division by zero of Python forgotten", "guard",
        "deloop.frontend.operators:OperatorReader.check_number_division",
        "self.nonzero(divisor, node)", "pass", (_HOLES, _NUMBERS, _INTEGERS),
    ),
    Mutant(
        "interpreter's state not asked for", "guard", "deloop.decorator.dispatch:build_dispatch",
        'f"    if {ORDINARY}:"', '"    if True:"', ("tests/decorator/test_environment.py",),
    ),
    Mutant(
        "dtype not asked for", "guard", f"{_DESCRIBE}._describe_tensor",
        'self._expect(f"{path}.dtype is {self.constants.name(value.dtype)}")', "pass",
        (_DISPATCH, _VECTORIZED),
    ),
    Mutant(
        "rank not asked for", "guard", f"{_DESCRIBE}._describe_tensor",
        'self._expect(f"{path}.ndim == {value.ndim}")', "pass", (_DISPATCH, _VECTORIZED),
    ),
    Mutant(
        "requires_grad not asked for", "guard", f"{_DESCRIBE}._describe_tensor",
        "self._expect(f\"{'' if value.requires_grad else 'not '}{path}.requires_grad\")", "pass",
        (_DISPATCH, _RECORDED, _IN_PLACE),
    ),
    Mutant(
        "nested tensors not asked for", "guard", f"{_DESCRIBE}._describe_tensor",
        'self._expect(f"not {path}.is_nested")', "pass", ("tests/decorator/test_hostile.py",),
    ),
    # ------------------------------------------------------------------ casts
    Mutant(
        "casts forgotten", "cast", "deloop.frontend.expression:cast",
        "return Cast(value, kind)", "return value", (_CASTING, _PROMOTION),
    ),
    Mutant(
        "0-d tensors promote like others", "cast", "deloop.dtype:promote",
        "known = by_rank.get(rank)", "rank = Rank.TENSOR\n        known = by_rank.get(rank)",
        (_PROMOTION,),
    ),
    Mutant(
        "in-place casts that raise allowed", "cast", "deloop.dtype:can_cast",
        "return CATEGORIES.index(category(source)) <= CATEGORIES.index(category(target))",
        "return True", (_CASTING,),
    ),
    Mutant(
        "half and bfloat16 meet in half", "cast", "deloop.dtype:_promote_floats",
        'return "float32"', 'return "float16"', ("tests/test_dtype.py", _PROMOTION),
    ),
    Mutant(
        "bounds of Python ints forgotten", "cast", f"{_RECURRENCE}:read_update",
        'if is_int and kind == "prod":', "if False:", (_HOLES, _NUMBERS),
    ),
    Mutant(
        "term of a scatter not converted", "cast", "deloop.transform.scatter:_converted",
        "term = cast(term, ElementType(store.dtype, max(term.type.rank, Rank.SCALAR)))", "pass",
        (_SCATTER,),
    ),
    # ------------------------------------------------------------------ wraps
    Mutant(
        "wrapping skipped", "wrap", f"{_BOUNDS}:Bounds._subscript",
        "return Index(subscript)", "return subscript", (_WRAP,),
    ),
    Mutant(
        "negative constant not counted from the end", "wrap", f"{_BOUNDS}:Bounds._subscript",
        "return subscript + size", "return subscript", (_WRAP,),
    ),
    Mutant(
        "empty loop's subscripts taken for proved", "wrap", f"{_BOUNDS}:Bounds._proved",
        "around = [loop for name, loop in loops.items() if name in needed]",
        "around, needed = list(loops.values()), {*loops, 0}", (_SIZES, _WRAP),
    ),
    Mutant(
        "negative trip counts allowed", "wrap", f"{_BOUNDS}:check_trip_counts",
        "constraint = at_least(extent, 0)", "constraint = at_least(extent, -9)", (_SIZES,),
    ),
    # ------------------------------------------------------------------ aliases
    Mutant(
        "two names of one memory allowed", "alias", "deloop.analysis.legality:check_aliases",
        "if arrays[other].memory == arrays[name].memory:", "if False:", (_ALIASES, _VIEWS),
    ),
    Mutant(
        "shared memory not guarded against", "alias",
        "deloop.decorator.overlap:find_overlap_assumptions",
        "if apart and (a in written or b in written):", "if False:",
        (_ALIASES, "tests/decorator/test_overlap.py"),
    ),
    Mutant(
        "overlap within a tensor not guarded against", "alias",
        "deloop.decorator.overlap:find_overlap_assumptions",
        "found = [_assume_no_overlap(path) for path in written]", "found = []",
        (_ALIASES, "tests/decorator/test_overlap.py"),
    ),
    Mutant(
        "which arguments are one object forgotten", "alias", f"{_DESCRIBE}._expect_identity",
        'self._expect(f"{path} is not {other}")', "pass", (_ALIASES, _DISPATCH),
    ),
    Mutant(
        "in-place changes of listed rows overlooked", "alias", "deloop.frontend.aliases:_changes",
        "return _root(target) in names", "return False", (_LISTS,),
    ),
    Mutant(
        "two variables of one object allowed", "alias", "deloop.analysis.escape:check_apart",
        "if held.setdefault(term, store.array) != store.array:", "if False:",
        (_AFTER, _VIEWS, _WINNERS),
    ),
    # ------------------------------------------------------------------ stores and branches
    Mutant(
        "branch taken the other way", "branch", f"{_IF_CONVERT}:_guarded",
        "select(condition, node.value, old) if when", "select(condition, node.value, old) if True",
        (_HOLES, _VIEWS),
    ),
    Mutant(
        "branches that feed each other merged", "branch", f"{_IF_CONVERT}:_independent",
        "if load.array in written and not own:", "if False:", (_HOLES, _VIEWS),
    ),
    Mutant(
        "other side of an equality halved", "branch", f"{_IF_CONVERT}:_complement",
        "if guard.sign is Sign.ZERO:", "if False:", (_HOLES,),
    ),
    Mutant(
        "store forwarded past another element", "store", "deloop.transform.forward:_merge",
        "if any(load.subscripts != first.subscripts for load in reads):", "if False:",
        (_VIEWS, _PAIRS),
    ),
    Mutant(
        "derivatives of branches not taken let in", "branch",
        "deloop.transform.protect:_is_dangerous",
        "return kind not in (Gradient.LINEAR, Gradient.NONE)", "return False", (_BRANCHES, _HOLES),
    ),
    Mutant(
        "lookups of a condition let in", "branch", "deloop.transform.protect:_protected",
        "condition = _protected(condition, grads, inside)", "pass", (_LOOKUPS,),
    ),
    Mutant(
        "lookups on the way to a lookup let in", "branch", "deloop.transform.protect:_place",
        "subscript if is_guarded(subscript) else recurse(subscript)", "subscript", (_LOOKUPS,),
    ),
    Mutant(
        "right side of an and looked at always", "branch", "deloop.transform.protect:_protected",
        "guarded = _guard(_protected(right, grads, inside), reached, lambda e: False, inside)",
        "guarded = right", (_LOOKUPS,),
    ),
    Mutant(
        "elements that are not appended made all the same", "branch",
        "deloop.frontend.appends:AppendReader._where_appended",
        "if not build.needs_its_condition(value):", "if True:", (_LOOKUPS,),
    ),
    Mutant(
        "loop in a try that may raise rewritten", "branch", "deloop.analysis.tried:_may_raise",
        "return bool(find_operator(node.operator).may_raise)", "return False",
        ("tests/hazards/test_kept_nests.py",),
    ),
    Mutant(
        "diagonal that waits for itself", "dependence",
        "deloop.transform.wavefront:_Skewing._slope", "slope * down + right >= 1",
        "slope * down + right >= 0", (_WAVEFRONTS,),
    ),
    Mutant(
        "halves that differ merged", "branch", "deloop.transform.symmetry:_is_same",
        "return first == second or _ordered(first, \"\") == _ordered(second, \"\")",
        "return True", (_HOLES, "tests/hazards/test_plain_forms.py"),
    ),
    # ------------------------------------------------------------------ carried values
    Mutant(
        "NaN passed over as torch.maximum does not", "recurrence",
        f"{_RECURRENCE}:find_accumulation", "by_comparison and floating", "False", (_HOLES,),
    ),
    Mutant(
        "first of equals for the last", "recurrence", "deloop.transform.winner:_turned",
        "for a in axes}", "for a in ()}", (_WINNERS, _TIES),
    ),
    Mutant(
        "start of a reduction taken in twice", "recurrence", "deloop.transform.reduce:_taken_in",
        "first = scalar.substitute_symbols(reduced.value, {axis.iterator: axis.lower - 1})",
        "first = scalar.substitute_symbols(reduced.value, {axis.iterator: axis.lower})",
        (_HOLES, _ROWS),
    ),
    Mutant(
        "running value one step early", "recurrence", "deloop.transform.scan:_expanded",
        "scan = inclusive if behind else _exclusive(inclusive)", "scan = inclusive",
        (_AFTER, _SIZES),
    ),
    Mutant(
        "exit one iteration off", "recurrence", "deloop.frontend.cuts:last_iteration",
        "rest, coefficient = -rest - 1, -coefficient", "rest, coefficient = -rest, -coefficient",
        (_HOLES, _EXITS),
    ),
    Mutant(
        "search that sees what the loop writes", "recurrence", "deloop.pipeline:check_search",
        "if shared and not _looks_ahead(", "if False and not _looks_ahead(", (_EXITS,),
    ),
    Mutant(
        "names read behind the loop forgotten", "recurrence",
        "deloop.analysis.scope:find_live_out",
        "if n in own or is_read_behind(n, written, node, seen)", "if n in own", (_AFTER,),
    ),
    # ------------------------------------------------------------------ scatters
    Mutant(
        "duplicates of a scatter added once", "scatter", "deloop.backend.scatter:_Scatter.sum",
        "accumulate = ast.Constant(True)", "accumulate = ast.Constant(False)", (_SCATTER,),
    ),
    Mutant(
        "last of several writes not guarded", "scatter",
        "deloop.transform.scatter:_distinct", "distinct=True)",
        "distinct=False, every=False)", (_SCATTER,),
    ),
    Mutant(
        "order of a scatter taken for none", "scatter", "deloop.analysis.scatter:is_constant",
        "return not scalar.iterators_of(value, iterators) and", "return", (_SCATTER,),
    ),
    Mutant(
        "indices of a scatter not guarded", "scatter", "deloop.transform.scatter:_inside",
        'Call("ge", (subscript, integer(Affine())), kind)',
        'Call("ge", (subscript, integer(-size)), kind)', (_SCATTER,),
    ),
    # ------------------------------------------------------------------ gradients
    Mutant(
        "gradient that hangs on a branch taken for granted", "gradient",
        "deloop.transform.gradients:require_gradients",
        "condition = _recorded(_unrecorded(store.value, unsure), by_now)",
        "condition = number(True)", (_RECORDED,),
    ),
    Mutant(
        "what the backward pass saved overwritten", "gradient",
        "deloop.transform.gradients:_check_order",
        "_saves(node, written, with_grad, combines)", "False",
        ("tests/hazards/test_hazard_12_index_dependences.py", _RECORDED),
    ),
    Mutant(
        "order in which gradients come forgotten", "gradient",
        "deloop.transform.gradients:_check_order",
        "if requires_grad(store.value, by_now) != requires_grad(store.value, with_grad):",
        "if False:", (_HOLES, _RECORDED),
    ),
    # ------------------------------------------------------------------ the check itself
    Mutant(
        "NaN equal to any number", "check", "deloop.verification.compare:find_same",
        "both_nan = expected.isnan() & actual.isnan()",
        "both_nan = expected.isnan() | actual.isnan()", ("tests/verification/test_compare.py",),
    ),
    Mutant(
        "two sides share their arguments", "check",
        "deloop.verification.copies:_TensorCopies._lay_out",
        "self.storages[storage._cdata] = storage.clone()",
        "self.storages[storage._cdata] = storage", ("tests/verification/test_copies.py",),
    ),
    Mutant(
        "checked call that differs believed", "check", "deloop.decorator.check:Watched._compare",
        "self.distrust(self.checks.difference)\n    return self.loop",
        "self.distrust(self.checks.difference)\n    return self.rewrite",
        ("tests/decorator/test_check.py",),
    ),
)  # fmt: skip
