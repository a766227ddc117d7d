"""Tegoed: the desk of a collections department."""

__version__ = "0.1.0"
