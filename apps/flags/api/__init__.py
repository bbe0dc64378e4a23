"""Entry points over HTTP: the endpoints under /api/v1/flags/, OFREP under /ofrep/, and the client API of Unleash."""
