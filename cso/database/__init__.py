"""Django's PostgreSQL backend with connections that requests share, as `ENGINE` names it."""
