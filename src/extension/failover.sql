/* src/extension/failover.sql: going on where another server has written the tables by logical replication */

CREATE FUNCTION sentiment.sequences_behind()
RETURNS TABLE (sequence pg_catalog.text, next_number pg_catalog.int8, largest_number pg_catalog.int8)
LANGUAGE C STABLE PARALLEL SAFE COST 10000 ROWS 8
AS 'MODULE_PATHNAME', 'sentiment_sequences_behind';

COMMENT ON FUNCTION sentiment.sequences_behind() IS
'sequences of the extension that would give a number that a row has already';

CREATE FUNCTION @extschema@.sentiment_after_failover()
RETURNS TABLE (sequence pg_catalog.text, next_number pg_catalog.int8)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 8
AS 'MODULE_PATHNAME', 'sentiment_after_failover';

COMMENT ON FUNCTION @extschema@.sentiment_after_failover() IS
'on a server that was a subscriber of the extension''s tables, and takes over: let the sequences go on after the rows that were replicated. For superusers and the tables'' owner';
