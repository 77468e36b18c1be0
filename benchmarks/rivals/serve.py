"""Runs the models of lathe bench in another system, on request.

    serve.py torch|jax|onnx --threads N

Reads a JSON document a line from standard input and answers each with one on
standard output; benchmarks/rival.go has the protocol. Nothing else may be
written to standard output, so libraries that do so write to standard error.
"""

import argparse
import gc
import json
import os
import sys
import time


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("system", choices=["torch", "jax", "onnx"])
    parser.add_argument("--threads", type=int, required=True)
    args = parser.parse_args()

    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    # Before a library that reads them is imported. Threads that spin after a call
    # would take the processor from whoever is timed next.
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(args.threads)
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    # JAX has as many threads as there are processors that it may use.
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-args.threads:])

    if args.system == "torch":
        import torch_system as system
    elif args.system == "jax":
        import jax_system as system
    else:
        import onnx_system as system
    name, forms = system.start(args.threads)
    answers.write(json.dumps({"name": name, "forms": forms}) + "\n")

    gc.disable()
    opened = {}
    for line in sys.stdin:
        ask = json.loads(line)
        try:
            if ask["do"] == "open":
                opened[ask["form"]] = system.open_row(ask)
                answer = {"ok": True}
            elif ask["do"] == "time":
                call = opened[ask["form"]]
                start = time.perf_counter()
                for _ in range(ask["n"]):
                    call()
                answer = {"seconds": time.perf_counter() - start}
            else:
                opened.clear()
                system.close_row()
                gc.collect()
                answer = {"ok": True}
        except Exception as error:  # whatever a library raises is its answer
            answer = {"error": f"{type(error).__name__}: {error}".split("\n")[0][:300]}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
