"""`python -m wirelock`."""

import sys

from wirelock.cli import main

sys.exit(main())
