"""Frozen values that every part speaks. Nothing here reads a file, a clock or the environment."""
