"""Who takes a call, and why: rule sets, the safety floor and the decision. Plain Python, no Django."""
