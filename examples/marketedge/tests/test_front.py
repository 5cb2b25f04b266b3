import unittest

from web.app import market_table


class Front(unittest.TestCase):
    def test_shows_the_cheapest_price_of_each_market(self) -> None:
        prices = [{"seller": "Odeon", "price": 11.5}, {"seller": "HOME", "price": 9.95}]
        shown = market_table([{"name": "Cinemas", "city": "Manchester", "prices": prices}])
        self.assertIn("<td>HOME</td>", shown)
        self.assertIn("£9.95", shown)
        self.assertNotIn("Odeon", shown)
