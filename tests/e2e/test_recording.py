"""The README's picture is made from a run's own lines."""

from staging_gate.demo.recording import picture

RUN = """\
Database: SQLite
Watch:    http://127.0.0.1:1/login#sgt_secret
Procedure 1: a feature goes to staging
ok  1  The sample product is imported  (2.2 s)
       expected: something
       observed: policy of marketedge
NO  2  Ada pushes to staging directly  (0.7 s)
       expected: refused
       observed: it went through
failed requests        0
"""


def test_the_picture_shows_what_was_observed_and_no_token() -> None:
    svg = picture(RUN.splitlines()).replace("&#160;", " ")
    for shown in ("Procedure 1", "The sample product is imported", "policy of marketedge", "✗", "it went through"):
        assert shown in svg
    assert "expected" not in svg
    assert "sgt_secret" not in svg


def test_no_font_is_fetched_from_elsewhere() -> None:
    assert "font-face" not in picture(RUN.splitlines())
