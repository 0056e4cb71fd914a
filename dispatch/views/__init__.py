"""Pages of dispatch: find, allow, parse, act, answer."""
