"""Inputs that are broken or hostile, a row each, followed through to every output."""
