"""Every procedure of the runbook: importing it hands it to the engine."""

from staging_gate.runbook import (
    checking,
    deploy_staging,
    hotfixing,
    merging,
    proving_way_back,
    release_production,
    releasing,
    roll_back,
)

ALL = (checking, deploy_staging, hotfixing, merging, proving_way_back, release_production, releasing, roll_back)
