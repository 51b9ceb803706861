-- What sentiment_check_integrity() finds. Each problem is made, told and undone.
SET client_min_messages = warning;

-- all is well
SELECT * FROM sentiment_check_integrity() WHERE severity <> 'info';

CREATE ROLE regress_intruder;
CREATE ROLE regress_group;
CREATE ROLE "regress Member" NOINHERIT IN ROLE regress_group;

-- who may create in schema sentiment: a role, its members, everybody
GRANT CREATE ON SCHEMA sentiment TO regress_group;
SELECT * FROM sentiment_check_integrity() WHERE severity <> 'info';
REVOKE CREATE ON SCHEMA sentiment FROM regress_group;
GRANT CREATE ON SCHEMA sentiment TO PUBLIC;
SELECT * FROM sentiment_check_integrity() WHERE severity <> 'info';
REVOKE CREATE ON SCHEMA sentiment FROM PUBLIC;

-- owners of what belongs to the extension, and who is a member of the schema's owner
ALTER SCHEMA sentiment OWNER TO regress_group;
ALTER FUNCTION sentiment.role_name(text, oid, bigint) OWNER TO regress_intruder;
ALTER TABLE sentiment.monitor OWNER TO regress_intruder;
SELECT check_name, severity, object, problem, replace(hint, 'OWNER TO ' || quote_ident(CURRENT_USER), 'OWNER TO (me)') AS hint
FROM sentiment_check_integrity() WHERE severity <> 'info';
ALTER SCHEMA sentiment OWNER TO CURRENT_USER;
ALTER FUNCTION sentiment.role_name(text, oid, bigint) OWNER TO CURRENT_USER;
ALTER TABLE sentiment.monitor OWNER TO CURRENT_USER;
SELECT * FROM sentiment_check_integrity() WHERE severity <> 'info';

-- objects of others in schema sentiment, with all that belongs to a table
BEGIN;
CREATE FUNCTION sentiment.gate(text, text) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
CREATE TABLE sentiment.intruder (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, words text[]);
CREATE VIEW sentiment.intruding_view AS SELECT 1 AS one;
CREATE TYPE sentiment.intruding_type AS ENUM ('a');
CREATE OPERATOR sentiment.= (LEFTARG = text, RIGHTARG = name, FUNCTION = texteqname);
ALTER DEFAULT PRIVILEGES IN SCHEMA sentiment GRANT SELECT ON TABLES TO regress_group;
SELECT * FROM sentiment_check_integrity() WHERE severity <> 'info';
ROLLBACK;

-- what a user's call may be taken by: overloads, operators and casts of the extension's types
BEGIN;
GRANT CREATE ON SCHEMA public TO regress_intruder;
SET ROLE regress_intruder;
CREATE FUNCTION public.sentiment_tokens(text) RETURNS text[] LANGUAGE sql AS 'SELECT NULL::text[]';
CREATE FUNCTION public.sentiment_of_my_own(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION public.vector_text(sentiment_vector, text) RETURNS text LANGUAGE sql AS 'SELECT $2';
CREATE OPERATOR public.|| (LEFTARG = sentiment_vector, RIGHTARG = text, FUNCTION = public.vector_text);
RESET ROLE;
CREATE CAST (sentiment_vector AS text) WITH INOUT AS IMPLICIT;
SELECT * FROM sentiment_check_integrity() WHERE severity <> 'info';
SELECT * FROM sentiment_check_integrity() WHERE severity = 'info' AND problem LIKE '%regress_intruder%';
-- everybody may ask
SET ROLE regress_group;
SELECT check_name, count(*) FROM sentiment_check_integrity() WHERE severity <> 'info' GROUP BY check_name ORDER BY check_name;
RESET ROLE;
ROLLBACK;

-- the same in a schema that this session's path has first, and not in one that it does not look into, or only later
BEGIN;
CREATE SCHEMA regress_first AUTHORIZATION regress_intruder;
SET ROLE regress_intruder;
CREATE FUNCTION regress_first.sentiment_predict(text) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
RESET ROLE;
SELECT * FROM sentiment_check_integrity() WHERE severity <> 'info';
SET LOCAL search_path = public, regress_first;
SELECT * FROM sentiment_check_integrity() WHERE severity <> 'info';
SET LOCAL search_path = regress_first, public;
SELECT * FROM sentiment_check_integrity() WHERE severity <> 'info';
SET LOCAL search_path = regress_first;
SELECT object, problem FROM public.sentiment_check_integrity() WHERE severity <> 'info';
ROLLBACK;

-- rows that refer to nothing, and numbers that would be given twice
BEGIN;
INSERT INTO sentiment.model_privilege (model_id, grantee, grantee_oid, grantee_cluster, privilege, granted_by) VALUES (-1, 'public', 0, 0, 'predict', 'nobody');
INSERT INTO sentiment.search_trial_error (search_id, trial, message, source_oid, source_cluster) VALUES (-1, 1, 'lost', 0, 0), (-1, 2, 'lost', 0, 0);
INSERT INTO sentiment.contract (contract_id, model, version, set_by, set_by_oid, set_by_cluster)
SELECT last_value + 10, 'lost', 1, 'nobody', 0, 0 FROM sentiment.contract_contract_id_seq;
SELECT check_name, severity, object, regexp_replace(problem, '[0-9]+', 'N', 'g') AS problem, hint FROM sentiment_check_integrity() WHERE severity <> 'info';
-- counts are for everybody, as they are of nobody's
SET ROLE regress_group;
SELECT * FROM sentiment.orphaned_rows();
RESET ROLE;
SELECT next_number = (SELECT max(contract_id) + 1 FROM sentiment.contract) AS goes_on FROM sentiment_after_failover() WHERE sequence = 'contract_contract_id_seq';
SELECT count(*) FROM sentiment.sequences_behind();
ROLLBACK;
SET ROLE regress_group;
\set VERBOSITY terse
SELECT count(*) FROM sentiment_after_failover();
\set VERBOSITY default
RESET ROLE;

DROP ROLE "regress Member", regress_group, regress_intruder;
