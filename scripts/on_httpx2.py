"""A pytest plugin that runs the suite on httpx2: `import httpx` and `import httpcore` give its successors."""

import httpx2

httpx2.alias_httpx()
