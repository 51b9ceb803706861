/* src/extension/integrity.sql: what would let others' code or rows in, and rows that do not fit together, one arm a check */

CREATE FUNCTION sentiment.orphaned_rows()
RETURNS TABLE (relation pg_catalog.text, refers_to pg_catalog.text, rows pg_catalog.int8)
LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 1
AS 'MODULE_PATHNAME', 'sentiment_orphaned_rows';

COMMENT ON FUNCTION sentiment.orphaned_rows() IS
'tables of the extension with rows that refer to rows that are not there, and how many';

CREATE FUNCTION @extschema@.sentiment_check_integrity()
RETURNS TABLE (check_name pg_catalog.text, severity pg_catalog.text, object pg_catalog.text, problem pg_catalog.text, hint pg_catalog.text)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 10
BEGIN ATOMIC
WITH extension AS MATERIALIZED (
	SELECT e.oid, e.extowner AS owner, e.extnamespace AS schema
	FROM pg_catalog.pg_extension AS e
	WHERE e.extname OPERATOR(pg_catalog.=) 'sentiment'
), member AS MATERIALIZED (
	-- what belongs to the extension
	SELECT d.classid, d.objid
	FROM pg_catalog.pg_depend AS d
	JOIN extension AS e ON d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid OPERATOR(pg_catalog.=) e.oid
	WHERE d.deptype OPERATOR(pg_catalog.=) 'e'
), schema AS MATERIALIZED (
	-- the schema of the internals, and that of the functions for users if it is another
	SELECT n.oid, n.nspname AS name, n.nspowner AS owner, n.nspname OPERATOR(pg_catalog.=) 'sentiment' AS is_internal,
		COALESCE(n.nspacl, pg_catalog.acldefault('n', n.nspowner)) AS acl
	FROM pg_catalog.pg_namespace AS n
	WHERE n.nspname OPERATOR(pg_catalog.=) 'sentiment' OR n.oid OPERATOR(pg_catalog.=) ANY (SELECT e.schema FROM extension AS e)
), creator AS MATERIALIZED (
	-- who was granted to create in them; 0 is PUBLIC
	SELECT s.oid AS schema, s.name, s.owner, s.is_internal, a.grantee
	FROM schema AS s
	CROSS JOIN LATERAL pg_catalog.aclexplode(s.acl) AS a
	WHERE a.privilege_type OPERATOR(pg_catalog.=) 'CREATE' AND a.grantee OPERATOR(pg_catalog.<>) s.owner
), owned AS MATERIALIZED (
	-- the objects of the extension that have an owner
	SELECT m.classid, m.objid, COALESCE(p.proowner, c.relowner, t.typowner, n.nspowner, o.oprowner) AS owner
	FROM member AS m
	LEFT JOIN pg_catalog.pg_proc AS p ON m.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid OPERATOR(pg_catalog.=) m.objid
	LEFT JOIN pg_catalog.pg_class AS c ON m.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid OPERATOR(pg_catalog.=) m.objid
	LEFT JOIN pg_catalog.pg_type AS t ON m.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid OPERATOR(pg_catalog.=) m.objid
	LEFT JOIN pg_catalog.pg_namespace AS n
		ON m.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass AND n.oid OPERATOR(pg_catalog.=) m.objid
	LEFT JOIN pg_catalog.pg_operator AS o
		ON m.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_operator'::pg_catalog.regclass AND o.oid OPERATOR(pg_catalog.=) m.objid
	UNION
	SELECT 'pg_catalog.pg_namespace'::pg_catalog.regclass, s.oid, s.owner FROM schema AS s WHERE s.is_internal
), path AS MATERIALIZED (
	-- the schemas that this session looks into before that of the extension
	SELECT n.oid AS schema
	FROM pg_catalog.unnest(pg_catalog.current_schemas(true)) WITH ORDINALITY AS p (name, place)
	JOIN pg_catalog.pg_namespace AS n ON n.nspname OPERATOR(pg_catalog.=) p.name
	CROSS JOIN schema AS s
	WHERE n.oid OPERATOR(pg_catalog.<>) s.oid AND s.oid OPERATOR(pg_catalog.=) ANY (SELECT e.schema FROM extension AS e)
		AND p.place OPERATOR(pg_catalog.<)
			COALESCE(pg_catalog.array_position(pg_catalog.current_schemas(true), s.name), 2147483647)::pg_catalog.int8
), other AS MATERIALIZED (
	-- what others have made that the server may prefer to what the extension has, when a user calls it
	SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid AS classid, p.oid AS objid, p.proowner AS owner,
		'it has the name of a function of the extension' AS problem
	FROM pg_catalog.pg_proc AS p
	JOIN extension AS e ON p.pronamespace OPERATOR(pg_catalog.=) e.schema
	WHERE EXISTS (SELECT FROM pg_catalog.pg_proc AS own
				  JOIN member AS m ON m.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.objid OPERATOR(pg_catalog.=) own.oid
				  WHERE own.proname OPERATOR(pg_catalog.=) p.proname AND own.pronamespace OPERATOR(pg_catalog.=) p.pronamespace)
	UNION ALL
	SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid, p.oid, p.proowner,
		'it has the name of a function of the extension, and your search_path has its schema first'
	FROM path AS t
	JOIN pg_catalog.pg_proc AS p ON p.pronamespace OPERATOR(pg_catalog.=) t.schema
	WHERE EXISTS (SELECT FROM pg_catalog.pg_proc AS own
				  JOIN member AS m ON m.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.objid OPERATOR(pg_catalog.=) own.oid
				  JOIN extension AS e ON own.pronamespace OPERATOR(pg_catalog.=) e.schema
				  WHERE own.proname OPERATOR(pg_catalog.=) p.proname)
	UNION ALL
	SELECT 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid, o.oprowner, 'it is an operator of a type of the extension'
	FROM pg_catalog.pg_operator AS o
	WHERE EXISTS (SELECT FROM member AS m WHERE m.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass
				  AND (m.objid OPERATOR(pg_catalog.=) o.oprleft OR m.objid OPERATOR(pg_catalog.=) o.oprright))
	UNION ALL
	-- a cast has no owner: that of its function, or else of nobody
	SELECT 'pg_catalog.pg_cast'::pg_catalog.regclass, c.oid, (SELECT p.proowner FROM pg_catalog.pg_proc AS p WHERE p.oid OPERATOR(pg_catalog.=) c.castfunc),
		'it is a cast of a type of the extension'
	FROM pg_catalog.pg_cast AS c
	WHERE EXISTS (SELECT FROM member AS m WHERE m.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass
				  AND (m.objid OPERATOR(pg_catalog.=) c.castsource OR m.objid OPERATOR(pg_catalog.=) c.casttarget))
)
-- nobody else may create in schema sentiment: the library's own SQL trusts what it finds there
SELECT 'schema_create', 'error', 'schema sentiment', 'everybody may create objects in it',
	'REVOKE CREATE ON SCHEMA sentiment FROM PUBLIC;'
FROM creator AS c
WHERE c.is_internal AND c.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid
UNION ALL
SELECT 'schema_create', 'error', 'schema sentiment',
	pg_catalog.format('role %I may create objects in it', r.rolname)
		OPERATOR(pg_catalog.||) CASE WHEN r.oid OPERATOR(pg_catalog.=) c.grantee THEN ''
			ELSE pg_catalog.format(', as a member of %I', pg_catalog.pg_get_userbyid(c.grantee)) END,
	pg_catalog.format('REVOKE CREATE ON SCHEMA sentiment FROM %I;', pg_catalog.pg_get_userbyid(c.grantee))
FROM creator AS c
JOIN pg_catalog.pg_roles AS r ON NOT r.rolsuper AND r.oid OPERATOR(pg_catalog.<>) c.owner AND pg_catalog.pg_has_role(r.oid, c.grantee, 'MEMBER')
WHERE c.is_internal AND c.grantee OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
UNION ALL
SELECT 'schema_create', 'error', 'schema sentiment',
	pg_catalog.format('role %I may create objects in it, as a member of its owner %I', r.rolname, pg_catalog.pg_get_userbyid(s.owner)),
	pg_catalog.format('REVOKE %I FROM %I;', pg_catalog.pg_get_userbyid(s.owner), r.rolname)
FROM schema AS s
JOIN pg_catalog.pg_roles AS r ON NOT r.rolsuper AND r.oid OPERATOR(pg_catalog.<>) s.owner AND pg_catalog.pg_has_role(r.oid, s.owner, 'MEMBER')
WHERE s.is_internal
UNION ALL
-- the owner of an object may replace it
SELECT 'object_owner', 'error', i.type OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) i.identity,
	pg_catalog.format('it belongs to %I, who is neither a superuser nor the owner of the extension', r.rolname),
	pg_catalog.format('ALTER %s %s OWNER TO %I;', pg_catalog.upper(i.type), i.identity, pg_catalog.pg_get_userbyid(e.owner))
FROM owned AS o
JOIN extension AS e ON o.owner OPERATOR(pg_catalog.<>) e.owner
JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) o.owner AND NOT r.rolsuper
CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.classid, o.objid, 0) AS i
UNION ALL
-- whatever is in schema sentiment is trusted
SELECT 'foreign_object', 'error', i.type OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) i.identity,
	'it is in schema sentiment and does not belong to the extension', 'Drop it, or move it to another schema.'
FROM pg_catalog.pg_depend AS d
JOIN schema AS s ON s.is_internal AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass
	AND d.refobjid OPERATOR(pg_catalog.=) s.oid
CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) AS i
WHERE d.deptype OPERATOR(pg_catalog.=) 'n'
	-- default privileges and publications only name the schema, and the extension may be in it
	AND i.type OPERATOR(pg_catalog.<>) ALL ('{default acl,publication namespace,extension}'::pg_catalog.text[])
	AND NOT EXISTS (SELECT FROM member AS m WHERE m.classid OPERATOR(pg_catalog.=) d.classid AND m.objid OPERATOR(pg_catalog.=) d.objid)
UNION ALL
-- the library's own SQL does not choose these, a user's call may
SELECT CASE i.type WHEN 'cast' THEN 'foreign_cast' WHEN 'operator' THEN 'foreign_operator' ELSE 'overload' END, 'warning',
	i.type OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) i.identity,
	o.problem OPERATOR(pg_catalog.||) CASE WHEN o.owner IS NULL THEN ''
		ELSE pg_catalog.format(', and its code is that of %I', pg_catalog.pg_get_userbyid(o.owner)) END,
	pg_catalog.format('DROP %s %s;', pg_catalog.upper(i.type), i.identity)
FROM other AS o
CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.classid, o.objid, 0) AS i
WHERE NOT EXISTS (SELECT FROM member AS m WHERE m.classid OPERATOR(pg_catalog.=) o.classid AND m.objid OPERATOR(pg_catalog.=) o.objid)
UNION ALL
SELECT 'extension_schema_create', 'info', pg_catalog.format('schema %I', c.name),
	CASE WHEN c.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid THEN 'everybody'
		ELSE pg_catalog.format('role %I', pg_catalog.pg_get_userbyid(c.grantee)) END
		OPERATOR(pg_catalog.||) ' may create functions beside those of the extension, and a user''s call may choose them',
	pg_catalog.format('REVOKE CREATE ON SCHEMA %I FROM %s;', c.name,
		CASE WHEN c.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.grantee)) END)
FROM creator AS c
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) c.grantee
WHERE NOT c.is_internal AND NOT COALESCE(r.rolsuper, false)
UNION ALL
-- rows that refer to nothing: lost by a restore, or written by hand
SELECT 'orphaned_rows', 'error', 'table sentiment.' OPERATOR(pg_catalog.||) o.relation,
	pg_catalog.format('%s of its rows refer to rows of sentiment.%s that are not there', o.rows, o.refers_to),
	'Restore the rows of that table. If they are lost, these tell of nothing: a superuser may delete them.'
FROM sentiment.orphaned_rows() AS o
UNION ALL
-- numbers that are given twice: rows were replicated, or loaded without the sequences
SELECT 'sequence_behind', 'error', 'sequence sentiment.' OPERATOR(pg_catalog.||) s.sequence,
	pg_catalog.format('it would give the number %s, and rows have numbers up to %s', s.next_number, s.largest_number),
	pg_catalog.format('SELECT * FROM %I.sentiment_after_failover();', n.nspname)
FROM sentiment.sequences_behind() AS s
CROSS JOIN extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) e.schema
ORDER BY 1, 3, 4;
END;

COMMENT ON FUNCTION @extschema@.sentiment_check_integrity() IS
'what would let others'' code run in the place of the extension''s: who may create in its schemas, objects of others there; and what was lost of its own rows: those that refer to nothing, numbers that would be given twice. No row if all is well. Severity error: the library itself may run it; warning: a user''s call may; info: may become so';
