-- What the extension is made of: everything has a comment, and its marks are as they must be.

-- lines that do not depend on each other's width
\pset format unaligned

SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS without_comment
FROM pg_depend AS d
JOIN pg_extension AS e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
WHERE e.extname = 'sentiment' AND d.deptype = 'e'
	AND d.classid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_class'::regclass, 'pg_namespace'::regclass)
	AND obj_description(d.objid, d.classid::regclass::name) IS NULL
	-- array types, row types and sequences come with something that has one
	AND NOT EXISTS (SELECT FROM pg_type AS t WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid
					AND (t.typelem <> 0 OR t.typrelid <> 0))
	AND NOT EXISTS (SELECT FROM pg_class AS c WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid
					AND c.relkind NOT IN ('r', 'v'))
ORDER BY 1;

SELECT c.relname AS table, a.attname AS column_without_comment
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relnamespace = 'sentiment'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
	AND col_description(c.oid, a.attnum) IS NULL
ORDER BY 1, 2;

-- every view may be read by everybody: what it shows depends on the role
SELECT c.relname AS view_without_grant
FROM pg_class AS c
JOIN pg_depend AS d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
JOIN pg_extension AS e ON e.oid = d.refobjid
WHERE e.extname = 'sentiment' AND c.relkind = 'v' AND NOT has_table_privilege('pg_monitor', c.oid, 'SELECT')
ORDER BY 1;

-- volatility (i, s, v), strictness, parallel safety and sort of every function
SELECT p.oid::regprocedure AS function, p.provolatile AS volatile, p.proisstrict AS strict, p.proparallel AS parallel, p.prokind AS sort
FROM pg_proc AS p
JOIN pg_depend AS d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
JOIN pg_extension AS e ON e.oid = d.refobjid
WHERE e.extname = 'sentiment'
ORDER BY p.oid::regprocedure::text COLLATE "C";

-- no aggregate keeps an internal state
SELECT a.aggfnoid::regprocedure AS aggregate
FROM pg_aggregate AS a
JOIN pg_depend AS d ON d.objid = a.aggfnoid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
JOIN pg_extension AS e ON e.oid = d.refobjid
WHERE e.extname = 'sentiment' AND (a.aggtranstype = 'internal'::regtype OR a.aggcombinefn = 0);
