"""Real servers for the black-box tests, from .cache/components (tools/install_components.sh), and small stand-ins for what
has none. Each listens on 127.0.0.1 on a port of its own and ends with its test."""
