"""Pulling the configuration of running gateways."""
