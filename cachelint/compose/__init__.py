"""Whole Compose projects: which files form one, and what their services are once Compose has put them together."""
