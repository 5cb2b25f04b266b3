"""The read side: what faces show. Never writes."""
