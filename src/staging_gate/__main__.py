"""`python -m staging_gate` is `gate`."""

from staging_gate.cli import main

main()
