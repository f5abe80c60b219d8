"""Loops as people write them, labelled by hand before they were checked.

One function each, in the words of real code: headers over sizes taken earlier, over ``x.shape[0]``,
over items; what is a tensor is told by an annotation, a call, a method or a module's custom.
"""

from __future__ import annotations

import re

# Functions are divided by blank lines; the first line of each is its def, or its class.
FINDINGS = """
def per_row_norm(x: torch.Tensor):
    n = x.shape[0]
    out = torch.zeros(n)
    for i in range(n):
        out[i] = x[i].norm()
    return out

def pairwise(a: torch.Tensor, b: torch.Tensor):
    n, m = a.size(0), b.size(0)
    d = torch.zeros(n, m)
    for i in range(n):
        for j in range(m):
            d[i, j] = (a[i] - b[j]).pow(2).sum()
    return d

def applied_everywhere(t, func):
    out = torch.empty_like(t)
    for idx in itertools.product(*[range(s) for s in t.shape]):
        out[idx] = func(t[idx])
    return out

def applied_at_places(tensor):
    result = torch.zeros_like(tensor)
    for place in np.ndindex(*tensor.shape):
        result[place] = torch.sin(tensor[place])
    return result

def applied_in_two_loops(t, func):
    out = torch.empty_like(t)
    for i in range(t.shape[0]):
        for j in range(t.shape[1]):
            out[i, j] = func(t[i, j])
    return out

def confusion(pred, target, classes):
    pred, target = pred.view(-1), target.view(-1)
    matrix = torch.zeros(classes, classes)
    for p, t in zip(pred, target):
        matrix[t.long(), p.long()] += 1
    return matrix

def outcomes(score: torch.Tensor, truth: torch.Tensor):
    tp = fp = rest = 0
    for i in range(len(score)):
        predicted = 1 if score[i] > 0.5 else 0
        if predicted == 1 and truth[i] == 1:
            tp += 1
        elif predicted == 1 and truth[i] == 0:
            fp += 1
        else:
            rest += 1
    return tp, fp, rest

def center_loss(feat: Tensor, label: Tensor, centers: Tensor):
    loss = 0
    for i in range(feat.size(0)):
        loss += (feat[i] - centers[label[i]]).pow(2).sum()
    return loss / feat.size(0)

class Pool(nn.Module):
    def forward(self, hidden, lengths):
        bsz, steps, dim = hidden.size()
        out = hidden.new_zeros(bsz, dim)
        for b in range(bsz):
            out[b] = hidden[b, : lengths[b]].mean(dim=0)
        return out

def mask_lengths(lengths: torch.LongTensor, width: int):
    mask = torch.zeros(len(lengths), width)
    for i, length in enumerate(lengths):
        mask[i, :length] = 1
    return mask

def causal(size):
    mask = torch.zeros(size, size)
    for i in range(size):
        for j in range(i + 1):
            mask[i, j] = 1
    return mask

def positions(length, dim):
    table = torch.zeros(length, dim)
    for pos in range(length):
        for i in range(0, dim):
            table[pos, i] = math.sin(pos / 10000 ** (i / dim))
    return table

def ious(boxes: Float[Tensor, "n 4"], other: Float[Tensor, "m 4"]):
    out = torch.zeros(boxes.shape[0], other.shape[0])
    for i, p in enumerate(boxes):
        for j, q in enumerate(other):
            w = torch.min(p[2], q[2]) - torch.max(p[0], q[0])
            out[i, j] = w.clamp(min=0)
    return out

def accuracy(logits: torch.Tensor, labels: torch.Tensor):
    correct = 0
    for i in range(len(labels)):
        if logits[i].argmax() == labels[i]:
            correct += 1
    return correct / len(labels)

def to_ids(scores: torch.Tensor, threshold=0.5):
    ids = []
    for i in range(scores.shape[0]):
        if scores[i].item() > threshold:
            ids.append(i)
    return torch.tensor(ids)

def class_means(x, labels, n):
    means = []
    for c in range(n):
        means.append(x[labels == c].mean(dim=0))
    return torch.stack(means)

def gather_last(output, lengths):
    rows = []
    for i in range(output.size(0)):
        rows.append(output[i, lengths[i] - 1])
    return torch.stack(rows)

def moving(x: torch.Tensor, k: int):
    out = torch.zeros(len(x) - k + 1)
    for i in range(len(x) - k + 1):
        out[i] = x[i : i + k].mean()
    return out

def laplacian(u: torch.Tensor):
    new = u.clone()
    for i in range(1, u.shape[0] - 1):
        for j in range(1, u.shape[1] - 1):
            new[i, j] = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4 * u[i, j]
    return new

def matmul(a, b):
    n, k = a.shape
    _, m = b.shape
    c = torch.zeros(n, m)
    for i in range(n):
        for j in range(m):
            for t in range(k):
                c[i, j] += a[i, t] * b[t, j]
    return c

def onehot(labels: torch.Tensor, n: int):
    out = torch.zeros(labels.shape[0], n)
    for i in range(labels.shape[0]):
        out[i, labels[i]] = 1
    return out

def batch_matrix(x: torch.Tensor, w: torch.Tensor):
    return torch.stack([x[i] @ w[i] for i in range(x.shape[0])])

def gather_rows(x: torch.Tensor, index: torch.Tensor):
    return torch.stack([x[b, index[b]] for b in range(x.size(0))])

def unit_rows(x: torch.Tensor):
    rows = []
    for row in x:
        rows.append(row / row.norm())
    return torch.stack(rows)

def relu(x: torch.Tensor):
    for i in range(x.size(0)):
        for j in range(x.size(1)):
            if x[i, j] < 0:
                x[i, j] = 0
    return x

def histogram(values):
    counts = torch.zeros(256)
    values = torch.flatten(values)
    for v in values:
        counts[v.long()] += 1
    return counts

def best(scores: torch.Tensor):
    top, where = -1.0, -1
    for i in range(len(scores)):
        if scores[i] > top:
            top, where = scores[i], i
    return where

def edges(adjacency: torch.Tensor):
    n = adjacency.shape[0]
    degree = torch.zeros(n)
    for i in range(n):
        degree[i] = adjacency[i].sum()
    return degree

def scatter(src: torch.Tensor, index: torch.Tensor, n: int):
    out = torch.zeros(n, src.size(1))
    for e in range(index.size(0)):
        out[index[e]] += src[e]
    return out

def dice(pred: torch.Tensor, target: torch.Tensor):
    total = 0
    for c in range(pred.shape[1]):
        total += 2 * (pred[:, c] * target[:, c]).sum() / (pred[:, c] + target[:, c]).sum()
    return total / pred.shape[1]

def expected_error(conf: torch.Tensor, acc: torch.Tensor, bins: int):
    edges = torch.linspace(0, 1, bins + 1)
    ece = torch.zeros(1)
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (conf > low) & (conf <= high)
        ece += inside.float().mean() * (acc[inside].mean() - conf[inside].mean()).abs()
    return ece

class Calibration(nn.Module):
    def __init__(self, bins=20):
        super().__init__()
        edges = torch.linspace(0, 1, bins + 1)
        self.lower = edges[:-1]
        self.upper = edges[1:]
    def forward(self, conf, acc):
        ece = torch.zeros(1, device=conf.device)
        for low, high in zip(self.lower, self.upper):
            inside = conf.gt(low.item()) * conf.le(high.item())
            ece += inside.float().mean()
        return ece

def gram(x: torch.Tensor):
    b, c, h, w = x.size()
    grams = []
    for i in range(b):
        f = x[i].view(c, h * w)
        grams.append(f @ f.t())
    return torch.stack(grams)

def dequantize(x, scale, zero):
    out = torch.zeros(x.size(), device=x.device)
    for i in range(x.size()[0]):
        out[i, :] = scale[i] * (x[i, :] - zero[i])
    return out

def permute_rows(x: torch.Tensor, order: torch.Tensor):
    for i in range(x.size(0)):
        x[i] = x[i, order[i]]
    return x

def shift(x: torch.Tensor):
    y = torch.zeros_like(x)
    for t in range(1, x.shape[1]):
        y[:, t] = x[:, t - 1]
    return y

def normalize_each(images: torch.Tensor):
    for i in range(images.shape[0]):
        images[i] = (images[i] - images[i].min()) / (images[i].max() - images[i].min())
    return images

def cumulative(x: torch.Tensor):
    out = torch.zeros_like(x)
    total = 0.0
    for i in range(len(x)):
        total = total + x[i]
        out[i] = total
    return out

def triples(emb: torch.Tensor, labels: torch.Tensor, margin: float):
    loss = torch.tensor(0.0)
    n = emb.size(0)
    for i in range(n):
        for j in range(n):
            if labels[i] != labels[j]:
                loss = loss + torch.relu(margin - (emb[i] - emb[j]).norm())
    return loss

def first_end(tokens: torch.Tensor, end: int):
    for i in range(len(tokens)):
        if tokens[i] == end:
            return i
    return len(tokens)

def counts(labels: torch.Tensor, classes: int):
    out = torch.zeros(classes)
    for c in range(classes):
        out[c] = (labels == c).sum()
    return out

def boundaries(times: torch.Tensor, width: int):
    signal = torch.zeros(1, width)
    for i in range(times.shape[0]):
        begin, end = int(times[i, 0]), int(times[i, 1])
        signal[0, begin:end] = 1.0
    return signal

def helper(row):
    return row.exp() / row.exp().sum()

def with_helper(x: torch.Tensor):
    out = torch.empty_like(x)
    for i in range(x.shape[0]):
        out[i] = helper(x[i])
    return out

def dirac(weight: torch.Tensor, groups: int):
    n = weight.size(0) // groups
    for g in range(groups):
        for d in range(n):
            weight[g * n + d, d, 1] = 1
    return weight

def window(size):
    out = torch.zeros(size)
    for i in range(size):
        out[i] = 0.5 - 0.5 * math.cos(2 * math.pi * i / (size - 1))
    return out

def squares(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = x[i] ** 2 + 3 * x[i]
    return out

def crf(emissions, tags, mask, transitions):
    length, batch = tags.shape
    score = emissions[0, torch.arange(batch), tags[0]]
    for i in range(1, length):
        score += transitions[tags[i - 1], tags[i]] * mask[i]
    return score

def lcs(a: torch.LongTensor, b: torch.LongTensor):
    row = torch.zeros(len(b) + 1)
    prev = torch.zeros(len(b) + 1)
    for j in range(len(b)):
        if a[0] == b[j]:
            row[j + 1] = prev[j] + 1
        else:
            row[j + 1] = max(row[j], prev[j + 1])
    return row

def repetition(logits: torch.Tensor, seen: torch.Tensor, penalty: float):
    for token in torch.unique(seen):
        logits[token] /= penalty
    return logits

def counted(x: torch.Tensor):
    i, total = 0, 0
    while i < x.shape[0]:
        total += x[i, 0] * x[i, 1]
        i += 1
    return total

def by_channel(image: torch.Tensor, mean: torch.Tensor, std: torch.Tensor):
    for c in range(image.shape[0]):
        image[c] = (image[c] - mean[c]) / std[c]
    return image

def silhouettes(points: torch.Tensor):
    n = points.size(0)
    result = []
    for i in range(n):
        d = (points - points[i]).norm(dim=1)
        result.append(d.sum() / (n - 1))
    return torch.stack(result)

def covered(spans: torch.Tensor, n: int):
    out = torch.zeros(n, dtype=torch.bool)
    for start, end in spans:
        out[start:end] = True
    return out

def decode(bits: torch.Tensor):
    values = torch.zeros(bits.shape[0])
    for i in range(bits.shape[0]):
        for j in range(bits.shape[1]):
            values[i] += bits[i, j] * 2 ** j
    return values

def evaluate(preds, labels):
    preds = preds.argmax(dim=1)
    hits = 0
    for p, l in zip(preds, labels):
        if p.item() == l.item():
            hits += 1
    return hits

def trace(x: torch.Tensor):
    total = 0
    for i in range(min(x.shape[0], x.shape[1])):
        total += x[i, i]
    return total

def knn(query: torch.Tensor, bank: torch.Tensor, k: int):
    out = torch.zeros(query.shape[0], k, dtype=torch.long)
    for i in range(query.shape[0]):
        d = torch.norm(bank - query[i], dim=1)
        out[i] = d.topk(k, largest=False).indices
    return out

def collect(x: torch.Tensor):
    out = torch.empty(0)
    for i in range(len(x)):
        out = torch.cat([out, x[i : i + 1] * 2])
    return out

def upper(n):
    x = torch.randn(n, n)
    s = 0.0
    for i in range(n):
        for j in range(i, n):
            s += x[i, j]
    return s

def weighted(attn: torch.Tensor, values: torch.Tensor):
    out = torch.zeros_like(values)
    for q in range(attn.size(0)):
        for k in range(attn.size(1)):
            out[q] += attn[q, k] * values[k]
    return out

def labels_to_colors(labels: torch.Tensor, palette: torch.Tensor):
    h, w = labels.shape
    image = torch.zeros(h, w, 3)
    for y in range(h):
        for x in range(w):
            image[y, x] = palette[labels[y, x]]
    return image

def item_sum(x: torch.Tensor):
    return sum(x[i].item() for i in range(len(x)))

def anywhere(x: torch.Tensor, limit: float):
    return any(x[i].item() > limit for i in range(x.shape[0]))

def margins(logits: torch.Tensor, labels: torch.Tensor):
    total = 0.0
    for i in range(logits.shape[0]):
        row = logits[i]
        total += (row[labels[i]] - row.mean()).item()
    return total / logits.shape[0]

def rolled(x: torch.Tensor, shifts: torch.Tensor):
    out = torch.empty_like(x)
    for i in range(x.size(0)):
        out[i] = torch.roll(x[i], int(shifts[i]), dims=-1)
    return out

def relative(length, radius):
    out = torch.zeros(length, length, dtype=torch.long)
    for i in range(length):
        for j in range(length):
            out[i, j] = max(-radius, min(radius, j - i)) + radius
    return out

class Bank(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("keys", torch.zeros(64, 8))
    def forward(self, x):
        out = []
        for i in range(self.keys.shape[0]):
            out.append((x * self.keys[i]).sum(dim=-1))
        return torch.stack(out, dim=-1)

def best_at_threshold(precision: Tensor, recall: Tensor, low: float):
    return max((p, r) for p, r in zip(precision, recall) if r >= low)
"""

SILENT = """
def epochs(model, opt, x: torch.Tensor, y: torch.Tensor, n):
    for epoch in range(n):
        loss = ((model(x) - y) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()

def evaluate(model, loader):
    total = 0
    for x, y in loader:
        total += (model(x).argmax(1) == y).sum().item()
    return total

class Stack(nn.Module):
    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

class Indexed(nn.Module):
    def forward(self, x):
        for i in range(self.num_layers):
            x = self.blocks[i](x)
        return x

def clip(model, value):
    for p in model.parameters():
        p.grad.data.clamp_(-value, value)

def decay(optimizer):
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.data.mul_(0.9)

class Cell(nn.Module):
    def forward(self, x):
        h = torch.zeros(x.size(1), 8)
        out = []
        for t in range(x.size(0)):
            h = self.cell(x[t], h)
            out.append(h)
        return torch.stack(out)

def recurrent(x: torch.Tensor, w: torch.Tensor):
    h = torch.zeros(4)
    for t in range(x.shape[0]):
        h = torch.tanh(x[t] + h @ w)
    return h

def three(x: torch.Tensor):
    s = 0
    for c in range(3):
        s = s + x[c]
    return s

def channels(x: torch.Tensor):
    for i in range(2):
        x[i] = x[i] * 2
    return x

def scales(x: torch.Tensor, sizes=(1, 2, 4)):
    out = []
    for s in (1, 2, 4):
        out.append(F.avg_pool2d(x, s))
    return out

def rollout(env, policy, steps):
    state = env.reset()
    rewards = []
    for t in range(steps):
        state, r, done = env.step(policy(state))
        rewards.append(r)
    return torch.tensor(rewards)

def sample(model, ids: torch.Tensor, n):
    for _ in range(n):
        logits = model(ids)[:, -1]
        ids = torch.cat([ids, logits.argmax(-1, keepdim=True)], dim=1)
    return ids

@triton.jit
def kernel(p, n, block: tl.constexpr):
    acc = tl.zeros([16], dtype=tl.float32)
    for k in range(0, n, block):
        acc += tl.load(p + k)

@cuda.jit
def numba_kernel(x: torch.Tensor, out: torch.Tensor, n):
    for i in range(n):
        out[i] = x[i] * 2

def chunks(x: torch.Tensor, size):
    out = []
    for i in range(0, x.shape[0], size):
        out.append(x[i : i + size].exp())
    return torch.cat(out)

def show(images: torch.Tensor):
    for i in range(images.shape[0]):
        plt.subplot(1, 8, i + 1)
        plt.imshow(images[i])

def levels(features: List[torch.Tensor]):
    total = 0
    for i in range(len(features)):
        total = total + features[i].mean()
    return total

def parts(x: torch.Tensor, n):
    out = []
    for part in x.chunk(n, dim=1):
        out.append(part.softmax(dim=1))
    return torch.cat(out, dim=1)

def splits(x: torch.Tensor, sizes):
    return [p.sum() for p in x.split(sizes)]

def names(state):
    for k, v in state.items():
        state[k] = v * 2
    return state

def losses_of(heads, x: torch.Tensor):
    loss = 0
    for head in heads:
        loss = loss + head(x).mean()
    return loss

def pad(batch):
    out = torch.zeros(len(batch), 10, dtype=torch.long)
    for i, text in enumerate(batch):
        out[i, : len(text)] = torch.tensor(text)
    return out

def print_all(x: torch.Tensor):
    for i in range(len(x)):
        print(i, x[i].item())

def write(x: torch.Tensor, path):
    with open(path) as f:
        for v in x:
            f.write(str(v.item()))

def arrays(n):
    x = np.zeros((n, 3))
    out = torch.zeros(n)
    for i in range(n):
        out[i] = x[i].sum()
    return out

def numpy_only(path):
    data = np.load(path)
    total = 0
    for i in range(data.shape[0]):
        total += data[i, 0]
    return total

def draws(p: torch.Tensor):
    out = torch.zeros(len(p))
    for i in range(len(p)):
        out[i] = torch.bernoulli(p[i])
    return out

def generator(x: torch.Tensor):
    for i in range(x.shape[0]):
        yield x[i]

def dictionaries(boxes: torch.Tensor, scores: torch.Tensor):
    out = []
    for i in range(boxes.shape[0]):
        out.append({"boxes": boxes[i], "scores": scores[i]})
    return out

def taps(x: torch.Tensor, kernel: int):
    padded = F.pad(x, (kernel, kernel))
    s = torch.zeros_like(x)
    for d in range(kernel):
        s = s + padded[..., d : d + x.shape[-1]]
    return s

def jacobi(u: torch.Tensor, iterations):
    for _ in range(iterations):
        new = u.clone()
        new[1:-1] = (u[2:] + u[:-2]) / 2
        u = new
    return u

def diffuse(model, x: torch.Tensor, timesteps: torch.Tensor):
    for t in timesteps:
        noise = model(x, t)
        x = x - 0.1 * noise
    return x

def power(a: torch.Tensor, steps):
    v = torch.ones(a.shape[0])
    for step in range(steps):
        v = a @ v
        v = v / v.norm()
    return v

def words(text):
    ids = []
    for word in text.split():
        ids.append(len(word))
    return torch.tensor(ids)

def config(cfg):
    out = []
    for i, width in enumerate(cfg["widths"]):
        out.append(nn.Linear(width, width))
    return nn.Sequential(*out)

def files(paths):
    images = []
    for p in paths:
        images.append(torch.load(p))
    return torch.stack(images)

def frames(video, n):
    out = []
    for i in range(n):
        out.append(torch.from_numpy(video.read(i)))
    return torch.stack(out)

def ensemble(models, x: torch.Tensor):
    return torch.stack([m(x) for m in models]).mean(0)

def folds(x: torch.Tensor, k):
    scores = []
    for fold in range(k):
        scores.append(fit(x, fold))
    return scores

def shapes(x: torch.Tensor):
    numel = 1
    for s in x.shape:
        numel *= s
    return numel

def copies(ema, model, beta):
    for p, q in zip(ema.parameters(), model.parameters()):
        p.data.mul_(beta).add_(q.data)

def register(model, hooks):
    for name, module in model.named_modules():
        hooks[name] = module.register_forward_hook(print)

def ragged(x: torch.Tensor, lengths: List[int]):
    return [x[i, : lengths[i]] for i in range(x.shape[0])]

def attentions(attentions: Tuple[torch.Tensor]):
    return torch.stack([a.mean(1) for a in attentions])

def unpack(either):
    if isinstance(either, list):
        return [torch.zeros_like(m) for m in either]
    return either.detach()

def masks(either):
    if isinstance(either, list):
        out = []
        for item in either:
            made = torch.zeros_like(item)
            made[:, 0] = 1
            out.append(made)
        return out
    return torch.zeros_like(either)

def keyed(counter: torch.Tensor, limits):
    for key in counter:
        counter[key] += 1
        if counter[key] > limits[key]:
            break

def thrifty(logits: torch.Tensor):
    # one row at a time, to save memory
    return torch.stack([torch.logsumexp(row, dim=-1) for row in logits])

def eliminate(x: torch.Tensor):
    alive = torch.ones(x.shape[0], dtype=torch.bool)
    total = torch.zeros(1)
    for i in range(x.shape[0]):
        alive[i] = False
        total = total.maximum((x[i] - x[alive]).abs().max())
        alive[x[:, 0] > total] = False
    return total

def viterbi(x: torch.Tensor, trans: torch.Tensor):
    score = x[0]
    for t in range(1, x.shape[0]):
        score = (score[:, None] + trans).max(0).values + x[t]
    return score

def alphas(x: torch.Tensor, trans: torch.Tensor):
    a = torch.zeros_like(x)
    a[0] = x[0]
    for t in range(1, x.shape[0]):
        a[t] = torch.logsumexp(a[t - 1][:, None] + trans, 0) + x[t]
    return a

def groups_of(x: torch.Tensor, modules):
    outs = []
    for i, m in enumerate(modules):
        outs.append(m(x[:, i]))
    return outs

def schedule(steps):
    values = []
    for i in range(steps):
        values.append(math.cos(i / steps))
    return values

def sync(works, tensors: List[Tensor]):
    for w, t in zip(works, tensors):
        w.wait()
        t.div_(2)

def progress(x: torch.Tensor, bar):
    for i in range(x.shape[0]):
        bar.update(1)

def callbacks(cbs, x: torch.Tensor):
    for cb in cbs:
        cb(x[0])

def newton(f, x: torch.Tensor, n):
    for i in range(n):
        x = x - f(x) / f.grad(x)
    return x

def beams(model, state: torch.Tensor, width):
    for i in range(width):
        state = model.advance(state)
        if model.is_done(state):
            break
    return state

def meters(history: List[Tensor]):
    total = torch.zeros(1)
    for loss in history:
        total += loss.detach()
    return total / len(history)

def heads(q: torch.Tensor, n_layers):
    outs = []
    for layer in range(n_layers):
        outs.append(q[:, layer].softmax(-1))
    return outs

def reweighted(weights: torch.Tensor, signs: torch.Tensor):
    n = signs.shape[2]
    for i in range(n):
        s = signs[:, :, i]
        mass = (s * weights).sum(1, keepdim=True)
        weights = weights * (1 + s - mass)
    return weights

def batch_of_groups(groups, padded: bool, size):
    if padded:
        groups = torch.zeros(len(groups), size)
    return torch.stack([torch.stack(group) for group in groups])

class Octaves(nn.Module):
    def describe(self, frames):
        return frames.flatten(1)
    def forward(self, frames: torch.Tensor, levels: torch.Tensor, level: int):
        result = torch.zeros(frames.shape[0], frames.shape[1], 9)
        for b in range(frames.shape[0]):
            selected = (levels[b] == level).nonzero().flatten()
            if selected.numel() == 0:
                continue
            described = self.describe(frames[b, selected])
            result[b, selected] = described.to(result.dtype)
        return result

def grouped(x: torch.Tensor, labels: torch.Tensor, refine):
    out = x.clone()
    for label in labels.unique():
        where = torch.nonzero(labels == label, as_tuple=True)[0]
        out[where] = refine(out[where])
    return out
"""

HEAD = (
    "import math\nfrom typing import List, Tuple\nimport torch\nimport torch.nn as nn\n"
    "import torch.nn.functional as F\nimport numpy as np\nfrom numba import cuda\nimport triton\n"
    "import triton.language as tl\nfrom torch import Tensor\nfrom jaxtyping import Float\n"
)


def functions(text: str) -> dict[str, str]:
    """Name -> source, with the imports that all of them share."""
    found: dict[str, str] = {}
    for part in re.split(r"\n\n(?=def |class |@)", text.strip("\n")):
        name = re.search(r"(?:def|class) (\w+)", part)
        assert name is not None
        found[name.group(1)] = f"{HEAD}\n{part}\n"
    return found
