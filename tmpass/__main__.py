"""The command `tmpass`, and `python -m tmpass`. Ctrl-C is seen to before the rest is imported."""

from tmpass.base import interrupts

interrupts.install()


def main() -> None:
    """Run the command line, and end the process: Python's own end takes long, and Ctrl-C would kill it there."""
    import os
    import sys
    from contextlib import suppress

    from tmpass.cli import main as run

    try:
        run()
    except SystemExit as end:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(end.code if isinstance(end.code, int) else 0 if end.code is None else 1)


if __name__ == "__main__":
    main()
