"""The Envoy exporter, by its parts."""
