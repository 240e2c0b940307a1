"""The Kong exporter: tables of models and the declarative file that they become."""
