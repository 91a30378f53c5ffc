"""Execution of TFLite models with LiteRT, as a whole or one operator at a time.

Value ── array ──> alone: an interpreter of a model with one operator ── array ──> Value
  ^                       constants and options: bytes of the file        │
  └── control: IF, WHILE, CALL ask for runs of their bodies <─────────────┘
      variables: handles, kept by name
"""
