"""What the browser tests share."""

import os

# Where the browser is required, as in CI, nothing is left out to save time.
REQUIRED = os.environ.get("CHAINRULE_BROWSER") == "required"
THEMES = {"light": "default", "dark": "slate"}
