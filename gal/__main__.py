"""Run the command line as `python -m gal`."""

from __future__ import annotations

from gal.cli import main

if __name__ == "__main__":
    main()
