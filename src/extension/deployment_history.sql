/* src/extension/deployment_history.sql: the history is only added to, and tells what answered when */

CREATE FUNCTION sentiment.refuse_change_of_history()
RETURNS pg_catalog.trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE EXCEPTION 'rows of sentiment.deployment_history are only added'
		USING ERRCODE = 'object_not_in_prerequisite_state',
		DETAIL = 'The history tells which version answered when, and stays when a model is dropped.';
END
$$;

COMMENT ON FUNCTION sentiment.refuse_change_of_history() IS 'trigger: keeps the history as it was written';

-- who the owner of a model is may change, and with it who sees the history
CREATE TRIGGER only_added BEFORE UPDATE OF history_id, model_id, model, action, version, previous_version, traffic, previous_traffic,
	rolls_back_to, forced, reason, done_by, done_by_oid, done_by_cluster, done_at, stage, shadow OR DELETE OR TRUNCATE
	ON sentiment.deployment_history FOR EACH STATEMENT EXECUTE FUNCTION sentiment.refuse_change_of_history();

COMMENT ON TRIGGER only_added ON sentiment.deployment_history IS 'keeps the history as it was written';

CREATE FUNCTION @extschema@.sentiment_deployed_at(model pg_catalog.text, at pg_catalog.timestamptz)
RETURNS TABLE (version pg_catalog.int4, share pg_catalog.float8, since pg_catalog.timestamptz, action pg_catalog.text,
			   reason pg_catalog.text, done_by pg_catalog.text)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 2;

COMMENT ON FUNCTION @extschema@.sentiment_deployed_at(pg_catalog.text, pg_catalog.timestamptz) IS
'the versions of a model that answered at a time, since when, who put them there and why; of dropped models too';
