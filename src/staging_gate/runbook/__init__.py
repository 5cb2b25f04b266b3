"""The procedures of the runbook: the only place where nouns meet. Start reading at deploy_staging.py."""
