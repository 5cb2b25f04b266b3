"""Mail, chats, telephones: whatever Apprise reaches, by one address each."""

from staging_gate.adapters.apprise.notifier import AppriseNotifier, Settings, connect

__all__ = ["AppriseNotifier", "Settings", "connect"]
