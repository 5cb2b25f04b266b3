"""The service that the benchmark deploys, by whatever means: it says which release it is, and misbehaves as told."""

import json
import os
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import JSONResponse

RELEASE = json.loads(Path(__file__).with_name("release.json").read_text())

if RELEASE["fault"] == "crash":
    raise RuntimeError("This release crashes when it is imported, on purpose.")

app = FastAPI()


@app.get("/health")
async def health() -> JSONResponse:
    healthy = RELEASE["fault"] != "health"
    body = {"status": "healthy" if healthy else "unhealthy", "environment": os.environ.get("ENVIRONMENT")}
    if revision := os.environ.get("REVISION"):
        body["revision"] = revision
    return JSONResponse(body, 200 if healthy else 500, {"x-revision": RELEASE["name"]})
