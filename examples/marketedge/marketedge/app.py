"""The backend: `uvicorn marketedge.app:app`."""

import logging
import os

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, RedirectResponse

from marketedge import admin, auth, dashboard, health
from marketedge.database import connect
from marketedge.provider import Provider
from marketedge.settings import Settings, read_settings

log = logging.getLogger("marketedge")


def create(settings: Settings) -> FastAPI:
    # The pages of FastAPI's own documentation load scripts from elsewhere; the schema itself stays at /openapi.json.
    app = FastAPI(title="MarketEdge", docs_url=None, redoc_url=None)
    app.state.settings = settings
    app.state.database = connect(settings.database_url)
    app.state.provider = Provider(settings.issuer, settings.client_id, settings.audience)
    for part in (health, auth, dashboard, admin):
        app.include_router(part.router)
    app.add_api_route("/", lambda: RedirectResponse("/dashboard"), include_in_schema=False)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.allowed_origins,
        allow_methods=["GET", "POST"],
        allow_credentials=True,
    )
    app.add_exception_handler(Exception, _internal_error)
    return app


async def _internal_error(request: Request, error: Exception) -> JSONResponse:
    log.error("Unhandled exception in %s %s: %s", request.method, request.url.path, error)
    return JSONResponse({"detail": "Internal server error"}, status_code=500)


logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
app = create(read_settings(os.environ))
