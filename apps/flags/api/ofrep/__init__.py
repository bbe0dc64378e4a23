"""OFREP 0.3, the remote evaluation protocol of OpenFeature: /ofrep/v1/evaluate/flags."""
