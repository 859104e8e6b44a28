"""A fixed sample of small wheels: every generator, both answers, each kind of free-threaded tag."""

from __future__ import annotations

SAMPLE = (
    ("yarl", "1.25.1", "cp314t", "Cython", "off"),
    ("yarl", "1.25.1", "cp315t", "Cython", "off"),
    ("httptools", "0.9.0", "cp314t", "Cython", "off"),
    ("jq", "1.13.0", "cp314t", "Cython", "on"),
    ("jq", "1.13.0", "cp315t", "Cython", "on"),
    ("pystemmer", "3.1.0", "cp314t", "Cython", "on"),
    ("jiter", "0.15.0", "cp313t", "PyO3", "off"),
    ("jiter", "0.19.0", "cp315t", "PyO3", "off"),
    ("rpds-py", "2026.9.1", "cp314t", "PyO3", "off"),
    ("bcrypt", "5.0.0", "cp314t", "PyO3", "off"),
    ("contourpy", "1.4.0", "cp314t", "pybind11", "off"),
    ("optree", "0.20.0", "cp315t", "pybind11", "off"),
    ("dm-tree", "0.1.10", "cp314t", "pybind11", "off"),
    ("pyopencl", "2026.1.4", "cp314t", "nanobind", "on"),
    ("cffi", "2.1.1", "cp314t", "cffi", "off"),
    ("tomli", "2.5.0", "cp314t", "mypyc", "off"),
    ("librt", "0.16.0", "cp315t", "mypyc", "off"),
    ("multidict", "6.7.1", "cp313t", "hand-written C/C++", "off"),
    ("multidict", "7.2.1", "cp315t", "hand-written C/C++", "off"),
    ("google-crc32c", "1.7.1", "cp313t", "hand-written C/C++", "on"),
    ("lru-dict", "1.4.1", "cp314t", "hand-written C/C++", "on"),
    ("lmdb", "1.8.1", "cp314t", "hand-written C/C++", "on"),
    ("pyodbc", "5.5.0", "cp315t", "hand-written C/C++", "on"),
    ("msgspec", "0.22.0", "cp314t", "hand-written C/C++", "off"),
    ("wrapt", "2.5.2", "cp315t", "hand-written C/C++", "off"),
    ("cryptography", "50.0.2", "abi3t", "cffi", "off"),  # the one that is not small: none with this tag is
)
"""Project, version, tag, what it was made with, and what all of its modules do on that interpreter."""
