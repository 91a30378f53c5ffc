"""Execution of ONNX models with ONNX Runtime, as a whole or one node at a time.

Value ── ort_values ──> OrtValue ── nodes ──> a session with a single node ──> OrtValue ──> Value
  ^                        constants: stored in the file, or folded                   │
  └──────────────── control: If, Loop and Scan ask for runs of their bodies <─────────┘
"""
