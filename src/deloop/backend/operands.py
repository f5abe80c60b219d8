"""Operands of lifted expressions: numbers, iterators and reads, with their axes laid out."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from deloop.backend import syntax
from deloop.backend.context import Context, Emitted
from deloop.backend.windows import Window, find_repeats, find_roll, find_window
from deloop.diagnostic import Place, Refusal
from deloop.dtype import Rank, category
from deloop.errors import Unsupported
from deloop.ir import scalar
from deloop.ir.affine import Affine, equal
from deloop.ir.axis import Axis
from deloop.ir.scalar import Expression, Load
from deloop.ir.types import Tensor


class OperandEmitter:
    """Emits the operands of one statement whose `axes` loops were lifted."""

    def __init__(
        self, context: Context, axes: Sequence[Axis], order: Sequence[str], place: Place
    ) -> None:
        self.context = context
        self.loops = {loop.iterator: loop for loop in axes}
        self.order = tuple(order)
        self.place = place
        self.count = 0

    def refuse(self, sentence: str, code: str = "VEC950") -> Unsupported:
        """The exception that says what cannot be written."""
        return Unsupported(Refusal(code, self.place, f"loop kept: {sentence}"))

    def emit(self, expression: Expression) -> Emitted:
        """The lifted form of an expression: an index may be any."""
        raise NotImplementedError

    def knows(self, expression: Expression) -> bool:
        """Whether the value has a name, made over the same ranges."""
        raise NotImplementedError

    # ------------------------------------------------------------------ axes
    def sorted_axes(self, axes: Sequence[str]) -> tuple[str, ...]:
        """Axes in canonical order."""
        return tuple(a for a in self.order if a in axes)

    def align(self, piece: Emitted, axes: tuple[str, ...]) -> ast.expr:
        """The piece with a dimension of size 1 for each missing axis behind its first one.

        ``x: (i) -> x[:, None]`` among ``(i, j)``; leading dimensions broadcast by themselves.
        """
        if not piece.axes:
            return piece.node
        start = axes.index(piece.axes[0])
        entries: list[ast.expr] = [
            ast.Slice() if axis in piece.axes else ast.Constant(None) for axis in axes[start:]
        ]
        if all(syntax.is_full(e) for e in entries):
            return piece.node
        if piece.reduced is not None and piece.reduced[0] is piece.node:
            call, dims = piece.reduced
            added = tuple(k for k, e in enumerate(entries) if isinstance(e, ast.Constant))
            if added == dims and len(entries) == len(piece.axes) + len(dims):
                keep = ast.keyword("keepdim", ast.Constant(True))
                return ast.Call(call.func, call.args, [*call.keywords, keep])
        if piece.squeezed is not None and piece.squeezed[0] is piece.node:
            _, whole, dims = piece.squeezed
            if dims == tuple(k for k, e in enumerate(entries) if isinstance(e, ast.Constant)):
                return whole
        return self._insert(piece, syntax.strip_full(entries))

    @staticmethod
    def _insert(piece: Emitted, entries: list[ast.expr]) -> ast.expr:
        """``None`` entries merged into a subscript: ``x[1:, k][:, None] -> x[1:, k, None]``."""
        node = piece.node
        if (kept := _keeping_dims(node, entries)) is not None:
            return kept
        if isinstance(node, ast.Subscript):
            given = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
            if piece.is_view or all(isinstance(g, ast.Slice) for g in given):
                merged: list[ast.expr] = []
                while given and not isinstance(given[0], ast.Slice):
                    merged.append(given.pop(0))
                for entry in entries:
                    merged.append(given.pop(0) if given and isinstance(entry, ast.Slice) else entry)
                    while given and not isinstance(given[0], ast.Slice):
                        merged.append(given.pop(0))
                merged.extend(given)
                return syntax.index(node.value, merged)
        return syntax.index(node, entries)

    def bounds(self, axis: str) -> tuple[Affine, Affine]:
        """First value and one past the last value of a lifted iterator."""
        loop = self.loops[axis]
        return loop.lower, loop.upper

    # ------------------------------------------------------------------ leaves
    def index(self, affine: Affine) -> Emitted:
        """A Python int: as it is, or ``torch.arange`` along its axes."""
        affine = self.context.canonical(affine)
        lifted = [s for s in affine.symbols if s in self.loops]
        if not lifted:
            return Emitted(syntax.affine(self.context.spell(affine)), (), "int64", Rank.NUMBER)
        parts: list[Emitted] = []
        rest = affine.without(lifted)
        for axis in self.sorted_axes(lifted):
            coefficient = affine.coefficient(axis)
            if axis in self.context.places:
                parts.append(self._placed(axis, coefficient, rest if not parts else Affine()))
                continue
            parts.append(self._arange(axis, coefficient, rest if not parts else Affine()))
        total = parts[0]
        for part in parts[1:]:
            axes = self.sorted_axes((*total.axes, *part.axes))
            node = ast.BinOp(self.align(total, axes), ast.Add(), self.align(part, axes))
            total = Emitted(node, axes, "int64", Rank.TENSOR)
        return total

    def _placed(self, axis: str, coefficient: int, rest: Affine) -> Emitted:
        """A vector of indices that has a name: ``i - 1``."""
        moving = Affine.symbol(axis) * coefficient + rest
        known = self.context.places[axis]
        same = [(name, held) for name, held in known if held.coefficient(axis) == coefficient]
        name, held = (same or known)[0]
        factor = 1 if same else coefficient
        place = Affine.symbol(name) * factor + moving - held * factor
        node = syntax.affine(self.context.spell(place))
        return Emitted(node, (axis,), "int64", Rank.TENSOR)

    def _arange(self, axis: str, coefficient: int, rest: Affine) -> Emitted:
        loop = self.loops[axis]
        lower, upper = self.bounds(axis)
        arguments: list[Affine]
        scale = 1
        if coefficient == 1:
            arguments = [lower + rest, upper + rest]
        elif loop.span is not None and coefficient == loop.stride:
            arguments = [rest, rest + loop.span, self.context.step(loop, coefficient)]
        elif coefficient < 0 and loop.span is None:
            arguments = [
                lower * coefficient + rest,
                upper * coefficient + rest,
                Affine.number(coefficient),
            ]
        else:
            scale, arguments = coefficient, [lower, upper]
        if arguments[0] == Affine() and len(arguments) == 2:
            arguments = arguments[1:]
        sizes = map(self.context.canonical, arguments)
        written = [syntax.affine(self.context.spell(a)) for a in sizes]
        node = syntax.call(f"{self.context.torch}.arange", written, **self._device())
        if scale != 1:
            factor = syntax.affine(self.context.settled(Affine.number(scale)))
            node = ast.BinOp(factor, ast.Mult(), node)
            if rest != Affine():
                node = ast.BinOp(node, ast.Add(), syntax.affine(self.context.spell(rest)))
        return Emitted(node, (axis,), "int64", Rank.TENSOR)

    def _device(self) -> dict[str, ast.expr]:
        kind, spelled = self.context.device
        return {} if kind == "cpu" or not spelled else {"device": syntax.name(spelled)}

    def load(self, load: Load) -> Emitted:
        """A read: a slice where each dimension moves with one iterator, else an index tensor."""
        if load.array in self.context.locals:
            return self._local(load)
        tensor = self.context.arrays[load.array]
        base = self.context.base(tensor)
        if tensor.made_of and category(tensor.type.dtype) == "float":
            self.context.round_off(f"{tensor.name} at once")
        if self._is_placed(load.subscripts):
            return self._gather(load, base)
        rolled = self._rolled(load, tensor) or self._each_repeated(load, tensor)
        if rolled is not None:
            return rolled
        if any(self._needs_gather(s) for s in load.subscripts) or self._repeats(load):
            diagonal = self._diagonal(load, base) or self._unfolded(load, tensor)
            return self._gather(load, base) if diagonal is None else self.permute(diagonal)
        entries: list[ast.expr] = []
        axes: list[str] = []
        flips: list[int] = []
        for subscript, size in zip(load.subscripts, tensor.type.shape, strict=True):
            assert isinstance(subscript, Affine)
            subscript, size = self.context.canonical(subscript), self.context.canonical(size)
            lifted = [s for s in subscript.symbols if s in self.loops]
            if not lifted:
                entries.append(self.point(subscript, size))
                continue
            if subscript.coefficient(lifted[0]) < 0:
                flips.append(len(axes))
            entries.append(self.slice(subscript, lifted[0], size))
            axes.append(lifted[0])
        node = syntax.index(base, syntax.strip_full(entries))
        if flips:
            node = syntax.method(node, "flip", *[syntax.constant(d) for d in flips])
        rank = Rank.TENSOR if axes else Rank.SCALAR
        is_view = not flips and not tensor.made_of
        piece = Emitted(node, tuple(axes), load.type.dtype, rank, is_view=is_view)
        if not tensor.type.shape and load.type.rank is Rank.NUMBER:
            piece = replace(piece, rank=Rank.NUMBER, is_view=False)
        return self.permute(piece)

    def _rolled(self, load: Load, tensor: Tensor) -> Emitted | None:
        """``x[(i - 1) % n] -> x.roll(1)``; None where no dimension goes round."""
        canonical = self.context.canonical
        sizes = [canonical(size) for size in tensor.type.shape]
        pairs = list(zip(load.subscripts, sizes, strict=True))
        found = [find_roll(s, size, self.loops, canonical) for s, size in pairs]
        if not any(found):
            return None
        plain = tuple(
            Affine.symbol(roll.axis) if roll else s
            for roll, s in zip(found, load.subscripts, strict=True)
        )
        sliced = [self._sliced(s, n) for s, n in zip(plain, sizes, strict=True)]
        pairs_found = [pair for pair in sliced if pair is not None]
        entries, names = [e for e, _ in pairs_found], [a for _, a in pairs_found]
        if len(names) != len(plain) or len(set(names)) != len(names):
            return None
        rolls = [(roll.shift, k) for k, roll in enumerate(found) if roll]
        shifts = [(shift, k) for shift, k in rolls if shift != Affine()]
        written = [syntax.affine(self.context.spell(shift)) for shift, _ in shifts]
        dims: list[ast.expr] = [syntax.constant(k) for _, k in shifts]
        if len(shifts) <= 1:
            arguments = written if len(names) == 1 else [written[0], dims[0]]
        else:
            arguments = [ast.Tuple(written, ast.Load()), ast.Tuple(dims, ast.Load())]
        whole = syntax.index(self.context.base(tensor), syntax.strip_full(entries))
        node = syntax.method(whole, "roll", *arguments) if shifts else whole
        kind = load.type.dtype
        return self.permute(Emitted(node, tuple(names), kind, Rank.TENSOR, is_view=not shifts))

    def _each_repeated(self, load: Load, tensor: Tensor) -> Emitted | None:
        """``x[i // s] -> x.repeat_interleave(s, 0)``; None where no dimension is read so."""
        entries: list[ast.expr] = []
        axes: list[str] = []
        counts: list[tuple[int, Affine]] = []
        for subscript, extent in zip(load.subscripts, tensor.type.shape, strict=True):
            size = self.context.canonical(extent)
            found = find_repeats(
                subscript, size, self.loops, self.context.canonical, self.context.assume
            )
            sliced = self._sliced(subscript, size)
            if found is not None:
                counts.append((len(axes), found[1]))
                entries.append(ast.Slice())
                axes.append(found[0])
            elif sliced is not None:
                entries.append(sliced[0])
                axes.append(sliced[1])
            elif isinstance(subscript, Affine) and not set(subscript.symbols) & set(self.loops):
                entries.append(self.point(self.context.canonical(subscript), size))
            else:
                return None
        if not counts or len(set(axes)) != len(axes):
            return None
        node = syntax.index(self.context.base(tensor), syntax.strip_full(entries))
        for dim, count in counts:
            written = syntax.affine(self.context.spell(self.context.settled(count)))
            node = syntax.method(node, "repeat_interleave", written, syntax.constant(dim))
        return self.permute(Emitted(node, tuple(axes), load.type.dtype, Rank.TENSOR))

    def _sliced(self, subscript: scalar.Subscript, size: Affine) -> tuple[ast.expr, str] | None:
        """The slice that a subscript walks over forwards, with its axis; None for any other."""
        if not isinstance(subscript, Affine):
            return None
        subscript = self.context.canonical(subscript)
        axes = [a for a in subscript.symbols if a in self.loops]
        if len(axes) != 1 or subscript.coefficient(axes[0]) < 0:
            return None
        return self.slice(subscript, axes[0], size), axes[0]

    def _unfolded(self, load: Load, tensor: Tensor) -> Emitted | None:
        """``x[i + k] -> x.unfold(0, size, 1)``; None where no dimension is read in windows."""
        canonical, spell = self.context.canonical, self.context.spell
        entries: list[ast.expr] = []
        axes: list[str] = []
        windows: list[tuple[int, Window]] = []
        for subscript, extent in zip(load.subscripts, tensor.type.shape, strict=True):
            size = canonical(extent)
            sliced = self._sliced(subscript, size)
            if sliced is not None:
                entries.append(sliced[0])
                axes.append(sliced[1])
                continue
            if isinstance(subscript, Affine) and not set(subscript.symbols) & set(self.loops):
                entries.append(self.point(canonical(subscript), size))
                continue
            window = find_window(
                subscript, size, self.loops, canonical, self.context.assume, self.context.settled
            )
            if window is None:
                return None
            first = None if window.start == Affine() else syntax.affine(spell(window.start))
            stop = None if window.stop is None else self.stop(window.stop, size)
            entries.append(ast.Slice(first, stop, None))
            windows.append((len(axes), window))
            axes.append(window.outer)
        axes.extend(window.inner for _, window in windows)
        if not windows or len(set(axes)) != len(axes):
            return None
        node = syntax.index(self.context.base(tensor), syntax.strip_full(entries))
        for dim, window in windows:
            step, length = self.context.settled(window.step), window.size
            if window.size == window.step:  # blocks
                length = self.context.settled(length)
            sizes = [syntax.affine(spell(a)) for a in (length, step)]
            node = syntax.method(node, "unfold", syntax.constant(dim), *sizes)
        turned = [syntax.constant(axes.index(w.inner)) for _, w in windows if w.turned]
        if turned:
            node = syntax.method(node, "flip", *turned)
        piece = Emitted(node, tuple(axes), load.type.dtype, Rank.TENSOR, is_view=not turned)
        return self.permute(piece)

    def _local(self, load: Load) -> Emitted:
        """A temporary of the iteration: kept over the ranges of the axes it was made along."""
        kept = self.context.locals[load.array]
        if kept is None:
            raise self.refuse(
                f"{load.array} is used behind the loop that sets it in each iteration"
            )
        if self._is_placed(load.subscripts) or not all(
            isinstance(s, Affine) for s in load.subscripts
        ):
            return self._local_placed(load, kept)
        entries: list[ast.expr] = []
        axes: list[str] = []
        flips: list[int] = []
        for subscript, dimension in zip(load.subscripts, kept, strict=True):
            assert isinstance(subscript, Affine)
            if dimension is None:
                if len(subscript.symbols) != 1 or subscript.symbols[0] in self.loops:
                    raise self.refuse(
                        f"{load.array} is used in another iteration than it is set in"
                    )
                continue
            lower, upper = dimension
            place, size = (
                self.context.canonical(subscript - lower),
                self.context.canonical(upper - lower),
            )
            lifted = [s for s in place.symbols if s in self.loops]
            if len(lifted) > 1 or (lifted and lifted[0] in axes):
                raise self.refuse(f"{load.array} is kept over other iterations than it is used in")
            if not lifted:
                entries.append(self.point(place, size))
                continue
            if place.coefficient(lifted[0]) < 0:
                flips.append(len(axes))
            entries.append(self.slice(place, lifted[0], size))
            axes.append(lifted[0])
        name = self.context.arrays[load.array].name
        node = syntax.index(ast.Name(name, ast.Load()), syntax.strip_full(entries))
        if flips:
            node = syntax.method(node, "flip", *[syntax.constant(d) for d in flips])
        rank = Rank.TENSOR if axes else load.type.rank
        if entries and rank is Rank.NUMBER:
            rank = Rank.SCALAR  # a Python number in the loop, an element of a tensor here
        return self.permute(Emitted(node, tuple(axes), load.type.dtype, rank))

    def _local_placed(
        self, load: Load, kept: Sequence[tuple[Affine, Affine] | None]
    ) -> Emitted:
        """A temporary at the places of a diagonal, ``cost[i - 1, j - 1]``, or at a computed one."""
        subscripts: list[scalar.Subscript] = []
        sizes: list[Affine] = []
        for subscript, dimension in zip(load.subscripts, kept, strict=True):
            is_affine = isinstance(subscript, Affine)
            if dimension is None or not (is_affine or dimension[0] == Affine()):
                raise self.refuse(f"{load.array} is used in another iteration than it is set in")
            moved = subscript - dimension[0] if isinstance(subscript, Affine) else subscript
            subscripts.append(moved)
            sizes.append(dimension[1] - dimension[0])
        kind = replace(self.context.arrays[load.array].type, shape=tuple(sizes))
        tensor = replace(self.context.arrays[load.array], type=kind)
        entries, axes, is_view = self.index_entries(subscripts, tensor)
        node = syntax.index(ast.Name(tensor.name, ast.Load()), syntax.strip_full(entries))
        return self.permute(Emitted(node, axes, load.type.dtype, Rank.TENSOR, is_view))

    def point(self, subscript: Affine, size: Affine) -> ast.expr:
        """A subscript that no lifted iterator moves; from the end where that is plainer."""
        back = subscript - size
        if back.is_constant and back.constant < 0 and subscript.symbols:
            return syntax.constant(back.constant)
        return syntax.affine(self.context.spell(subscript))

    def _is_placed(self, subscripts: Sequence[scalar.Subscript]) -> bool:
        """Whether subscripts move with an axis that vectors of indices stand for."""
        places = self.context.places
        return bool(places) and any(
            isinstance(s, Affine) and set(self.context.canonical(s).symbols) & set(places)
            for s in subscripts
        )

    def _needs_gather(self, subscript: scalar.Subscript) -> bool:
        if not isinstance(subscript, Affine):
            return True
        if self._is_placed((subscript,)):
            return True
        return sum(s in self.loops for s in self.context.canonical(subscript).symbols) > 1

    def _repeats(self, load: Load) -> bool:
        axes = [
            s
            for sub in load.subscripts
            if isinstance(sub, Affine)
            for s in sub.symbols
            if s in self.loops
        ]
        return len(axes) != len(set(axes))

    def slice(self, subscript: Affine, axis: str, size: Affine) -> ast.expr:
        """The slice of a dimension of `size` elements that an affine subscript walks over."""
        coefficient = subscript.coefficient(axis)
        loop = self.loops[axis]
        lower, upper = loop.lower, loop.upper
        rest = subscript.without([axis])
        if loop.span is not None and coefficient % loop.stride == 0:
            factor = coefficient // loop.stride  # the user's variable moves by the stride
            first, stop = rest, rest + loop.span * factor
        else:
            first, stop = rest + lower * coefficient, rest + upper * coefficient
        if coefficient < 0:  # upwards through the same elements; the piece is flipped afterwards
            first, stop = rest + (upper - 1) * coefficient, rest + lower * coefficient + 1
            if loop.span is not None and coefficient % loop.stride == 0:
                behind = first - loop.span * (coefficient // loop.stride)
                stop = behind if self.stop(self.context.canonical(behind), size) is None else stop
        first, stop = self.context.canonical(first), self.context.canonical(stop)
        stop_node = self.stop(stop, size)
        start_node = None if first == Affine() else syntax.affine(self.context.spell(first))
        behind = first - size
        ends = stop_node is None or _counts_back(stop_node)
        if ends and not first.is_constant and behind.is_constant and behind.constant < 0:
            start_node = syntax.constant(behind.constant)  # it is known to lie in the dimension
        step = self.context.step(loop, abs(coefficient))
        is_one = step == Affine.number(1)
        step_node = None if is_one else syntax.affine(self.context.spell(step))
        return ast.Slice(start_node, stop_node, step_node)

    def stop(self, stop: Affine, size: Affine) -> ast.expr | None:
        """The end of a slice; None where it is that of the dimension."""
        back = stop - size
        if (back.is_constant and back.constant >= 0) or self.context.vanishes(back):
            return None
        blocks = any(abs(c) > 1 for _, c in back.terms)
        if blocks and self.context.assume(equal(back, 0), "the blocks are all of a dimension"):
            return None
        if back.is_constant and back.constant < 0 and stop.symbols:
            return syntax.constant(back.constant)
        return syntax.affine(self.context.spell(stop))

    def diagonal(self, load: Load) -> Emitted | None:
        """The diagonal that a read of which two dimensions move alike is, a view; None for others.
        """
        if not all(isinstance(s, Affine) for s in load.subscripts) or not self._repeats(load):
            return None
        if any(self._needs_gather(s) for s in load.subscripts):
            return None
        return self._diagonal(load, self.context.base(self.context.arrays[load.array]))

    def _diagonal(self, load: Load, base: ast.expr) -> Emitted | None:
        """``A[i, i] -> A.diagonal()``, ``x[b, i, i] -> x.diagonal(dim1=1, dim2=2)``."""
        if len(load.subscripts) > 2:
            return self._diagonals(load, base)
        if len(load.subscripts) != 2 or not all(isinstance(s, Affine) for s in load.subscripts):
            return None
        first, second = (
            self.context.canonical(s) for s in load.subscripts if isinstance(s, Affine)
        )
        axes = [s for s in first.symbols if s in self.loops]
        if len(axes) != 1 or first.coefficient(axes[0]) != 1 or second.coefficient(axes[0]) != 1:
            return None
        if [s for s in second.symbols if s in self.loops] != axes:
            return None
        sizes = [self.context.canonical(s) for s in self.context.arrays[load.array].type.shape]
        entries = [self.slice(f, axes[0], n) for f, n in zip((first, second), sizes, strict=True)]
        if any(syntax.is_full(entry) for entry in entries):
            # The diagonal ends with the dimension that is read to its end.
            entries = [
                ast.Slice(e.lower, None, None)
                if isinstance(e, ast.Slice) and e.step is None else e
                for e in entries
            ]  # fmt: skip
        node = syntax.method(syntax.index(base, syntax.strip_full(entries)), "diagonal")
        return Emitted(node, (axes[0],), load.type.dtype, Rank.TENSOR, is_view=True)

    def _diagonals(self, load: Load, base: ast.expr) -> Emitted | None:
        """The diagonals of two dimensions, as the last axis: ``x[i, i, k] -> x.diagonal()``.

        Each of the other dimensions is one place or an axis of its own.
        """
        tensor = self.context.arrays[load.array]
        entries: list[ast.expr] = []
        moving: list[str] = []
        for subscript, size in zip(load.subscripts, tensor.type.shape, strict=True):
            if not isinstance(subscript, Affine):
                return None
            place, extent = self.context.canonical(subscript), self.context.canonical(size)
            own = [s for s in place.symbols if s in self.loops]
            if len(own) > 1 or (own and place.coefficient(own[0]) != 1):
                return None
            entries.append(self.slice(place, own[0], extent) if own else self.point(place, extent))
            moving.extend(own)
        shared = [a for a in dict.fromkeys(moving) if moving.count(a) > 1]
        if len(shared) != 1 or moving.count(shared[0]) != 2:
            return None
        first = moving.index(shared[0])
        second = moving.index(shared[0], first + 1)
        taken = syntax.index(base, syntax.strip_full(entries))
        places = {"dim1": ast.Constant(first), "dim2": ast.Constant(second)}
        keywords: dict[str, ast.expr] = {} if (first, second) == (0, 1) else {**places}
        node = syntax.method(taken, "diagonal", **keywords)
        axes = (*(a for a in moving if a != shared[0]), shared[0])
        return Emitted(node, axes, load.type.dtype, Rank.TENSOR, is_view=True)

    def _gather(self, load: Load, base: ast.expr) -> Emitted:
        """Index tensors: ``x[idx[i]] -> x[idx]``; dimensions that are plain slices stay slices."""
        tensor = self.context.arrays[load.array]
        entries, axes, is_view = self.index_entries(load.subscripts, tensor)
        node = syntax.index(base, syntax.strip_full(entries))
        rank = Rank.TENSOR if axes else Rank.SCALAR
        return self.permute(Emitted(node, axes, load.type.dtype, rank, is_view))

    def index_entries(
        self, subscripts: Sequence[scalar.Subscript], tensor: Tensor
    ) -> tuple[list[ast.expr], tuple[str, ...], bool]:
        """What stands between the brackets, the axes of the result, whether it is still a view."""
        pieces = self.index_pieces(subscripts, tensor)
        if pieces is None:
            pieces = [self.index_tensor(s) for s in subscripts]
        gathered = [p for p in pieces if isinstance(p, Emitted)]
        common = self.sorted_axes([a for p in gathered for a in p.axes])
        entries: list[ast.expr] = []
        axes: list[str] = []
        for piece in pieces:
            if isinstance(piece, Emitted):
                entries.append(self.align(piece, common))
                axes.extend(a for a in common if a not in axes)
            else:
                entries.append(piece[0])
                axes.append(piece[1])
        return entries, tuple(axes), not any(p.axes for p in gathered)

    def index_pieces(
        self, subscripts: Sequence[scalar.Subscript], tensor: Tensor
    ) -> list[Emitted | tuple[ast.expr, str]] | None:
        """Each dimension as an index tensor or a slice; None where the two do not mix plainly."""
        pieces: list[Emitted | tuple[ast.expr, str]] = []
        used: list[str] = []
        names = frozenset(self.loops)
        looked_up = {
            i for s in subscripts if not isinstance(s, Affine)
            for i in scalar.iterators_of(s, names)
        }  # fmt: skip
        for subscript, size in zip(subscripts, tensor.type.shape, strict=True):
            if isinstance(subscript, Affine) and not self._needs_gather(subscript):
                lifted = [s for s in subscript.symbols if s in self.loops]
                meets = bool(set(lifted) & looked_up)  # x[i, idx[i]]: no slice along i
                if lifted and not meets and subscript.coefficient(lifted[0]) > 0:
                    pieces.append(
                        (self.slice(subscript, lifted[0], self.context.canonical(size)), lifted[0])
                    )
                    used.append(lifted[0])
                    continue
            pieces.append(self.index_tensor(subscript))
        advanced = [k for k, p in enumerate(pieces) if isinstance(p, Emitted)]
        axes = [a for p in pieces if isinstance(p, Emitted) for a in p.axes]
        if not advanced:
            return None
        contiguous = advanced == list(range(advanced[0], advanced[-1] + 1))
        if len(used) != len(set(used)) or set(used) & set(axes) or not contiguous:
            return None
        return pieces

    def index_tensor(self, subscript: scalar.Subscript) -> Emitted:
        """A subscript as a number or an integer tensor."""
        if isinstance(subscript, Affine):
            return self.index(subscript)
        piece = self.emit(subscript)
        if category(piece.dtype) != "int":
            raise self.refuse("an index is not an integer tensor")
        if piece.axes and piece.dtype not in ("int64", "int32"):  # a 0-d one of any dtype indexes
            return replace(piece, node=syntax.method(piece.node, "long"), dtype="int64")
        return piece

    def permute(self, piece: Emitted) -> Emitted:
        """Dimensions brought into canonical order: ``(j, i) -> .T``."""
        wanted = self.sorted_axes(piece.axes)
        if wanted == piece.axes:
            return piece
        if len(wanted) == 2:
            node = syntax.attribute(piece.node, "T")
        else:
            order = [syntax.constant(piece.axes.index(a)) for a in wanted]
            node = syntax.method(piece.node, "permute", *order)
        return replace(piece, node=node, axes=wanted)


def _counts_back(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)


def _keeping_dims(node: ast.expr, entries: list[ast.expr]) -> ast.expr | None:
    """``x.sum(1)[:, None] -> x.sum(1, keepdim=True)``."""
    inserted = [k for k, e in enumerate(entries) if not isinstance(e, ast.Slice)]
    match node:
        case ast.Call(
            func=ast.Attribute(attr="sum" | "mean" | "amax" | "amin" | "prod" | "any" | "all"),
            args=[ast.Constant(int() as dim)],
            keywords=keywords,
        ) if inserted == [dim]:
            keep = ast.keyword("keepdim", ast.Constant(True))
            return ast.Call(node.func, node.args, [*keywords, keep])
    return None
