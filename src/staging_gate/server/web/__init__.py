"""The pages: a board that follows what happens. Plain HTML, one style sheet, one small script."""

from pathlib import Path

from fastapi.staticfiles import StaticFiles

from staging_gate.server.web.pages import router

static = StaticFiles(directory=Path(__file__).parent / "static")

__all__ = ["router", "static"]
