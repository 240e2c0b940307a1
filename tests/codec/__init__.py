"""GAL's YAML and the model."""
