"""Zebra smoke.flows: `python -m smoke --base-url URL [--only health,login,dashboard,super_admin]`.

Prints one line for each test; exit 0 when all passed, 1 when one failed, 2 when there is no such test.
"""

import argparse
import os
import sys
import time

from smoke.client import Client, Failed
from smoke.flows import DEFAULT, TESTS


def main() -> int:
    arguments = parse()
    names = [name for name in arguments.only.split(",") if name]
    unknown = [name for name in names if name not in TESTS]
    if unknown or not names:
        print(f"no smoke test named {', '.join(unknown) or '(none given)'}; there are {', '.join(TESTS)}")
        return 2
    results = [passes(name, arguments) for name in names]
    return 0 if all(results) else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m smoke", description="Zebra smoke.flows")
    parser.add_argument("--base-url", required=True, help="the service under test, e.g. http://127.0.0.1:8000")
    parser.add_argument("--only", default=",".join(DEFAULT), help="names, with commas between (default: %(default)s)")
    parser.add_argument("--environment", default=os.environ.get("ENVIRONMENT"), help="what /health must say")
    parser.add_argument("--revision", default=os.environ.get("REVISION"), help="what /health must say")
    parser.add_argument("--user", default="ada@zebra.example")
    parser.add_argument("--admin", default="root@zebra.example")
    return parser.parse_args()


def passes(name: str, arguments: argparse.Namespace) -> bool:
    started = time.perf_counter()
    try:
        TESTS[name](Client(arguments.base_url.rstrip("/")), arguments)
    except Failed as failure:
        print(f"{name}: FAILED {failure}", flush=True)
        return False
    print(f"{name}: passed in {(time.perf_counter() - started) * 1000:.0f} ms", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
