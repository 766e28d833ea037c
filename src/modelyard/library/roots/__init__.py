"""Where models lie: folders of one's own, and those that a ComfyUI reads, numbered as it numbers them."""
