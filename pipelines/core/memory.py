"""Tells errors that say that memory was short, whoever raises them: Python, OpenCV, torch, its libraries, drivers."""

_SIGNS = (
    "out of memory",  # CUDA, MPS
    "allocate memory",  # torch on a CPU, the system
    "not enough memory",  # torch on Windows
    "insufficient memory",  # OpenCV
    "bad_alloc",
    "bad allocation",
    "could not create a memory",  # oneDNN
    "could not create a primitive",
    "status_alloc_failed",  # cuBLAS, cuDNN
)


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error of Python or of a library says that memory was short; these have no common class."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(sign in text for sign in _SIGNS)
