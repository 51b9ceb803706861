/* src/extension/install.sql: what must be right before anything is made */

-- Names and operators of this script, and of the SQL bodies and views that are parsed in it, are the server's own or
-- qualified: what others have put into the extension's schema is not considered.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- A schema that somebody else made may hold anything: it is refused. An empty one of the installing
-- role's own (or the bootstrap superuser's, whose OID is 10), named by CREATE EXTENSION ... SCHEMA sentiment, is fine.
DO $$
BEGIN
	IF pg_catalog.current_setting('server_encoding') OPERATOR(pg_catalog.=) 'MULE_INTERNAL' THEN
		RAISE EXCEPTION 'sentiment does not support databases in the encoding MULE_INTERNAL'
			USING ERRCODE = 'feature_not_supported',
			HINT = 'Create the extension in a database in the encoding UTF8.';
	END IF;
	IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace AS n WHERE n.nspname OPERATOR(pg_catalog.=) 'sentiment') THEN
		CREATE SCHEMA sentiment;
		COMMENT ON SCHEMA sentiment IS 'tables of the extension sentiment: models, versions, deployments';
	ELSIF '@extschema@' OPERATOR(pg_catalog.<>) 'sentiment'
		OR EXISTS (SELECT 1 FROM pg_catalog.pg_namespace AS n
				   JOIN pg_catalog.pg_depend AS d ON d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass
					   AND d.refobjid OPERATOR(pg_catalog.=) n.oid
				   WHERE n.nspname OPERATOR(pg_catalog.=) 'sentiment'
					   AND d.classid OPERATOR(pg_catalog.<>) 'pg_catalog.pg_extension'::pg_catalog.regclass)
	THEN
		RAISE EXCEPTION 'schema "sentiment" already exists'
			USING ERRCODE = 'duplicate_schema',
			DETAIL = 'The extension keeps its tables in a schema of this name.',
			HINT = 'Rename or drop the existing schema, then create the extension again.';
	END IF;
	-- its owner could put functions into it later, or drop the tables
	IF EXISTS (SELECT 1 FROM pg_catalog.pg_namespace AS n
			   JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) n.nspowner
			   WHERE n.nspname OPERATOR(pg_catalog.=) 'sentiment'
				   AND r.rolname OPERATOR(pg_catalog.<>) CURRENT_USER
				   AND n.nspowner OPERATOR(pg_catalog.<>) 10)
	THEN
		RAISE EXCEPTION 'schema "sentiment" belongs to another role'
			USING ERRCODE = 'insufficient_privilege',
			DETAIL = 'The extension keeps its tables in a schema of this name, which must belong to the installing role or to the bootstrap superuser.',
			HINT = 'Drop the schema, or change its owner, then create the extension again.';
	END IF;
END
$$;

-- Functions that the library's own SQL calls are here under a name without "sentiment_": nobody else may create in this
-- schema, so that no overload can be preferred to them. Where users may have called one, it has its name in the
-- extension's schema too.
GRANT USAGE ON SCHEMA sentiment TO PUBLIC;
