from fastapi.testclient import TestClient

from marketedge.app import create
from marketedge.settings import read_settings
from tests import WithBackend


class Health(WithBackend):
    def test_names_what_is_running(self) -> None:
        answer = self.browser.get("/health")
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.json()["status"], "healthy")
        self.assertEqual((answer.json()["revision"], answer.json()["release"]), ("abc", "v1.0.0"))

    def test_a_database_without_tables_is_unhealthy(self) -> None:
        empty = create(read_settings({**self.environ, "DATABASE_URL": "sqlite://"}))
        answer = TestClient(empty).get("/health")
        self.assertEqual((answer.status_code, answer.json()["status"]), (503, "unhealthy"))
        self.assertIn("no such table", answer.json()["why"])
