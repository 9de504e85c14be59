"""The command ``colorize`` as ``python -m colorize_engine``."""

from colorize_engine.cli import main

if __name__ == "__main__":
    main()
