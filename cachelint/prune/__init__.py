"""The step that drops what a build must not reuse: which commands, in which words, in which place."""
