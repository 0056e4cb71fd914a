-- The four roles and what they may do. Run it once as a superuser, connected to the database of the console:
--
--     createdb cso && psql -d cso -v ON_ERROR_STOP=1 -f cso/roles.sql
--     psql -d cso -c "\password cso_owner" -c "\password cso_app" -c "\password cso_backup"
--
-- It may be run again at any time. `make run` and the tests run this same file.
--
-- cso_owner  owns the tables and runs the migrations (DATABASE_OWNER_URL)
-- cso_app    the site (DATABASE_URL): row-level security holds for it, whatever it does
-- cso_backup reads everything, across the walls, and writes nothing: backups only (DATABASE_BACKUP_URL). The site does
--            not know its password and refuses to start as a role like it
-- cso_doors  nobody signs in as it; it owns the few functions that look across agencies and return ids only

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['cso_owner', 'cso_app', 'cso_backup', 'cso_doors'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I', name);
        END IF;
    END LOOP;
END
$$;

ALTER ROLE cso_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
ALTER ROLE cso_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
ALTER ROLE cso_backup LOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE;
ALTER ROLE cso_doors NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
GRANT cso_doors TO cso_owner;

-- A frozen process of the site must not stop an agency.
ALTER ROLE cso_app SET lock_timeout = '2s';
ALTER ROLE cso_app SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE cso_app SET statement_timeout = '10s';
ALTER ROLE cso_backup SET default_transaction_read_only = on;

-- PostgreSQL's log holds no residents' words: of an error neither the statement nor the row, of a slow one no values.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['cso_owner', 'cso_app', 'cso_backup'] LOOP
        EXECUTE format('ALTER ROLE %I SET log_min_error_statement = panic', name);
        EXECUTE format('ALTER ROLE %I SET log_error_verbosity = terse', name);
        EXECUTE format('ALTER ROLE %I SET log_parameter_max_length = 0', name);
        EXECUTE format('ALTER ROLE %I SET log_parameter_max_length_on_error = 0', name);
    END LOOP;
END
$$;

DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I OWNER TO cso_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO cso_app, cso_backup', current_database());
END
$$;

ALTER SCHEMA public OWNER TO cso_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO cso_app, cso_backup;
GRANT USAGE, CREATE ON SCHEMA public TO cso_doors;  -- to own a function in a schema a role needs CREATE there

-- Migrations take away what a table that only grows must not allow.
ALTER DEFAULT PRIVILEGES FOR ROLE cso_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO cso_app;
ALTER DEFAULT PRIVILEGES FOR ROLE cso_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO cso_app;
ALTER DEFAULT PRIVILEGES FOR ROLE cso_owner IN SCHEMA public GRANT SELECT ON TABLES TO cso_backup;
ALTER DEFAULT PRIVILEGES FOR ROLE cso_owner IN SCHEMA public GRANT SELECT ON SEQUENCES TO cso_backup;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO cso_backup;  -- where there were tables before there was the role
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO cso_backup;
ALTER DEFAULT PRIVILEGES FOR ROLE cso_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE cso_owner IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO cso_app;
ALTER DEFAULT PRIVILEGES FOR ROLE cso_doors REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
