"""Titles, merge messages and tag messages."""

from staging_gate.domain.change import Change


def release_title(tag: str, headline: str) -> str:
    return f"Release {tag} - {headline}"


def merge_message(change: Change) -> str:
    body = f"\n\n{change.description.strip()}" if change.description.strip() else ""
    return f"{change.title} (#{change.number}){body}\n"


def tag_message(title: str, notes: str, seq: int, head: str) -> str:
    """The head of the audit chain is an anchor outside of it: who rewrites the record must rewrite tags too."""
    return f"{title}\n\n{notes.strip()}\n\nGate-Audit: {seq} {head}\n"
