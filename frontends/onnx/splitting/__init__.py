"""Splitting of ONNX models: the layers of operators, the file of a draft, and the content that a checker compares.

    bytes ── open_file ──> OpenedFile ──┬── layers.py, windows.py   how an operator can be cut: for rewrites
                                        ├── write_draft.py          the file of a draft
                                        └── content.py              what the model computes: for the checker

`content.py` shares nothing but the opened file with the other two.
"""
