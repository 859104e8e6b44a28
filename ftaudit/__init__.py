"""ftaudit: can this Python stack run on a free-threaded interpreter with the GIL really off?"""

__version__ = "0.1.0"
