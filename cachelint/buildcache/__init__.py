"""A model of BuildKit's cache."""
