"""The embedded code host: a bare repository on this machine, and its address for clone, fetch and push."""

from staging_gate.adapters.git.bridge import GitBridge
from staging_gate.adapters.git.code_host import GitCodeHost
from staging_gate.adapters.git.mirror import GitMirror, Source
from staging_gate.adapters.git.program import check_installed
from staging_gate.adapters.git.requests import served_elsewhere

__all__ = ["GitBridge", "GitCodeHost", "GitMirror", "Source", "check_installed", "served_elsewhere"]
