from urllib.parse import parse_qs, urlsplit

from marketedge.provider import Provider
from tests import FRONT, WithBackend


class Login(WithBackend):
    def test_the_address_of_the_provider_names_the_audience(self) -> None:
        provider = Provider("http://provider.example/", "marketedge", "https://api.marketedge.example")
        url = urlsplit(provider.authorize_url("http://here/callback", "state", "nonce", "challenge"))
        query = parse_qs(url.query)
        self.assertEqual(query["audience"], ["https://api.marketedge.example"])
        self.assertEqual((query["code_challenge_method"], query["nonce"]), (["S256"], ["nonce"]))

    def test_lands_on_the_front_with_a_session(self) -> None:
        self.sign_in("ada@zebra.example")
        self.assertEqual(self.browser.get("/api/v1/auth/me").json()["name"], "Ada")
        self.browser.post("/api/v1/auth/logout")
        self.assertEqual(self.browser.get("/api/v1/auth/me").status_code, 401)

    def test_refuses_a_foreign_callback(self) -> None:
        asked = self.browser.get("/api/v1/auth/auth0-url", params={"redirect_uri": "http://evil.example/"})
        self.assertEqual(asked.status_code, 400)

    def test_refuses_an_answer_that_this_browser_did_not_ask_for(self) -> None:
        landed = self.browser.get("/api/v1/auth/callback", params={"code": "ada@zebra.example", "state": "guessed"})
        self.assertEqual(landed.status_code, 400)

    def test_the_front_may_call_with_the_session(self) -> None:
        asked = {"Origin": FRONT, "Access-Control-Request-Method": "GET"}
        answer = self.browser.options("/api/v1/auth/me", headers=asked)
        self.assertEqual(answer.headers.get("access-control-allow-origin"), FRONT)


class SuperAdmin(WithBackend):
    def test_is_closed_to_others(self) -> None:
        self.assertEqual(self.browser.get("/admin").status_code, 401)
        self.sign_in("ada@zebra.example", "reader")
        self.assertEqual(self.browser.get("/admin").status_code, 403)

    def test_shows_the_users(self) -> None:
        self.sign_in("root@zebra.example", "super_admin")
        self.assertIn("ada@zebra.example", self.browser.get("/admin").text)
        self.assertEqual(len(self.browser.get("/api/v1/admin/users").json()["users"]), 2)
