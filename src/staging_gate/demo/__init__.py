"""`gate demo`: the runbook on the sample product, by the public CLI and API only."""
