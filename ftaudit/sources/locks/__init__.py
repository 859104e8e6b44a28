"""The lockfiles of projects: one file a format."""
