"""Options of planning that a project keeps in a file: tmpass.toml, or [tool.tmpass] of pyproject.toml."""

TARGET_VARIABLE = "TMPASS_TARGET"
"""The variable of the environment that names the target."""
