"""The service's smoke test: `smoke.py URL PUBLIC`. Fails on the candidate or in public if the release says so."""

import json
import sys
from pathlib import Path

FAULT = json.loads(Path(__file__).with_name("release.json").read_text())["fault"]
ASKED, PUBLIC = (address.rstrip("/") for address in sys.argv[1:3])

if ("smoke in public" if ASKED == PUBLIC else "smoke") == FAULT:
    sys.exit(f"This release fails its smoke test at {ASKED}, on purpose.")
print("1 smoke test passed")
