"""Entry point of ``python -m cachelint``."""

from cachelint.cli import main

raise SystemExit(main())
