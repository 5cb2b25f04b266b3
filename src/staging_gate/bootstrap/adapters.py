"""The explicit list: every adapter has its line here."""


