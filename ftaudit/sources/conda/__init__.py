"""Locks and specifications of conda environments: one file a format."""
