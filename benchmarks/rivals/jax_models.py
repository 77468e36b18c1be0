"""The models of the suite as users of JAX write them."""

import jax
import jax.numpy as jnp


def layer_norm(x, scale, shift):
    mean = jnp.mean(x, -1, keepdims=True)
    var = jnp.var(x, -1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(var + 1e-5) * scale + shift


def gelu(x):
    return jax.nn.gelu(x, approximate=False)


def routed(choice, w, x):
    scores = jax.nn.softmax(x @ w["router"], -1)
    if choice:
        return jax.lax.top_k(scores.T, 2 * x.shape[0] // scores.shape[1])
    return jax.lax.top_k(scores, 2)


def batched(w, z):
    h = jnp.einsum("ecd,edf->ecf", z, w["w1"])
    h = gelu(h) * jnp.einsum("ecd,edf->ecf", z, w["wv"]) if "wv" in w else jax.nn.relu(h)
    return jnp.einsum("ecf,efd->ecd", h, w["w2"])


def expert(w, z, i):
    h = z @ w["w1"][i]
    h = gelu(h) * (z @ w["wv"][i]) if "wv" in w else jax.nn.relu(h)
    return h @ w["w2"][i]


def top2(w, x):
    n, e = x.shape[0], w["router"].shape[1]
    c = 2 * n // e
    gates, chosen = routed(False, w, x)
    mask = jax.nn.one_hot(chosen, e).transpose(1, 0, 2).reshape(2 * n, e)
    place = (jnp.cumsum(mask, 0) - 1) * mask
    kept = (place < c) * mask
    slot = jax.nn.one_hot((place * kept).sum(-1).reshape(2, n).astype(jnp.int32), c)
    keep = kept.reshape(2, n, e)
    dispatch = jnp.einsum("kne,knc->nec", keep, slot)
    combine = jnp.einsum("kne,knc,nk->nec", keep, slot, gates)
    z = jnp.einsum("nec,nd->ecd", dispatch, x)
    return jnp.einsum("nec,ecd->nd", combine, batched(w, z))


def choice(w, x):
    gates, tokens = routed(True, w, x)
    p = jax.nn.one_hot(tokens, x.shape[0])
    z = jnp.einsum("ecn,nd->ecd", p, x)
    return jnp.einsum("ecn,ec,ecd->nd", p, gates, batched(w, z))


def looped(w, x, tokens, gates):
    y = jnp.zeros_like(x)
    for i in range(tokens.shape[0]):
        y = y.at[tokens[i]].add(expert(w, x[tokens[i]], i) * gates[i][:, None])
    return y


def top2_loop(w, x):
    n, e = x.shape[0], w["router"].shape[1]
    c = 2 * n // e
    gates, chosen = routed(False, w, x)
    order = chosen.T.reshape(-1)
    mask = jax.nn.one_hot(order, e)
    place = ((jnp.cumsum(mask, 0) - 1) * mask).sum(-1).astype(jnp.int32)
    at = order * (c + 1) + jnp.minimum(place, c)
    tokens = jnp.zeros(e * (c + 1), jnp.int32).at[at].add(jnp.arange(2 * n, dtype=jnp.int32) % n)
    scale = jnp.zeros(e * (c + 1)).at[at].add(gates.T.reshape(-1))
    return looped(w, x, tokens.reshape(e, c + 1)[:, :c], scale.reshape(e, c + 1)[:, :c])


def choice_loop(w, x):
    gates, tokens = routed(True, w, x)
    return looped(w, x, tokens, gates)


def projections(w, x):
    e = w["wo"].shape[0]
    uvz = jax.nn.silu(layer_norm(x, w["scale"], w["shift"]) @ w["w"] + w["b"])
    return uvz[:, :e], uvz[:, e : 2 * e], uvz[:, 2 * e :]


def gau_quad(w, x):
    u, v, z = projections(w, x)
    q = z * w["gamma"][0] + w["beta"][0]
    k = z * w["gamma"][1] + w["beta"][1]
    a = jax.nn.relu(q @ k.T / x.shape[0]) ** 2
    return (u * (a @ v)) @ w["wo"] + w["bo"] + x


def gau_flash(w, x):
    n, c = x.shape[0], 256
    u, v, z = projections(w, x)
    v, z = v.reshape(n // c, c, -1), z.reshape(n // c, c, -1)
    q, k, lq, lk = (z * w["gamma"][i] + w["beta"][i] for i in range(4))
    local = jnp.tril(jax.nn.relu(q @ k.transpose(0, 2, 1) / c) ** 2) @ v
    kv = jnp.einsum("gcs,gce->gse", lk, v) / c
    far = jnp.einsum("gcs,gse->gce", lq, jnp.cumsum(kv, 0) - kv)
    return (u * (local + far).reshape(n, -1)) @ w["wo"] + w["bo"] + x


def block(w, i, heads, x):
    p = f"blocks.{i}."
    b, n, d = x.shape
    y = layer_norm(x, w[p + "scale1"], w[p + "shift1"]) @ w[p + "qkv"] + w[p + "qkv_b"]
    q, k, v = y.reshape(b, n, 3, heads, d // heads).transpose(2, 0, 3, 1, 4)
    a = jax.nn.softmax(q @ k.swapaxes(-1, -2) / (d // heads) ** 0.5, -1) @ v
    x = x + a.transpose(0, 2, 1, 3).reshape(b, n, d) @ w[p + "p"] + w[p + "p_b"]
    y = layer_norm(x, w[p + "scale2"], w[p + "shift2"])
    return x + gelu(y @ w[p + "f1"] + w[p + "f1_b"]) @ w[p + "f2"] + w[p + "f2_b"]


def vit(merge):
    def forward(w, x):
        for i in range(12):
            if merge and i == 6:
                z = layer_norm(x, w["merge_scale"], w["merge_shift"])
                x = jax.nn.softmax(w["queries"] @ z.swapaxes(1, 2) / x.shape[-1] ** 0.5, -1) @ z
            x = block(w, i, 6, x)
        return layer_norm(x, w["scale"], w["shift"])

    return forward


def mux(split):
    def forward(w, x):
        n, l, d = x.shape
        h = (x * w["phi"]).mean(0, keepdims=True)
        for i in range(12):
            h = block(w, i, 12, h)
        if split:
            y = h @ w["d1"][:d] + (w["prefix"] @ w["d1"][d:] + w["d1_b"])
        else:
            z = jnp.concatenate([jnp.broadcast_to(h, (n, l, d)), jnp.broadcast_to(w["prefix"], (n, l, d))], -1)
            y = z @ w["d1"] + w["d1_b"]
        return gelu(y) @ w["d2"] + w["d2_b"]

    return forward


MODELS = {
    "Gau.quad": gau_quad,
    "Gau.flash": gau_flash,
    "Vit.plain": vit(False),
    "Vit.merge": vit(True),
    "Mux.forward": mux(False),
    "Mux.split": mux(True),
}
for _name in ("Moe", "MoeGlu"):
    MODELS |= {f"{_name}.top2": top2, f"{_name}.top2_loop": top2_loop, f"{_name}.choice": choice, f"{_name}.choice_loop": choice_loop}
