"""Find Docker builds and deploys that silently run old code."""

__version__ = "0.1.0"
