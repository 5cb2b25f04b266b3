"""`./gate bench [NAME] [--json] [--quick]`: the benchmarks. Each compares with what it measures in the same run."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from importlib import import_module

from bench.figures import Figure, show

BENCHES = {
    "deploy": "merge to live, rollback, and what clients notice of it",
    "migrate": "the check of a migration on a million rows, beside the upgrade by hand",
    "decide": "decisions a second, and explain over years of work",
    "intake": "webhooks taken a second, and none lost",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="gate bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=BENCHES, help="; ".join(f"{k}: {v}" for k, v in BENCHES.items()))
    parser.add_argument("--json", action="store_true", help="one JSON object a line, as each figure is known")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: shows that it works, not how fast it is")
    order = parser.parse_args()
    os.umask(0o022)  # services run as another account and must be able to read what is made here
    figures = []
    for name in [order.name] if order.name else BENCHES:
        run: Callable[[bool], Iterator[Figure]] = import_module(f"bench.{name}").run
        for figure in run(order.quick):
            figures.append(figure)
            if order.json:
                print(figure.line(), flush=True)
    if not order.json:
        show(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
