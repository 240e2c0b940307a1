"""The linter: what is wrong, or dangerous, in a gateway's configuration.

Rules live in `linters`, a file each. This package reads what is linted, runs the rules, decides
which findings are asked for, and writes them down.
"""
