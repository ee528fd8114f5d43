"""How the backend is set up and served."""
