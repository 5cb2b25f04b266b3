"""The super admin panel: who uses the product."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine, select

from common.page import page, table
from marketedge.sessions import super_admin
from marketedge.tables import users

router = APIRouter(dependencies=[Depends(super_admin)])


@router.get("/api/v1/admin/users")
def list_users(request: Request) -> dict[str, Any]:
    return {"users": all_users(request.app.state.database)}


@router.get("/admin", response_class=HTMLResponse)
def admin_page(request: Request) -> str:
    rows = [(user["name"], user["email"], user["role"]) for user in all_users(request.app.state.database)]
    return page("Super admin panel", table(("Name", "Email", "Role"), rows), request.app.state.settings.running)


def all_users(database: Engine) -> list[dict[str, str]]:
    query = select(users.c.email, users.c.name, users.c.role).order_by(users.c.name)
    with database.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
