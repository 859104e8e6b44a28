"""``python -m ftaudit``."""

from ftaudit.cli import main

main()
