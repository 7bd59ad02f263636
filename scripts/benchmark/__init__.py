"""How fast the client is: ratios against httpx, `json.loads`, the stock generator's output, and other clients.

Each candidate runs in a process of its own, and talks to one server in another. The driver asks them in turn to run a
number of calls, so that what else the machine does meets all of them, and takes medians.
"""
