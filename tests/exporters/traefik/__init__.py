"""The Traefik exporter, by tables of GAL's YAML and what comes of it."""
