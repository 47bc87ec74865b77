"""`python -m evaluator` is the command `activenic`."""

import sys

from evaluator.cli.main import main

sys.exit(main())
