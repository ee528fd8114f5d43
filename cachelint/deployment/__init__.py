"""What scripts and workflows ask Docker for: the commands in their order, and the builds that they make."""
