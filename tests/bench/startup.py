"""The time of a cold start.

python tests/bench/startup.py [model ...]
"""

import sys

from processes import measure, tmpass_command


def main(models: list[str]) -> None:
    """Print the time of a bare interpreter, of `import tmpass`, and of `tmpass plan` for each model."""
    bare = measure([sys.executable, "-c", "pass"])
    package = measure([sys.executable, "-c", "import tmpass"])
    print(f"python -c pass           {bare}")
    print(f"python -c 'import tmpass' {package}; the import alone {1000 * (package.median - bare.median):.1f} ms")
    print(f"tmpass --help            {measure(tmpass_command('--help'))}")
    for model in models:
        print(f"tmpass plan {model.rsplit('/', 1)[-1]}  {measure(tmpass_command('plan', model))}")


if __name__ == "__main__":
    main(sys.argv[1:])
