"""The least that a server can do with a webhook: verify its signature, answer. It stores nothing."""

import hmac
import os

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECRET = os.environ["GATE_HOOK_GITHUB"].encode()


async def hook(request: Request) -> Response:
    body = await request.body()
    wanted = "sha256=" + hmac.digest(SECRET, body, "sha256").hex()
    right = hmac.compare_digest(wanted, request.headers.get("x-hub-signature-256", ""))
    return Response(status_code=202 if right else 401)


if __name__ == "__main__":
    application = Starlette(routes=[Route("/hooks/github", hook, methods=["POST"])])
    uvicorn.run(application, port=int(os.environ["GATE_PORT"]), log_level="warning", access_log=False)
