"""Journeys with a way back: steps that are commands, each with its compensation."""
