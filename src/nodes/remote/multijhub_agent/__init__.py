"""What the router may ask of a node. Python >= 3.9, standard library only; runs as root, or through sudo."""

PROTOCOL = 1
VERSION = "0.1.0"
