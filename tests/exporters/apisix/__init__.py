"""The APISIX exporter: tables of models and the plugins that they become."""
