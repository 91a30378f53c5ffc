"""What ONNX Runtime makes of a model, on inputs that are the same each time."""

import numpy as np

ELEMENTS = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(int8)": np.int8,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}


def session(data, options=None):
    """A session on one thread, so that sums are always taken in the same order."""
    import onnxruntime

    options = options or onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def some_inputs(runtime, bindings=None):
    """Input name -> drawn values; dimensions that are open get the number in `bindings`, else 1."""
    rng, drawn = np.random.default_rng(7), {}
    for given in runtime.get_inputs():
        shape = [
            dim if isinstance(dim, int) else (bindings or {}).get(dim, (bindings or {}).get(f"{given.name}:{axis}", 1))
            for axis, dim in enumerate(given.shape)
        ]
        values, kind = rng.normal(size=shape), ELEMENTS[given.type]
        drawn[given.name] = np.asarray(np.abs(values) if np.issubdtype(kind, np.integer) else values, kind)
    return drawn
