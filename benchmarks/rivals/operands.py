"""The arguments and weights of a row, which Lathe has drawn."""

import os

import numpy


def load(folder):
    """All arrays of a folder by name."""
    return {
        name[: -len(".npy")]: numpy.load(os.path.join(folder, name))
        for name in sorted(os.listdir(folder))
        if name.endswith(".npy") and not name.startswith(("torch_", "jax_", "onnxruntime"))
    }


def save(folder, form, value):
    numpy.save(os.path.join(folder, form + ".npy"), numpy.ascontiguousarray(value))
