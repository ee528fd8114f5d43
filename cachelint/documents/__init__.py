"""Readers of the languages that builds are written in: each turns a source file into a frozen tree with spans."""
