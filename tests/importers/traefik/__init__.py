"""The Traefik importer."""
