"""Picture formats, one module each; `colorize_engine.files` is the way in."""
