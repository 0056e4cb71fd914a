#!/bin/sh
# Run by PostgreSQL's image after roles.sql, when the database is new.
set -eu
psql -v ON_ERROR_STOP=1 --username postgres --dbname cso --file /run/secrets/roles_passwords
