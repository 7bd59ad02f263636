"""From TMDB's published OpenAPI document to the committed client.

published document -> distil -> naming -> overlay -> document -> generate

Each step is a module and a pure function of its inputs; `cli` puts them in order.
"""
