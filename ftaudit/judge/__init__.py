"""Facts to verdicts: what an installer would pick, what applies where, what is open, what would clear it.

Everything here is pure: values in, values out.
"""
