"""`python -m tfmlp`."""

from tfmlp.cli.program import run

run()
