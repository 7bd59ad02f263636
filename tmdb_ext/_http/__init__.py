"""How a request travels. Nothing here knows a credential: what a request carries is put on at the wire."""
