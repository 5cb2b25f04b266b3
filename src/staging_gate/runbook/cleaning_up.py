"""What was killed leaves something behind. It is removed at the start, and looked for now and then."""

from staging_gate.ports import Ports


def after_checks(ports: Ports) -> None:
    """Folders of checks, and the databases that migrations were tried on."""
    ports.checks.clean_up()
