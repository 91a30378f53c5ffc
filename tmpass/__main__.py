"""`python -m tmpass`."""

from tmpass.cli import main

if __name__ == "__main__":
    main()
