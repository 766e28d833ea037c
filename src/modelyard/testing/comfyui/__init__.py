"""A stand-in for ComfyUI: its real front end, and of its server what an extension meets."""
