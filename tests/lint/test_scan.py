"""Which loops are findings and which are not, decided without the compiler."""

from __future__ import annotations

import ast

import pytest

from deloop.lint.scan import scan_module

FOUND = {
    "elements of a parameter that torch made another like": """
def f(x, t):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] * t
    return out
""",
    "a bound that is a size taken earlier": """
def f(x: torch.Tensor):
    n, d = x.shape
    out = torch.empty(n)
    for i in range(n):
        out[i] = x[i].sum()
    return out
""",
    "an accumulator": """
def f(x: torch.Tensor):
    s = 0.0
    for i in range(len(x)):
        s = s + torch.exp(x[i])
    return s
""",
    "items of a tensor": """
def f(x: torch.Tensor):
    total = 0
    for row in x:
        total += row.norm()
    return total
""",
    "a list that becomes a tensor": """
def f(x: "torch.Tensor"):
    rows = []
    for i in range(x.size(0)):
        rows.append(x[i] / x[i].max())
    return torch.stack(rows)
""",
    "a comprehension that becomes a tensor": """
def f(x: torch.Tensor):
    return torch.stack([x[i] / x[i].sum() for i in range(x.shape[0])])
""",
    "jaxtyping's annotation": """
def f(x: Float[Tensor, "n d"]):
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i, 0]
    return s
""",
    "an optional annotation": """
def f(x: Optional[torch.Tensor] = None):
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i]
    return s
""",
    "another name of torch": """
import torch as th
def f(n):
    x = th.rand(n)
    s = 0.0
    for i in range(n):
        s += x[i]
    return s
""",
    "enumerate of a tensor": """
def f(x: torch.Tensor, out: torch.Tensor):
    for i, v in enumerate(x):
        out[i] = v * 2
""",
    "counts at indices": """
def f(labels: torch.Tensor, n: int):
    counts = torch.zeros(n)
    for i in range(len(labels)):
        counts[labels[i]] += 1
    return counts
""",
    "a while that counts": """
def f(x: torch.Tensor):
    i = 0
    out = torch.zeros_like(x)
    while i < x.shape[0]:
        out[i] = x[i] + 1
        i += 1
    return out
""",
    "an inner loop of a serial one": """
def f(x: torch.Tensor, epochs):
    for epoch in range(epochs):
        y = torch.zeros_like(x)
        for i in range(x.shape[0]):
            y[i] = x[i] * epoch
        x = y
    return x
""",
    "a buffer of the module": """
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("w", torch.zeros(30, 4))
    def forward(self, x):
        s = 0
        for i in range(self.w.shape[0]):
            s = s + self.w[i] * x
        return s
""",
    "the greatest element": """
def f(x: torch.Tensor):
    best = -1.0
    for i in range(len(x)):
        if x[i] > best:
            best = x[i]
    return best
""",
    "growth by cat": """
def f(x: torch.Tensor):
    out = torch.empty(0)
    for i in range(len(x)):
        out = torch.cat([out, x[i : i + 1] * 2])
    return out
""",
    "a size of a known local": """
def f(path):
    x = torch.load(path).unsqueeze(0)
    for i in range(x.shape[1]):
        x[0, i] = x[0, i] / 2
    return x
""",
}

SILENT = {
    "a list of tensors": """
def f(xs: List[torch.Tensor]):
    s = 0
    for i in range(len(xs)):
        s = s + xs[i].sum()
    return s
""",
    "the parts of a split": """
def f(x: torch.Tensor):
    s = 0
    for part in x.split(4):
        s = s + part.sum()
    return s
""",
    "levels of features": """
def forward(self, features):
    outs = []
    for level in range(len(features)):
        outs.append(features[level].mean())
    return torch.stack(outs)
""",
    "a recurrence": """
def f(x: torch.Tensor, w: torch.Tensor):
    h = torch.zeros(3)
    out = []
    for t in range(x.shape[0]):
        h = torch.tanh(x[t] @ w + h)
        out.append(h)
    return torch.stack(out)
""",
    "epochs with backward and step": """
def train(model, x: torch.Tensor, opt):
    for i in range(x.shape[0]):
        loss = model(x[i]).sum()
        loss.backward()
        opt.step()
""",
    "few iterations": """
def f(x: torch.Tensor):
    s = 0
    for i in range(3):
        s = s + x[i]
    return s
""",
    "chunks": """
def f(x: torch.Tensor):
    out = []
    for i in range(0, x.shape[0], 64):
        out.append(x[i : i + 64].exp())
    return torch.cat(out)
""",
    "a NumPy array": """
def f(x):
    x = np.asarray(x)
    out = torch.zeros(len(x))
    for i in range(x.shape[0]):
        out[i] = x[i]
    return out
""",
    "drawing": """
def f(images: torch.Tensor):
    for i in range(len(images)):
        plt.imshow(images[i])
""",
    "printing": """
def f(x: torch.Tensor):
    for i in range(len(x)):
        print(x[i])
""",
    "a data loader": """
def f(loader):
    total = torch.zeros(1)
    for batch in loader:
        total += batch.sum()
    return total
""",
    "layers": """
class M(nn.Module):
    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
""",
    "a Triton kernel": """
@triton.jit
def kernel(x_ptr, n):
    acc = tl.zeros([4], dtype=tl.float32)
    for i in range(n):
        acc += tl.load(x_ptr + i)
""",
    "another package's tensors": """
def f(x: cute.Tensor):
    for i in range(cute.size(x)):
        x[i] = x[i] / 2
""",
    "random draws": """
def f(p: torch.Tensor):
    out = torch.zeros(len(p))
    for i in range(len(p)):
        out[i] = torch.multinomial(p[i], 1)
    return out
""",
    "a generator": """
def f(x: torch.Tensor):
    for i in range(len(x)):
        yield x[i] * 2
""",
    "windows of a small kernel": """
def f(x: torch.Tensor, k):
    p = F.pad(x, (k, k))
    s = torch.zeros_like(x)
    for d in range(k):
        s = s + p[..., d : d + x.shape[-1]]
    return s
""",
    "a dictionary per image": """
def f(boxes: torch.Tensor):
    out = []
    for i in range(boxes.shape[0]):
        out.append({"boxes": boxes[i]})
    return out
""",
    "parts that are only taken": """
def f(attentions: torch.FloatTensor):
    return torch.cat([a[:, :4] for a in attentions], dim=1)
""",
    "a rollout": """
def f(env, actions: torch.Tensor):
    rewards = []
    for t in range(len(actions)):
        obs, r, done = env.step(actions[t])
        rewards.append(r)
    return torch.tensor(rewards)
""",
}


def find(source: str, *, doubtful: bool = False) -> list[str]:
    """How the results leave each loop that is found."""
    text = f"import torch\nimport torch.nn as nn\nfrom torch import Tensor\n{source}"
    found = scan_module(ast.parse(text), lambda node: True, lambda node: True)
    return [c.verdict.sink for c in found if doubtful or not c.verdict.doubts]


@pytest.mark.parametrize("source", FOUND.values(), ids=FOUND)
def test_loop_over_a_tensor_is_found_once(source: str) -> None:
    assert len(find(source)) == 1


@pytest.mark.parametrize("source", SILENT.values(), ids=SILENT)
def test_loop_that_is_no_ones_business_is_not_found(source: str) -> None:
    assert find(source) == []


def test_how_results_leave_a_loop_is_told() -> None:
    told = {name: find(source)[0] for name, source in FOUND.items()}
    assert told["an accumulator"] == "sum"
    assert told["a list that becomes a tensor"] == "list"
    assert told["counts at indices"] == "scatter"
    assert told["growth by cat"] == "grow"
    assert told["an inner loop of a serial one"] == "store"


def test_helper_of_unknown_effect_leaves_a_doubt() -> None:
    source = """
def f(x: torch.Tensor, g):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = g(x[i])
    return out
"""
    assert find(source) == []
    assert find(source, doubtful=True) == ["store"]
