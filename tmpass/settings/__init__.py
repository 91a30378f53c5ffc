"""Options of planning that a project keeps in a file: tmpass.toml, or [tool.tmpass] of pyproject.toml."""
