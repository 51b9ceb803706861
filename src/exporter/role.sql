-- The role with which sentiment-exporter connects: it may ask models that were granted to it, and nothing else.
--
--	psql -X -v database=mydb -f role.sql mydb
--
-- Then give it a password or a line in pg_hba.conf, and grant models:
--	\password sentiment_exporter
--	SELECT sentiment_grant('my_reviews', 'sentiment_exporter', 'predict');
\set ON_ERROR_STOP on
SET search_path TO pg_catalog, pg_temp;

CREATE ROLE sentiment_exporter LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION CONNECTION LIMIT 32;
ALTER ROLE sentiment_exporter SET default_transaction_read_only = on;
ALTER ROLE sentiment_exporter SET statement_timeout = '10s';
ALTER ROLE sentiment_exporter SET idle_in_transaction_session_timeout = '10s';
GRANT CONNECT ON DATABASE :"database" TO sentiment_exporter;

-- the schema of the extension's functions, if it is not one that everybody may use
SELECT pg_catalog.format('GRANT USAGE ON SCHEMA %I TO sentiment_exporter', n.nspname)
FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname = 'sentiment' \gexec
