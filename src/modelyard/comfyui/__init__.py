"""Modelyard inside ComfyUI: the folder that is laid into `custom_nodes`, and what puts it there."""
