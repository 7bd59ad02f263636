"""Whose credential a request carries, and how to get it."""
