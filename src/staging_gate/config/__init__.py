"""gate.yaml: one annotated example, which is documentation and schema as well; reading it, and saying what is wrong."""

from staging_gate.config.example import example_text
from staging_gate.config.reader import YamlPolicyReader
from staging_gate.config.schema import json_schema

__all__ = ["YamlPolicyReader", "example_text", "json_schema"]
