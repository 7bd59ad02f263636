"""The version of the package, and the API release that it carries: written by scripts/regenerate."""

__version__ = "1.20260323.0"
API_RELEASE = "2026-03-23"
