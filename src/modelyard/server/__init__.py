"""The service: REST, WebSocket and the locks on its doors."""
