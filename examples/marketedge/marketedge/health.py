"""/health: whether this process can do its work, and which release it is."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from marketedge.database import schema_revision

router = APIRouter()


@router.get("/health")
def health(request: Request) -> JSONResponse:
    settings, database = request.app.state.settings, request.app.state.database
    try:
        problem = None if schema_revision(database) else "database: no migration has been run"
    except SQLAlchemyError as error:
        problem = f"database: {str(error).splitlines()[0]}"
    if problem:
        return JSONResponse({"status": "unhealthy", **settings.running.as_dict(), "why": problem}, status_code=503)
    return JSONResponse({"status": "healthy", **settings.running.as_dict()})
