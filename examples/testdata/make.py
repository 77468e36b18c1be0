"""Writes the reference cases of this folder: weights, inputs and expected outputs of each example.

    python3 examples/testdata/make.py

needs only NumPy. The numbers come from the formulas of the papers, in float64, written as loops over tokens, experts,
heads and chunks: nothing here is taken from the .lathe texts, which say the same with one-hot matrices and einsums.
Weights and floating inputs are random, rounded to float32 before they are used; the outputs stay in float64.

Where a result hangs on a discrete choice (which expert, which token, above the threshold or not) the script checks that
the choice isn't close, so that float32 arithmetic makes the same one, and that the case contains what it is there for.
"""

import json
import math
import pathlib
import struct

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent

# What a discrete choice must be won by: 2^-12, a few thousand float32 roundings of a number near 1.
MARGIN = 2.0**-12


# --- files -----------------------------------------------------------------------------------------------------------

def write_safetensors(path, tensors):
    """An 8-byte length, a JSON header padded with spaces to a multiple of 8 bytes, then the float32 data."""
    header, blobs, offset = {}, [], 0
    for name in sorted(tensors):
        data = np.ascontiguousarray(tensors[name], dtype="<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensors[name].shape), "data_offsets": [offset, offset + len(data)]}
        blobs.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def write_case(name, file, entry, sizes, weights, inputs, output, weights_file="weights.safetensors"):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    write_safetensors(folder / weights_file, weights)
    for key, value in inputs.items():
        kind = "<i8" if value.dtype.kind == "i" else "<f4"
        np.save(folder / f"{key}.npy", np.ascontiguousarray(value, dtype=kind))
    assert np.all(np.isfinite(output)), name
    np.save(folder / "y.npy", np.ascontiguousarray(output, dtype="<f8"))
    case = {
        "file": file,
        "entry": entry,
        "set": sizes,
        "weights": weights_file,
        "inputs": {key: f"{key}.npy" for key in inputs},
        "outputs": ["y.npy"],
    }
    (folder / "case.json").write_text(json.dumps(case, indent=2) + "\n")


class Source:
    """Seeded random numbers that a float32 holds exactly, as float64."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def normal(self, *shape, scale=1.0, mean=0.0):
        return (mean + scale * self.rng.standard_normal(shape)).astype(np.float32).astype(np.float64)

    def matrix(self, *shape):
        """Scaled so that a product with it keeps the size of what it is multiplied with."""
        return self.normal(*shape, scale=shape[-2] ** -0.5)

    def integers(self, high, *shape):
        return self.rng.integers(0, high, size=shape, dtype=np.int64)


# --- formulas, of one vector or one number ---------------------------------------------------------------------------

def silu(x):
    return x / (1.0 + np.exp(-x))


gelu = np.vectorize(lambda x: 0.5 * x * (1.0 + math.erf(x / math.sqrt(2.0))), otypes=[np.float64])


def softmax(v):
    w = np.exp(v - v.max())
    return w / w.sum()


def layernorm(v, scale, shift):
    centred = v - v.sum() / len(v)
    return centred / math.sqrt((centred**2).sum() / len(v) + 1e-5) * scale + shift


def rmsnorm(v, scale):
    return v / math.sqrt((v**2).sum() / len(v) + 1e-6) * scale


def rotate(v, position):
    """Rotary embedding of one vector: pair (v[i], v[i + half]) turned by position * 10000^(-i/half)."""
    half = len(v) // 2
    out = np.empty_like(v)
    for i in range(half):
        angle = position * 10000.0 ** (-i / half)
        out[i] = v[i] * math.cos(angle) - v[i + half] * math.sin(angle)
        out[i + half] = v[i + half] * math.cos(angle) + v[i] * math.sin(angle)
    return out


# --- the gated attention unit ----------------------------------------------------------------------------------------

def gau():
    r = Source(202202001)
    b, n, d, e, s = 3, 33, 24, 40, 18
    w = {
        "norm": r.normal(d, mean=1.0, scale=0.2),
        "wu": r.matrix(d, e), "wv": r.matrix(d, e), "wz": r.matrix(d, s),
        "gamma": r.normal(2, s, scale=3.0), "beta": r.normal(2, s),
        "wo": r.matrix(e, d),
    }
    x, bias = r.normal(b, n, d), r.normal(n, n, scale=0.3)

    y = np.zeros((b, n, d))
    for sequence in range(b):
        u, v, q, k = [], [], [], []
        for token in x[sequence]:
            h = layernorm(token, w["norm"], 0.0)
            u.append(silu(h @ w["wu"]))
            v.append(silu(h @ w["wv"]))
            z = silu(h @ w["wz"])
            q.append(z * w["gamma"][0] + w["beta"][0])
            k.append(z * w["gamma"][1] + w["beta"][1])
        for i in range(n):
            o = np.zeros(e)
            for j in range(n):
                o += max(q[i] @ k[j] / n + bias[i, j], 0.0) ** 2 * v[j]
            y[sequence, i] = x[sequence, i] + (u[i] * o) @ w["wo"]
    write_case("gau", "gau.lathe", "Gau.forward", {}, w, {"x": x, "bias": bias}, y, "gau.safetensors")


# --- FLASH -----------------------------------------------------------------------------------------------------------

def flash(name, causal, sizes):
    r = Source(202202002)
    b, n, c, d, e, s = 2, 60, 12, 20, 34, 14
    w = {
        "scale": r.normal(d, mean=1.0, scale=0.2), "shift": r.normal(d, scale=0.2),
        "w": r.matrix(d, 2 * e + s), "w_bias": r.normal(2 * e + s, scale=0.2),
        "gamma": r.normal(4, s, scale=2.0), "beta": r.normal(4, s, scale=0.5),
        "distance": r.normal(2 * c - 1, scale=0.3),
        "wo": r.matrix(e, d), "wo_bias": r.normal(d, scale=0.2),
    }
    x = r.normal(b, n, d)

    y = np.zeros((b, n, d))
    for sequence in range(b):
        u, v, ql, kl, qg, kg = [], [], [], [], [], []
        for position, token in enumerate(x[sequence]):
            uvz = silu(layernorm(token, w["scale"], w["shift"]) @ w["w"] + w["w_bias"])
            u.append(uvz[:e])
            v.append(uvz[e:-s])
            z = uvz[-s:]
            for row, keep in enumerate((ql, kl, qg, kg)):
                keep.append(rotate(z * w["gamma"][row] + w["beta"][row], position))
        for i in range(n):
            start = i // c * c
            # Inside the chunk: relu^2 of the scores with a bias of the distance.
            o = np.zeros(e)
            for j in range(start, i + 1 if causal else start + c):
                o += max(ql[i] @ kl[j] / c + w["distance"][j - i + c - 1], 0.0) ** 2 * v[j]
            # Between chunks: the mean of k^T v over the tokens that may be seen.
            seen = start if causal else n
            if seen:
                memory = np.zeros((s, e))
                for j in range(seen):
                    memory += np.outer(kg[j], v[j])
                o += qg[i] @ memory / seen
            y[sequence, i] = x[sequence, i] + (u[i] * o) @ w["wo"] + w["wo_bias"]
    write_case(name, "flash.lathe", "Flash.forward", sizes, w, {"x": x}, y)


# --- mixtures of experts ---------------------------------------------------------------------------------------------

def flash_decode():
    """What forward gives for all tokens, token by token: the numbers are those of flash_causal."""
    folder = HERE / "flash_decode"
    folder.mkdir(exist_ok=True)
    case = {
        "file": "flash.lathe",
        "entry": "Flash.decode_all",
        "set": {},
        "weights": "../flash_causal/weights.safetensors",
        "inputs": {"x": "../flash_causal/x.npy"},
        "outputs": ["../flash_causal/y.npy"],
    }
    (folder / "case.json").write_text(json.dumps(case, indent=2) + "\n")


def moe_choice():
    r = Source(202202003)
    n, d, f, e, c = 48, 18, 26, 6, 1
    w = {"router": r.normal(d, e, scale=0.4), "w1": r.matrix(e, d, f), "w2": r.matrix(e, f, d)}
    x = r.normal(n, d)

    k = n * c // e
    score = np.array([softmax(token @ w["router"]) for token in x])
    y = x.copy()
    picks = [0] * n
    for expert in range(e):
        ranked = sorted(range(n), key=lambda t: (-score[t, expert], t))
        assert score[ranked[k - 1], expert] - score[ranked[k], expert] > MARGIN, "a choice is too close"
        for t in ranked[:k]:
            picks[t] += 1
            y[t] += score[t, expert] * (gelu(x[t] @ w["w1"][expert]) @ w["w2"][expert])
    assert min(picks) == 0 and max(picks) >= 2 and 1 in picks, picks
    write_case("moe_choice", "moe_choice.lathe", "MoeChoice.forward", {"c": c}, w, {"x": x}, y)


def moe_top2():
    r = Source(202202004)
    n, d, f, e, factor, tau = 50, 18, 22, 5, 0.75, 0.25
    w = {
        "norm": r.normal(d, mean=1.0, scale=0.2),
        "router": r.normal(d, e, scale=0.4),
        "w11": r.matrix(e, d, f), "w12": r.matrix(e, d, f),
        "bias": r.normal(e, f, mean=1.0, scale=0.3),
        "w2": r.matrix(e, f, d),
    }
    # Tokens lean towards expert 2, so that it is full while others are not.
    x = r.normal(n, d) + 0.6 * w["router"][:, 2]
    x = x.astype(np.float32).astype(np.float64)

    capacity = max(4, min(n, math.floor(n * factor / e)))
    h = [rmsnorm(token, w["norm"]) for token in x]
    routes = []
    for t in range(n):
        p = softmax(h[t] @ w["router"])
        order = sorted(range(e), key=lambda i: (-p[i], i))
        i1, i2, i3 = order[:3]
        total = p[i1] + p[i2] + 1e-9
        g1, g2 = p[i1] / total, p[i2] / total
        assert p[i1] - p[i2] > MARGIN and p[i2] - p[i3] > MARGIN and abs(g2 - tau) > MARGIN, "a choice is too close"
        routes.append((i1, i2, g1, g2))

    def expert(i, v):
        return (gelu(v @ w["w11"][i]) * (v @ w["w12"][i]) * w["bias"][i]) @ w["w2"][i]

    y = x.copy()
    used = [0] * e
    counts = {"first kept": 0, "first dropped": 0, "second kept": 0, "second dropped": 0, "second cut": 0}
    for t, (i1, _, g1, _) in enumerate(routes):
        if used[i1] < capacity:
            used[i1] += 1
            y[t] += g1 * expert(i1, h[t])
            counts["first kept"] += 1
        else:
            counts["first dropped"] += 1
    for t, (_, i2, _, g2) in enumerate(routes):
        if g2 <= tau:
            counts["second cut"] += 1
        elif used[i2] < capacity:
            used[i2] += 1
            y[t] += g2 * expert(i2, h[t])
            counts["second kept"] += 1
        else:
            counts["second dropped"] += 1
    assert all(counts.values()) and min(used) < capacity, (counts, used, capacity)
    write_case("moe_top2", "moe_top2.lathe", "MoeTop2.forward", {"factor": factor, "tau": tau}, w, {"x": x}, y)


# --- Transformers ----------------------------------------------------------------------------------------------------

def transformer_weights(r, prefix, d, f):
    w = {}
    for norm in ("norm1", "norm2"):
        w[f"{prefix}.{norm}.scale"] = r.normal(d, mean=1.0, scale=0.2)
        w[f"{prefix}.{norm}.shift"] = r.normal(d, scale=0.2)
    for part in "qkvo":
        w[f"{prefix}.attn.w{part}"] = r.matrix(d, d)
        w[f"{prefix}.attn.b{part}"] = r.normal(d, scale=0.2)
    w[f"{prefix}.mlp.w1"], w[f"{prefix}.mlp.b1"] = r.matrix(d, f), r.normal(f, scale=0.2)
    w[f"{prefix}.mlp.w2"], w[f"{prefix}.mlp.b2"] = r.matrix(f, d), r.normal(d, scale=0.2)
    return w


def attention(w, prefix, tokens, heads):
    """Self-attention of one sequence [n, d], head by head and query by query."""
    n, d = tokens.shape
    width = d // heads
    q, k, v = (tokens @ w[f"{prefix}.w{part}"] + w[f"{prefix}.b{part}"] for part in "qkv")
    joined = np.zeros((n, d))
    for head in range(heads):
        own = slice(head * width, (head + 1) * width)
        for i in range(n):
            a = softmax(np.array([q[i, own] @ k[j, own] for j in range(n)]) / math.sqrt(width))
            joined[i, own] = sum(a[j] * v[j, own] for j in range(n))
    return joined @ w[f"{prefix}.wo"] + w[f"{prefix}.bo"]


def mlp(w, prefix, tokens):
    return gelu(tokens @ w[f"{prefix}.w1"] + w[f"{prefix}.b1"]) @ w[f"{prefix}.w2"] + w[f"{prefix}.b2"]


def norm(w, prefix, tokens):
    return np.array([layernorm(token, w[f"{prefix}.scale"], w[f"{prefix}.shift"]) for token in tokens])


def patch_merger():
    r = Source(202202005)
    b, height, width, patch, d, heads, f, depth, m, labels = 2, 12, 20, 4, 24, 3, 40, 4, 5, 7
    rows, cols = height // patch, width // patch
    w = {
        "embed": r.matrix(patch * patch * 3, d), "embed_bias": r.normal(d, scale=0.2),
        "position": r.normal(rows * cols, d, scale=0.5),
        "merger.norm.scale": r.normal(d, mean=1.0, scale=0.2), "merger.norm.shift": r.normal(d, scale=0.2),
        "merger.queries": r.normal(m, d, scale=0.3),
        "norm.scale": r.normal(d, mean=1.0, scale=0.2), "norm.shift": r.normal(d, scale=0.2),
        "head": r.matrix(d, labels), "head_bias": r.normal(labels, scale=0.2),
    }
    for i in range(depth):
        w |= transformer_weights(r, f"blocks.{i}", d, f)
    images = r.normal(b, height, width, 3)

    y = np.zeros((b, labels))
    for picture in range(b):
        tokens = []
        for row in range(rows):
            for col in range(cols):
                pixels = [images[picture, row * patch + i, col * patch + j, colour]
                          for i in range(patch) for j in range(patch) for colour in range(3)]
                tokens.append(np.array(pixels) @ w["embed"] + w["embed_bias"] + w["position"][row * cols + col])
        x = np.array(tokens)
        for i in range(depth):
            if i == depth // 2:
                h = norm(w, "merger.norm", x)
                x = np.array([softmax(h @ query) @ h for query in w["merger.queries"]])
            x = x + attention(w, f"blocks.{i}.attn", norm(w, f"blocks.{i}.norm1", x), heads)
            x = x + mlp(w, f"blocks.{i}.mlp", norm(w, f"blocks.{i}.norm2", x))
        y[picture] = norm(w, "norm", x).sum(axis=0) / m @ w["head"] + w["head_bias"]
    sizes = {"heads": heads, "depth": depth, "patch": patch}
    write_case("patch_merger", "patch_merger.lathe", "Vit.forward", sizes, w, {"image": images}, y)


def datamux():
    r = Source(202202006)
    b, n, l, vocab, d, heads, f, depth, labels, classes = 2, 3, 11, 50, 24, 4, 36, 2, 7, 5
    w = {
        "embed": r.normal(vocab, d), "position": r.normal(n + 1 + l, d, scale=0.5), "segment": r.normal(d, scale=0.5),
        "embed_norm.scale": r.normal(d, mean=1.0, scale=0.2), "embed_norm.shift": r.normal(d, scale=0.2),
        "mux": r.normal(n, d),
        "demux": r.matrix(2 * d, d), "demux_bias": r.normal(d, scale=0.2),
        "demux_norm.scale": r.normal(d, mean=1.0, scale=0.2), "demux_norm.shift": r.normal(d, scale=0.2),
        "label": r.matrix(d, labels), "label_bias": r.normal(labels, scale=0.2),
        "dense": r.matrix(d, d), "dense_bias": r.normal(d, scale=0.2),
        "class": r.matrix(d, classes), "class_bias": r.normal(classes, scale=0.2),
    }
    for i in range(depth):
        w |= transformer_weights(r, f"layers.{i}", d, f)
    tokens = r.integers(vocab - n, b, n, l)

    class_token, pad_token = 0, 1
    by_token, by_instance = np.zeros((b, n, l, labels)), np.zeros((b, n, classes))
    for group in range(b):
        x = np.zeros((n + 1 + l, d))
        for i in range(n):
            ids = [pad_token] * n + [class_token] + list(tokens[group, i])
            ids[i] = vocab - n + i
            for place, token in enumerate(ids):
                row = layernorm(w["embed"][token] + w["position"][place] + w["segment"],
                                w["embed_norm.scale"], w["embed_norm.shift"])
                x[place] += w["mux"][i] * row / n
        for i in range(depth):
            x = norm(w, f"layers.{i}.norm1", x + attention(w, f"layers.{i}.attn", x, heads))
            x = norm(w, f"layers.{i}.norm2", x + mlp(w, f"layers.{i}.mlp", x))

        def separate(i, place):
            both = np.array(list(x[i]) + list(x[place]))
            return layernorm(gelu(both @ w["demux"] + w["demux_bias"]),
                             w["demux_norm.scale"], w["demux_norm.shift"])

        for i in range(n):
            for j in range(l):
                by_token[group, i, j] = separate(i, n + 1 + j) @ w["label"] + w["label_bias"]
            whole = gelu(separate(i, n) @ w["dense"] + w["dense_bias"])
            by_instance[group, i] = whole @ w["class"] + w["class_bias"]

    sizes = {"heads": heads, "depth": depth}
    write_case("datamux", "datamux.lathe", "DataMux.forward", sizes, w, {"tokens": tokens}, by_token)
    write_case("datamux_sentence", "datamux.lathe", "DataMux.sentence", sizes, w, {"tokens": tokens}, by_instance)


if __name__ == "__main__":
    gau()
    flash("flash", causal=False, sizes={})
    flash("flash_causal", causal=True, sizes={"causal": True})
    flash_decode()
    moe_choice()
    moe_top2()
    patch_merger()
    datamux()
