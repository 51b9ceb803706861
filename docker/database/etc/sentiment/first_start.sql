-- Run once by database-entrypoint, as the superuser postgres over the socket.
-- Passwords come from the environment, so that no command line shows them; nothing is logged of them.
\getenv superuser_password POSTGRES_PASSWORD
\getenv exporter_password SENTIMENT_EXPORTER_PASSWORD
\getenv database SENTIMENT_DATABASE
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
ALTER ROLE postgres PASSWORD :'superuser_password';

-- The exporter's role may do nothing but ask models that it was granted and read their figures.
CREATE ROLE sentiment_exporter LOGIN PASSWORD :'exporter_password'
	NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT CONNECTION LIMIT 50;

CREATE DATABASE :"database";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO sentiment_exporter;
REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;

\connect :"database"
CREATE EXTENSION pg_cron;
CREATE EXTENSION sentiment;
