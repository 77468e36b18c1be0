"""The models of the suite as users of PyTorch write them. w has the weights by
name; those of linear layers are kept as torch.nn.Linear does, transposed."""

import torch
import torch.nn.functional as F

# The weights that are linear layers.
LINEAR = ("w", "wo", "qkv", "p", "f1", "f2", "d1", "d2")


def top2_one_hot(glu):
    def forward(w, x):
        n, e = x.shape[0], w["router"].shape[1]
        c = 2 * n // e
        gates, chosen = F.softmax(x @ w["router"], -1).topk(2, -1)
        mask = F.one_hot(chosen, e).float().permute(1, 0, 2).reshape(2 * n, e)
        place = (mask.cumsum(0) - 1) * mask
        kept = (place < c).float() * mask
        slot = F.one_hot((place * kept).sum(-1).reshape(2, n).long(), c).float()
        keep = kept.reshape(2, n, e)
        dispatch = torch.einsum("kne,knc->nec", keep, slot)
        combine = torch.einsum("kne,knc,nk->nec", keep, slot, gates)
        z = torch.einsum("nec,nd->ecd", dispatch, x)
        return torch.einsum("nec,ecd->nd", combine, batched(w, z, glu))

    return forward


def choice_one_hot(glu):
    def forward(w, x):
        n, e = x.shape[0], w["router"].shape[1]
        gates, tokens = F.softmax(x @ w["router"], -1).t().topk(2 * n // e, -1)
        p = F.one_hot(tokens, n).float()
        z = torch.einsum("ecn,nd->ecd", p, x)
        return torch.einsum("ecn,ec,ecd->nd", p, gates, batched(w, z, glu))

    return forward


def top2_loop(glu):
    def forward(w, x):
        n, e = x.shape[0], w["router"].shape[1]
        c = 2 * n // e
        gates, chosen = F.softmax(x @ w["router"], -1).topk(2, -1)
        out = torch.zeros_like(x)
        for i in range(e):
            k, t = torch.where(chosen.t() == i)
            k, t = k[:c], t[:c]
            out.index_add_(0, t, expert(w, x[t], i, glu) * gates[t, k, None])
        return out

    return forward


def choice_loop(glu):
    def forward(w, x):
        n, e = x.shape[0], w["router"].shape[1]
        gates, tokens = F.softmax(x @ w["router"], -1).t().topk(2 * n // e, -1)
        out = torch.zeros_like(x)
        for i in range(e):
            t = tokens[i]
            out = out.index_add(0, t, expert(w, x[t], i, glu) * gates[i, :, None])
        return out

    return forward


def batched(w, z, glu):
    h = torch.bmm(z, w["w1"])
    h = F.gelu(h) * torch.bmm(z, w["wv"]) if glu else F.relu(h)
    return torch.bmm(h, w["w2"])


def expert(w, z, i, glu):
    h = z @ w["w1"][i]
    h = F.gelu(h) * (z @ w["wv"][i]) if glu else F.relu(h)
    return h @ w["w2"][i]


def gau_quad(w, x):
    n, e = x.shape[0], w["wo"].shape[1]
    h = F.layer_norm(x, x.shape[-1:], w["scale"], w["shift"])
    u, v, z = F.silu(F.linear(h, w["w"], w["b"])).split([e, e, w["gamma"].shape[1]], -1)
    q = z * w["gamma"][0] + w["beta"][0]
    k = z * w["gamma"][1] + w["beta"][1]
    a = F.relu(q @ k.t() / n) ** 2
    return F.linear(u * (a @ v), w["wo"], w["bo"]) + x


def gau_flash(w, x):
    n, e, s, c = x.shape[0], w["wo"].shape[1], w["gamma"].shape[1], 256
    h = F.layer_norm(x, x.shape[-1:], w["scale"], w["shift"])
    u, v, z = F.silu(F.linear(h, w["w"], w["b"])).split([e, e, s], -1)
    v, z = v.reshape(n // c, c, e), z.reshape(n // c, c, s)
    q, k, lq, lk = (z * w["gamma"][i] + w["beta"][i] for i in range(4))
    a = F.relu(q @ k.transpose(1, 2) / c) ** 2
    local = torch.tril(a) @ v
    kv = torch.einsum("gcs,gce->gse", lk, v) / c
    far = torch.einsum("gcs,gse->gce", lq, torch.cumsum(kv, 0) - kv)
    return F.linear(u * (local + far).reshape(n, e), w["wo"], w["bo"]) + x


def block(w, i, heads, x):
    p = f"blocks_{i}_"
    b, n, d = x.shape
    y = F.layer_norm(x, (d,), w[p + "scale1"], w[p + "shift1"])
    q, k, v = F.linear(y, w[p + "qkv"], w[p + "qkv_b"]).reshape(b, n, 3, heads, d // heads).permute(2, 0, 3, 1, 4).unbind(0)
    a = F.scaled_dot_product_attention(q, k, v)
    x = x + F.linear(a.transpose(1, 2).reshape(b, n, d), w[p + "p"], w[p + "p_b"])
    y = F.layer_norm(x, (d,), w[p + "scale2"], w[p + "shift2"])
    return x + F.linear(F.gelu(F.linear(y, w[p + "f1"], w[p + "f1_b"])), w[p + "f2"], w[p + "f2_b"])


def vit(merge):
    def forward(w, x):
        d = x.shape[-1]
        for i in range(12):
            if merge and i == 6:
                z = F.layer_norm(x, (d,), w["merge_scale"], w["merge_shift"])
                x = F.softmax(w["queries"] @ z.transpose(1, 2) / d**0.5, -1) @ z
            x = block(w, i, 6, x)
        return F.layer_norm(x, (d,), w["scale"], w["shift"])

    return forward


def mux(split):
    def forward(w, x):
        n, l, d = x.shape
        h = (x * w["phi"]).mean(0, keepdim=True)
        for i in range(12):
            h = block(w, i, 12, h)
        if split:
            y = F.linear(h, w["d1"][:, :d]) + F.linear(w["prefix"], w["d1"][:, d:], w["d1_b"])
        else:
            z = torch.cat([h.expand(n, l, d), w["prefix"].expand(n, l, d)], -1)
            y = F.linear(z, w["d1"], w["d1_b"])
        return F.linear(F.gelu(y), w["d2"], w["d2_b"])

    return forward


MODELS = {
    "Gau.quad": gau_quad,
    "Gau.flash": gau_flash,
    "Vit.plain": vit(False),
    "Vit.merge": vit(True),
    "Mux.forward": mux(False),
    "Mux.split": mux(True),
}
for _name, _glu in (("Moe", False), ("MoeGlu", True)):
    MODELS |= {
        f"{_name}.top2": top2_one_hot(_glu),
        f"{_name}.top2_loop": top2_loop(_glu),
        f"{_name}.choice": choice_one_hot(_glu),
        f"{_name}.choice_loop": choice_loop(_glu),
    }


class Module(torch.nn.Module):
    """A model with its weights as parameters, so that compilers may prepare them."""

    def __init__(self, row, arrays):
        super().__init__()
        weights = {}
        for name, a in arrays.items():
            if name == "x":
                continue
            t = torch.from_numpy(a)
            if name.rsplit(".", 1)[-1] in LINEAR and t.dim() == 2:
                t = t.t().contiguous()
            weights[name.replace(".", "_")] = torch.nn.Parameter(t, requires_grad=False)
        self.w = torch.nn.ParameterDict(weights)
        self.body = MODELS[row]

    def forward(self, x):
        return self.body(self.w, x)
