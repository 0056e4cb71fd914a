"""Real past calls of two cities, through intake and triage. They stay outside of the project: without them, no test."""
