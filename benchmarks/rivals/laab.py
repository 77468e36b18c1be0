"""The 17 tests of the Linear Algebra Awareness Benchmark, as its scripts write
them for PyTorch and JAX: the operators are the same in both."""


def expressions(xp):
    """Functions of operands by name; xp is torch or jax.numpy."""

    def cm_loops(A, B, V):
        for i in range(3):
            ret = A @ B + xp.outer(V[i], V[i])
        return ret

    return {
        "mm_sgemm": lambda A, B: A.T @ B,
        "mm_trmm": lambda L, B: L @ B,
        "mm_syrk": lambda A: A @ A.T,
        "mm_tridiag": lambda T, B: T @ B,
        "cse_addition": lambda A, B: A.T @ B + A.T @ B,
        "cse_matmul_paranthesis": lambda A, B: (A.T @ B).T @ (A.T @ B),
        "cse_matmul_no_paranthesis": lambda A, B: (A.T @ B).T @ A.T @ B,
        "cse_suboptimal": lambda A, B, y: A.T @ B @ A.T @ B @ y,
        "matchain_rtol": lambda H, x: H.T @ H @ x,
        "matchain_ltor": lambda H, y: y.T @ H.T @ H,
        "matchain_mixed": lambda H, x, y: H.T @ y @ x.T @ H,
        "am_distributivity1": lambda A, B, C: A @ B + A @ C,
        "am_distributivity2": lambda A, H, x: (A - H.T @ H) @ x,
        "am_transpose": lambda A, B: B.T @ A @ A.T @ B,
        "cm_loops": cm_loops,
        "cm_partial_op_sum": lambda A, B: (A + B)[2, 2],
        "cm_partial_op_prod": lambda A, B: (A @ B)[2, 2],
    }
