"""The APISIX importer."""
