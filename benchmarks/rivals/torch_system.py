"""PyTorch, eager and compiled."""

import laab
import operands
import torch
import torch_models


def start(threads):
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    # Weights are constants, so the compiler may prepare them.
    torch._inductor.config.freezing = True
    return f"PyTorch {torch.__version__}", ["torch_eager", "torch_compile"]


def open_row(ask):
    arrays = operands.load(ask["folder"])
    if ask["suite"] == "laab":
        f = laab.expressions(torch)[ask["row"]]
        args = [torch.from_numpy(arrays[n]) for n in f.__code__.co_varnames[: f.__code__.co_argcount]]
    else:
        f = torch_models.Module(ask["row"], arrays).eval()
        args = [torch.from_numpy(arrays["x"])]
    if ask["form"] == "torch_compile":
        torch._dynamo.reset()
        f = torch.compile(f, dynamic=False)
    for _ in range(2):
        value = f(*args)
    operands.save(ask["folder"], ask["form"], value.numpy())
    return lambda: f(*args)


def close_row():
    torch._dynamo.reset()
