"""ONNX Runtime, on graphs that PyTorch exports."""

import logging
import os

import onnxruntime
import operands
import torch
import torch_models

THREADS = 1


def start(threads):
    global THREADS
    THREADS = threads
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    return f"ONNX Runtime {onnxruntime.__version__}", ["onnxruntime"]


def open_row(ask):
    if ask["suite"] == "laab":
        raise ValueError("the suite has no form for ONNX Runtime")
    arrays = operands.load(ask["folder"])
    x = arrays["x"]
    path = os.path.join(ask["folder"], "model.onnx")
    module = torch_models.Module(ask["row"], arrays).eval()
    torch.onnx.export(module, (torch.from_numpy(x),), path, dynamo=True, external_data=True, verbose=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: x}
    for _ in range(2):
        value = session.run(None, feed)[0]
    operands.save(ask["folder"], ask["form"], value)
    return lambda: session.run(None, feed)


def close_row():
    pass
