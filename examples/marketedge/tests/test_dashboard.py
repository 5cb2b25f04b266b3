from tests import WithBackend


class Dashboard(WithBackend):
    def test_shows_markets_by_name_with_the_cheapest_price_first(self) -> None:
        markets = self.browser.get("/api/v1/dashboard").json()["markets"]
        self.assertEqual([market["name"] for market in markets], ["Cinemas", "Climbing halls", "Hotels"])
        cinemas = [(price["seller"], price["price"]) for price in markets[0]["prices"]]
        self.assertEqual(cinemas, [("HOME", 9.95), ("Printworks", 11.5), ("Odeon", 13.99)])

    def test_the_page_shows_them_too_and_the_release(self) -> None:
        page = self.browser.get("/dashboard").text
        for text in ("Climbing halls", "£9.95", "v1.0.0"):
            self.assertIn(text, page)

    def test_the_price_list_is_flat(self) -> None:
        self.assertEqual(len(self.browser.get("/api/v1/prices").json()), 8)
