"""`python -m tfmlp`."""

from tfmlp.cli.main import main

main(prog_name="tfmlp")
