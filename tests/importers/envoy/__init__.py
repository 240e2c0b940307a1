"""Reading Envoy."""
