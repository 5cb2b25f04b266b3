"""Whether somebody tampered with the record: its chain, and what the release tags remember of it."""

from staging_gate.domain.audit import ChainReport, parse_anchor, verify_chain
from staging_gate.ports import Ports


def verify(ports: Ports) -> ChainReport:
    """Every hash, against every release tag of ours. A tag of another installation's record says nothing of this one;
    `differences` shows tags that our record does not know."""
    tags = ports.code_host.tags()
    with ports.store.reading() as tx:
        ours = [tags[release.tag] for release in tx.releases.all() if release.tag in tags]
        anchors = (parse_anchor(f"the tag {tag.name}", tag.message) for tag in ours)
        return verify_chain(tx.audit_log.entries(), [anchor for anchor in anchors if anchor is not None])
