"""`make run`: PostgreSQL and Valkey from their wheels, and the processes of the site, on one machine."""
