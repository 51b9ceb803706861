-- Run once by database-entrypoint, as the superuser postgres over the socket.
-- Passwords come from the environment, so that no command line shows them; nothing is logged of them.
\getenv superuser_password POSTGRES_PASSWORD
\getenv exporter_password SENTIMENT_EXPORTER_PASSWORD
\getenv database SENTIMENT_DATABASE
SET log_statement = 'none';
SET log_min_error_statement = 'panic';

ALTER ROLE postgres PASSWORD :'superuser_password';

CREATE DATABASE :"database";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;

\connect :"database"
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
CREATE EXTENSION pg_cron;
CREATE EXTENSION sentiment;

-- its role is the one that the exporter's documentation tells of
\ir exporter_role.sql
ALTER ROLE sentiment_exporter PASSWORD :'exporter_password';
