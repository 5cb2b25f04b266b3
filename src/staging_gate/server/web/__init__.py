"""The pages: a board that follows what happens. Plain HTML, one style sheet, one small script."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.staticfiles import StaticFiles

from staging_gate.server.web import pages, subjects

router = APIRouter()
router.include_router(pages.router)
router.include_router(subjects.router)
static = StaticFiles(directory=Path(__file__).parent / "static")

__all__ = ["router", "static"]
