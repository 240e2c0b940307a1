"""The command line. Each command is a module of its own, loaded when it is called."""

from __future__ import annotations

import sys


def main() -> None:
    """Run `gal`.

    Exit codes: 0 clean; 1 findings at or above `--fail-on`; 2 bad usage or bad input.
    """
    if sys.argv[1:] in (["--version"], ["-V"]):
        # Answered before the command line is even built: scripts ask this often.
        from gal import __version__

        sys.stdout.write(f"gal {__version__}\n")
        return
    from gal.cli.group import run

    sys.exit(run(sys.argv[1:]))
