"""A named place where services run."""

from enum import StrEnum


class Environment(StrEnum):
    STAGING = "staging"
    PRODUCTION = "production"
