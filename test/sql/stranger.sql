-- Every function of the extension, called by a role without any right to a model: it raises an error, or answers what it would
-- answer if there were no such model. The functions are those of pg_proc, so that one more is called here by itself.

SET client_min_messages = error;
SET sentiment.default_model = '';

CREATE ROLE regress_stranger_owner;
CREATE ROLE regress_stranger;
CREATE SCHEMA stranger_schema;
GRANT ALL ON SCHEMA stranger_schema TO regress_stranger_owner;
GRANT USAGE, CREATE ON SCHEMA stranger_schema TO regress_stranger;

-- The model's texts, labels, columns, source and settings have names that are nowhere else: what tells of it holds one of them.
SET ROLE regress_stranger_owner;
CREATE TABLE stranger_schema.markedrows AS
SELECT (ARRAY['markedgood', 'markedbad'])[1 + i % 2] || ' book ' || i AS markedtext, (ARRAY['markedpos', 'markedneg'])[1 + i % 2] AS markedlabel,
	i % 7 AS markednumber
FROM generate_series(1, 200) AS i;
SELECT version FROM sentiment_train('markedname', 'stranger_schema.markedrows', 'markedtext', 'markedlabel', numeric_columns => '{markednumber}');
SELECT version FROM sentiment_train('markedname', 'stranger_schema.markedrows', 'markedtext', 'markedlabel', deploy => 'never');
SELECT sentiment_set_description('markedname', 'markeddescription');
SELECT sentiment_set_gate('markedname', '{"min_f1": 0.0123}');
SELECT sentiment_set_contract('markedname', '{"labels": ["markedpos", "markedneg"]}');
SELECT count(*) > 0 AS validated FROM sentiment_validate('markedname', 'stranger_schema.markedrows', store => true);
SELECT sentiment_monitor('markedname', 'stranger_schema.markedrows', text_column => 'markedtext', label_column => 'markedlabel');
SELECT count(*) > 0 AS checked FROM sentiment_check_drift('markedname', 'stranger_schema.markedrows', text_column => 'markedtext');
SELECT sentiment_promote('markedname', 2, 'staging', 'markedreason');
RESET ROLE;
CREATE TABLE stranger_schema.open_rows AS SELECT 'a text ' || i AS text, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END AS label FROM generate_series(1, 50) AS i;
GRANT SELECT ON stranger_schema.open_rows TO PUBLIC;

-- the value that an argument gets: by its name, else by its type; {model} and {id} are put in later
CREATE TABLE stranger_schema.argument (name text, type text, value text);
INSERT INTO stranger_schema.argument VALUES
	('model', 'text', '''{model}'''), ('version', 'integer', '1'), ('model_id', 'bigint', '{id}'), ('source', 'regclass', '''stranger_schema.open_rows'''),
	('container', 'bytea', '''\x00'''), ('traffic', 'jsonb', '''{"1": 0.5, "2": 0.5}'''), ('gate', 'jsonb', '''{"min_f1": 0.5}'''),
	('contract', 'jsonb', '''{"min_rows": 1}'''), ('role', 'text', '''regress_stranger'''), ('privilege', 'text', '''predict'''),
	('new_owner', 'name', '''regress_stranger'''), ('kinds', 'text[]', '''{logistic_regression}'''), ('task', 'text', '''retrain'''),
	('schedule', 'text', '''0 3 * * *'''), ('features', 'jsonb', 'NULL'), ('params', 'jsonb', '''{}'''), ('label', 'text', '''markedpos'''),
	('traffic_share', 'double precision', '0.1'), ('kind', 'text', '''shift'''), ('holdout', 'double precision', '1'),
	(NULL, 'text', '''{model}'''), (NULL, 'integer', '1'), (NULL, 'bigint', '{id}'), (NULL, 'double precision', '0.5'), (NULL, 'numeric', '1'),
	(NULL, 'boolean', 'true'), (NULL, 'jsonb', '''{}'''), (NULL, 'jsonb[]', '''{}'''), (NULL, 'text[]', '''{a text}'''),
	(NULL, 'double precision[]', '''{1}'''), (NULL, 'regclass', '''stranger_schema.open_rows'''), (NULL, 'name', '''text'''), (NULL, 'name[]', '''{}'''),
	(NULL, 'interval', '''1 day'''), (NULL, 'timestamp with time zone', 'clock_timestamp()'), (NULL, 'oid', '0'), (NULL, 'bytea', '''\x00'''),
	(NULL, 'cstring', '''a''');

-- every function and aggregate, with a call; those that take internal values cannot be called in SQL, nor can a trigger
CREATE VIEW stranger_schema.call AS
SELECT p.oid::regprocedure::text AS function, p.provolatile,
	format('SELECT pg_catalog.array_agg(r::pg_catalog.text) FROM (SELECT * FROM %s) AS r',
		CASE WHEN p.prokind = 'a' THEN format('(SELECT %s(%s)) AS a', p.oid::regproc, a.values) ELSE format('%s(%s)', p.oid::regproc, a.values) END) AS statement
FROM pg_proc AS p
JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'sentiment'
CROSS JOIN LATERAL (
	SELECT string_agg(CASE WHEN p.proargnames[i] <> '' AND p.prokind = 'f' THEN quote_ident(p.proargnames[i]) || ' => ' ELSE '' END
		|| coalesce((SELECT v.value FROM stranger_schema.argument AS v WHERE v.type = format_type(t, NULL) AND (v.name = p.proargnames[i] OR v.name IS NULL)
			ORDER BY v.name NULLS LAST LIMIT 1), 'NULL') || '::' || format_type(t, NULL), ', ' ORDER BY i) AS values
	FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS u(t, i)
	WHERE i <= p.pronargs - p.pronargdefaults OR p.proargnames[i] IN ('model', 'version')) AS a
WHERE NOT 'internal'::regtype = ANY (p.proargtypes) AND p.prorettype <> 'trigger'::regtype;

-- all that is stored
CREATE FUNCTION stranger_schema.state() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	relation regclass;
	part text;
	answer text := '';
BEGIN
	FOR relation IN SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = 'sentiment'::regnamespace AND c.relkind = 'r' ORDER BY c.relname LOOP
		EXECUTE format('SELECT md5(string_agg(r::text, '','' ORDER BY r::text)) FROM %s AS r', relation) INTO part;
		answer := answer || relation || ' ' || coalesce(part, '') || E'\n';
	END LOOP;
	RETURN answer;
END $$;

-- Run a statement as a role, and undo it: what it answers, which error it raises, whether what is stored is another. What names
-- the model or a time is left out.
CREATE FUNCTION stranger_schema.run(statement text, role text, model text, id int8, OUT answer text, OUT raised bool, OUT changed bool)
LANGUAGE plpgsql AS $$
DECLARE
	before text := stranger_schema.state();
	message text;
	detail text;
	hint text;
BEGIN
	raised := false;
	BEGIN
		PERFORM set_config('role', role, true);
		EXECUTE replace(replace(statement, '{model}', model), '{id}', id::text) INTO answer;
		PERFORM set_config('role', 'none', true);
		changed := stranger_schema.state() <> before;
		RAISE EXCEPTION SQLSTATE 'UNDO1';
	EXCEPTION
		WHEN SQLSTATE 'UNDO1' THEN
		WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
			raised := true;
			answer := concat_ws(' ', SQLSTATE, message, detail, hint);
	END;
	answer := regexp_replace(replace(coalesce(answer, ''), model, '{model}'), '\d\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d[^",)]*', 'TIME', 'g');
END $$;

CREATE TABLE stranger_schema.result AS
SELECT c.function, c.provolatile, s.answer, s.raised, s.changed, n.answer AS answer_without_model, o.answer AS answer_of_owner, o.raised AS owner_raised
FROM stranger_schema.call AS c
CROSS JOIN (SELECT model_id FROM sentiment.model WHERE name = 'markedname') AS m
CROSS JOIN LATERAL stranger_schema.run(c.statement, 'regress_stranger', 'markedname', m.model_id) AS s
CROSS JOIN LATERAL stranger_schema.run(c.statement, 'regress_stranger', 'nosuchname', 0) AS n
CROSS JOIN LATERAL stranger_schema.run(c.statement, 'regress_stranger_owner', 'markedname', m.model_id) AS o;

-- none tells of the model, neither in an answer nor in an error, and none changes anything; what is not immutable answers as it
-- would without the model
SELECT function, answer FROM stranger_schema.result WHERE answer ~* 'marked|0\.0123';
SELECT function, answer FROM stranger_schema.result WHERE changed;
SELECT function, left(answer, 200) AS answer, left(answer_without_model, 200) AS answer_without_model FROM stranger_schema.result
WHERE NOT raised AND provolatile <> 'i' AND answer <> answer_without_model ORDER BY 1;
-- it would be noticed: these tell the owner; and these, with such arguments, refuse the owner too
SELECT function FROM stranger_schema.result WHERE answer_of_owner ~* 'marked|0\.0123' ORDER BY function COLLATE "C";
SELECT function, left(answer_of_owner, 5) AS sqlstate FROM stranger_schema.result WHERE owner_raised AND provolatile <> 'i' ORDER BY function COLLATE "C";
-- who is refused where the owner is not
SELECT function FROM stranger_schema.result WHERE raised AND NOT owner_raised ORDER BY function COLLATE "C";

-- the same of the tables and views: no row that tells of the model
CREATE FUNCTION stranger_schema.marked_rows(relation regclass, role text, OUT visible int8) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('role', role, true);
	EXECUTE format('SELECT count(*) FROM %s AS r WHERE r::text ~* ''marked''', relation) INTO visible;
	PERFORM set_config('role', 'none', true);
-- without the library preloaded there are no statistics to be seen
EXCEPTION WHEN insufficient_privilege OR object_not_in_prerequisite_state THEN
	visible := NULL;
END $$;
CREATE TABLE stranger_schema.relation AS
SELECT c.oid::regclass AS relation, s.visible, o.visible AS visible_to_owner
FROM pg_class AS c
JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'sentiment'
CROSS JOIN LATERAL stranger_schema.marked_rows(c.oid, 'regress_stranger') AS s
CROSS JOIN LATERAL stranger_schema.marked_rows(c.oid, 'regress_stranger_owner') AS o
WHERE c.relkind IN ('r', 'v', 'm', 'p');
SELECT relation, visible FROM stranger_schema.relation WHERE visible > 0;
SELECT relation FROM stranger_schema.relation WHERE visible_to_owner > 0 ORDER BY relation::text COLLATE "C";

SELECT sentiment_drop_model('markedname');
DROP SCHEMA stranger_schema CASCADE;
DELETE FROM sentiment.contract;
DROP OWNED BY regress_stranger_owner, regress_stranger;
DROP ROLE regress_stranger_owner, regress_stranger;
