"""The version, in one place; read by the package metadata, the manifest and About."""

__version__ = "0.1.0"
